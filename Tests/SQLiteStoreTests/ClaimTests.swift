import Foundation
import GRDB
import RelayCore
import SQLiteStore
import Synchronization
import Testing

@Suite("Claiming in SQLite")
struct ClaimTests {
    @Test("Installations take turns: a crowded one leaves the others their share")
    func fairness() async throws {
        let directory = try Directory()
        let store = try open(directory)
        for id in ["crowded", "quiet-1", "quiet-2"] as [InstallationID] { try await store.save(sample(id), now: start) }
        for number in 0..<30 {
            _ = try store.accept(message("hi", from: ChannelUserID("user \(number)"), to: "crowded"))
        }
        for number in 0..<4 {
            _ = try store.accept(message("hi", from: ChannelUserID("user \(number)"), to: "quiet-1"))
            _ = try store.accept(message("hi", from: ChannelUserID("user \(number)"), to: "quiet-2"))
        }
        func claim(_ limit: Int) async throws -> [String] {
            try await store.claim(by: "w", limit: limit, lease: .seconds(60), now: start)
                .map(\.delivery.installation.rawValue)
        }
        #expect(try await claim(6).sorted() == ["crowded", "crowded", "quiet-1", "quiet-1", "quiet-2", "quiet-2"])
        // One at a time, each has its turn.
        var turns: [String] = []
        for _ in 0..<6 { turns += try await claim(1) }
        #expect(turns.sorted() == ["crowded", "crowded", "quiet-1", "quiet-1", "quiet-2", "quiet-2"])
        // What the others don't need is the crowded one's.
        #expect(try await claim(20) == Array(repeating: "crowded", count: 20))
        store.close()
    }

    @Test("A delivery whose payload can't be read is listed and claimed without it")
    func brokenPayload() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        _ = try store.accept(message("one"))
        _ = try store.accept(message("two", from: "bert"))
        try inFile(of: directory) {
            try $0.execute(sql: "UPDATE outbox SET payload = X'7B00FF' WHERE id = 1")
        }
        #expect(try await store.deliveries(DeliveryFilter()).map { $0.payload == nil } == [false, true])
        let claims = try await store.claim(by: "w", limit: 9, lease: .seconds(60), now: start)
        #expect(claims.map { $0.delivery.payload == nil }.sorted { $0 && !$1 } == [true, false])
        store.close()
    }

    @Test(
        "Whatever is done at once and however it ends, each is made once and in order", .timeLimit(.minutes(5)),
        arguments: [1, 2, 3] as [UInt64])
    func everythingAtOnce(seed: UInt64) async throws {
        let directory = try Directory()
        var stores: [SQLiteStore] = []
        for _ in 0..<4 { stores.append(try open(directory) { $0.patience = .seconds(600) }) }
        try await stores[0].save(sample(), now: start)
        let contacts = 12
        let perContact = 15
        let record = Record()

        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, store) in stores.enumerated() {
                group.addTask {
                    try await onThread {
                        var random = SeededGenerator(state: seed &* 100 &+ UInt64(number))
                        // Each store tells every event, so each of them arrives four times.
                        for round in 0..<perContact {
                            for contact in (0..<contacts).shuffled(using: &random) {
                                _ = try store.accept(message("\(round)", from: ChannelUserID("user \(contact)")))
                            }
                        }
                    }
                }
                for task in 0..<4 {
                    group.addTask {
                        var random = SeededGenerator(state: seed &* 1000 &+ UInt64(number * 10 + task))
                        let worker = try await store.enlist(now: start)
                        while record.count < contacts * perContact {
                            try await work(store, worker, record, &random)
                            await Task.yield()
                        }
                        try await store.retire(worker, now: start)
                    }
                }
            }
            try await group.waitForAll()
        }
        for contact in 0..<contacts {
            #expect(record.made[ChannelUserID("user \(contact)")] == (0..<perContact).map(String.init))
        }
        let counts = try await stores[0].counts(of: nil)
        #expect(counts.delivered == contacts * perContact && counts.waiting == 0)
        for store in stores { store.close() }
        let (integrity, lanes, open) = try inFile(of: directory) { db in
            (
                try String.fetchOne(db, sql: "PRAGMA integrity_check"),
                try Int.fetchOne(db, sql: "SELECT count(*) FROM lanes"),
                try Int.fetchOne(db, sql: "SELECT count(*) FROM attempts WHERE outcome IS NULL")
            )
        }
        #expect(integrity == "ok" && lanes == 0 && open == 0)
    }

    /// One round of a worker: claims, and lets each claim succeed, fail, or be given back.
    private func work(
        _ store: SQLiteStore, _ worker: WorkerID, _ record: Record, _ random: inout SeededGenerator
    ) async throws {
        var claims = try await store.claim(by: worker, limit: 3, lease: .seconds(3600), now: start)
        let failure = DeliveryFailure(
            .retry(after: nil), isCertain: Bool.random(using: &random), reason: "random", detail: "")
        while let claim = claims.popLast() {
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                try await store.retry(
                    claim, after: failure, at: start, counting: true, wakesOnContact: false, now: start)
            case 1:
                try await store.release(claim, now: start)
            default:
                record.make(claim)
                if let next = try await store.complete(
                    claim, delivered: PieceOutcome(.helpdesk(HelpdeskMessageID("made \(claim.delivery.id)"))),
                    lease: .seconds(3600),
                    now: start)
                {
                    claims.append(next)
                }
            }
            if Int.random(in: 0..<5, using: &random) == 0 { _ = try await store.reap(now: start) }
        }
    }
}

/// What the far side saw.
private final class Record: Sendable {
    private let state = Mutex<[ChannelUserID: [String]]>([:])

    var made: [ChannelUserID: [String]] { state.withLock { $0 } }

    var count: Int { state.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    func make(_ claim: Claim) {
        guard case .message(let inbound) = claim.delivery.payload else { return }
        state.withLock { $0[inbound.profile.userID, default: []].append(inbound.message.plainText) }
    }
}
