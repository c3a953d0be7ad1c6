import Foundation
import GRDB
import RelayCore
import SQLiteStore
import Testing
import Vault

@Suite("The sweep through what is over")
struct RetentionTests {
    private static let day = 86_400.0

    /// Nothing is kept longer than it must be.
    private var ages: RetentionAges {
        var ages = RetentionAges()
        ages.delivered = .zero
        ages.attempts = .zero
        return ages
    }

    private func deliver(_ count: Int, _ store: SQLiteStore, text: String = "") async throws {
        for number in 0..<count {
            let key = DedupeKey("\(number) \(text.prefix(8))")
            _ = try store.accept(
                message("message \(number) \(text)", from: ChannelUserID("user \(number)"), key: key))
        }
        for claim in try await store.claim(by: "w", limit: count, lease: .seconds(60), now: start) {
            _ = try await store.complete(claim, delivered: PieceOutcome(nil), lease: .seconds(60), now: start)
        }
    }

    @Test("The file gives back what was removed, all but a little for what comes next")
    func space() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        try await deliver(1500, store, text: String(repeating: "long ", count: 2000))
        store.close()
        let before = try directory.size()
        #expect(before > 15_000_000)
        let again = try open(directory)
        var sum = SweepResult()
        var steps = 0
        repeat {
            sum += try await again.sweep(ages, now: start.addingTimeInterval(1))
            steps += 1
        } while sum.hasMore
        again.close()
        #expect(sum.deliveries == 1500 && steps > 10)
        let after = try directory.size()
        #expect(before - after == sum.freedBytes)
        #expect(after < 6_000_000)
        #expect(StoreMaintenance.findings(in: directory).isEmpty)
    }

    @Test("One worker sweeps at a time; when it ends, another goes on where it stood")
    func oneAtATime() async throws {
        let directory = try Directory()
        let first = try open(directory)
        let second = try open(directory)
        try await first.save(sample(), now: start)
        try await deliver(700, first)
        let now = start.addingTimeInterval(1)
        var sum = try await first.sweep(ages, now: now)
        #expect(sum.removed == 200 && sum.hasMore)
        #expect(try await second.sweep(ages, now: now) == SweepResult())
        first.close()
        repeat { sum += try await second.sweep(ages, now: now) } while sum.hasMore
        #expect(sum.deliveries == 700 && sum.attempts == 700)
        #expect(try await second.counts(of: nil).delivered == 0)
        second.close()
    }

    @Test("A clock that was ahead holds up neither the next sweep nor what lies behind its rows")
    func clockAhead() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        try await deliver(3, store)
        try inFile(of: directory) { db in
            let year = start.addingTimeInterval(365 * Self.day).timeIntervalSince1970 * 1000
            try db.execute(
                sql: "UPDATE outbox SET accepted_at = ?, finished_at = ? WHERE id = 1", arguments: [year, year])
        }
        #expect(try await sweep(store, at: 1).deliveries == 2, "those behind it")
        #expect(try await sweep(store, at: 400 * Self.day).deliveries == 1)
        // The clock goes back, and the rest that was noted is from the future.
        try await deliver(2, store, text: "later")
        #expect(try await sweep(store, at: 100).deliveries == 2)
        store.close()
    }

    private func sweep(_ store: SQLiteStore, at seconds: Double) async throws -> SweepResult {
        var sum = SweepResult()
        repeat { sum += try await store.sweep(ages, now: start.addingTimeInterval(seconds)) } while sum.hasMore
        return sum
    }

    @Test("Webhooks are taken between the steps, and nothing of theirs goes")
    func meanwhile() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        try await deliver(500, store)
        var result = SweepResult()
        var accepted = 0
        repeat {
            result = try await store.sweep(ages, now: start.addingTimeInterval(2))
            accepted += try store.accept(message("meanwhile \(accepted)")).accepted
        } while result.hasMore
        #expect(accepted > 3)
        #expect(try await store.counts(of: nil).waiting == accepted)
        #expect(StoreMaintenance.findings(in: directory).isEmpty)
        store.close()
    }
}

extension Directory {
    func size() throws -> Int64 {
        let attributes = try FileManager.default.attributesOfItem(atPath: database)
        return (attributes[.size] as? NSNumber)?.int64Value ?? 0
    }
}

extension StoreMaintenance {
    /// What is wrong with a directory's store, by name.
    static func findings(in directory: Directory, key: EncryptionKey = testKey) -> [String] {
        do {
            return try StoreMaintenance(directory: directory.path).check(key: key).findings.map {
                "\($0.name): \($0.problem)"
            }
        } catch {
            return ["\(error)"]
        }
    }
}
