import Foundation
import GRDB
import RelayCore
import SQLiteStore
import Testing

@Suite("Damaged files")
struct DamageTests {
    private static let count = 120

    /// A store with installations and deliveries: checkpointed wholly, and the same with the last half in the log only.
    private final class Originals: Sendable {
        let whole: Data
        let half: Data
        let log: Data

        init() async throws {
            let directory = try Directory()
            let store = try open(directory)
            try await store.save(sample(), now: start)
            for number in 0..<DamageTests.count / 2 { _ = try store.accept(Self.message(number)) }
            try inFile(of: directory) { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            half = try Data(contentsOf: URL(fileURLWithPath: directory.database))
            for number in DamageTests.count / 2..<DamageTests.count { _ = try store.accept(Self.message(number)) }
            log = try Data(contentsOf: URL(fileURLWithPath: directory.database + "-wal"))
            try inFile(of: directory) { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            whole = try Data(contentsOf: URL(fileURLWithPath: directory.database))
            store.close()
        }

        private static func message(_ number: Int) -> Acceptance {
            SQLiteStoreTests.message("message \(number)", from: ChannelUserID("user \(number % 9)"))
        }
    }

    /// What became of using a damaged store.
    private enum Outcome {
        case refused(StoreFailure)
        /// It opened. What it gave, and what it refused then.
        case opened(deliveries: Int, failures: [StoreFailure])
    }

    private func use(_ database: Data, log: Data?) async throws -> (Outcome, StoreReport, String) {
        let directory = try Directory()
        try database.write(to: URL(fileURLWithPath: directory.database))
        if let log { try log.write(to: URL(fileURLWithPath: directory.database + "-wal")) }
        try Data("byoc store\n".utf8).write(to: URL(fileURLWithPath: directory.path + "/write.lock"))
        let store: SQLiteStore
        do throws(StoreFailure) {
            store = try open(directory)
        } catch {
            let report = try StoreMaintenance(directory: directory.path).check(key: testKey)
            return (.refused(error), report, directory.database)
        }
        var failures: [StoreFailure] = []
        func attempt<Value>(_ body: () async throws -> Value) async -> Value? {
            do {
                return try await body()
            } catch {
                if let failure = error as? StoreFailure { failures.append(failure) }
                return nil
            }
        }
        let deliveries = await attempt { try await store.deliveries(DeliveryFilter(limit: 1000)) }
        let installations = await attempt { try await store.installations() }
        _ = await attempt { try store.directory() }
        _ = await attempt { try await store.counts(of: nil) }
        _ = await attempt { try await store.nextDue(now: start) }
        for claim in await attempt({
            try await store.claim(by: "w", limit: 50, lease: .seconds(60), now: start)
        }) ?? [] {
            _ = await attempt {
                try await store.complete(
                    claim, delivered: PieceOutcome(.helpdesk("x")), lease: .seconds(60), now: start)
            }
        }
        for number in 0..<5 { _ = await attempt { try store.accept(message("new \(number)")) } }
        var sweep = SweepResult()
        repeat {
            sweep = await attempt { try await store.sweep(RetentionAges(), now: start) } ?? SweepResult()
        } while sweep.hasMore
        _ = await attempt { try await store.reap(now: start) }
        let isEmpty = deliveries?.isEmpty == true && installations?.isEmpty == true
        #expect(!isEmpty, "an empty store in place of a damaged one")
        store.close()
        let report = try StoreMaintenance(directory: directory.path).check(key: testKey)
        return (
            .opened(deliveries: deliveries?.count ?? 0, failures: failures), report, directory.database
        )
    }

    /// Either a clear refusal, or a store of which nothing is missing unless the check says that it is damaged.
    private func expectHonesty(_ result: (Outcome, StoreReport, String), atLeast count: Int, _ place: String) {
        let (outcome, report, path) = result
        switch outcome {
        case .refused(let failure):
            // A key that doesn't fit is told as that, also when what is damaged is the mark of the right one.
            if failure.kind == .wrongKey { return }
            #expect(failure.kind == .damaged || failure.kind == .unavailable, "\(place): \(failure.message)")
            #expect(failure.message.contains(path), "\(place): \(failure.message)")
            #expect(failure.message.contains("byoc store check"), "\(place): \(failure.message)")
        case .opened(let deliveries, let failures):
            let isPathMissing = failures.contains { $0.kind == .unavailable && !$0.message.contains(path) }
            #expect(!isPathMissing, "\(place): \(failures)")
            #expect(deliveries >= count || report.worst == .damage, "\(place): \(deliveries) deliveries")
        }
    }

    @Test("A database that is cut at any length is refused, or the check says what is missing")
    func truncated() async throws {
        let originals = try await Originals()
        var chance = SeededGenerator(state: 41)
        let lengths = (0..<60).map { _ in Int.random(in: 512..<originals.whole.count, using: &chance) }
        let pages = stride(from: 4096, to: originals.whole.count, by: 4 * 4096).map { $0 }
        for length in lengths + pages + [0, 1, 100, 511, 512, 4095] {
            let result = try await use(originals.whole.prefix(length), log: nil)
            expectHonesty(result, atLeast: Self.count, "\(length) bytes")
            #expect(result.1.worst == .damage, "\(length) bytes")
        }
    }

    @Test("Bits that flip anywhere in the database crash nothing and hide nothing", arguments: [1, 2, 3])
    func flipped(seed: UInt64) async throws {
        let originals = try await Originals()
        var chance = SeededGenerator(state: seed)
        for round in 0..<70 {
            var bytes = originals.whole
            // The first rounds in what describes the file and its tables, where each bit counts.
            let bound = round < 30 ? 100 : round < 45 ? 3 * 4096 : bytes.count
            let flips = (0..<(round.isMultiple(of: 3) ? 8 : 1)).map { _ in
                (Int.random(in: 0..<bound, using: &chance), UInt8(1) << UInt8.random(in: 0..<8, using: &chance))
            }
            for (offset, bit) in flips { bytes[offset] ^= bit }
            expectHonesty(try await use(bytes, log: nil), atLeast: Self.count, "bits \(flips)")
        }
    }

    @Test("Bits that flip in the log lose nothing that was checkpointed, and nothing before them")
    func flippedLog() async throws {
        let originals = try await Originals()
        var chance = SeededGenerator(state: 99)
        for _ in 0..<60 {
            var log = originals.log
            let offset = Int.random(in: 0..<log.count, using: &chance)
            log[offset] ^= UInt8(1) << UInt8.random(in: 0..<8, using: &chance)
            let result = try await use(originals.half, log: log)
            expectHonesty(result, atLeast: Self.count / 2, "bit at \(offset)")
            if case .refused(let failure) = result.0 { Issue.record("bit at \(offset): \(failure.message)") }
        }
    }

    @Test("A page of the database that is overwritten with noise is found, whichever it is")
    func noise() async throws {
        let originals = try await Originals()
        var chance = SeededGenerator(state: 5)
        for offset in stride(from: 0, to: originals.whole.count, by: 4096) {
            var bytes = originals.whole
            let noise = (0..<4096).map { _ in UInt8.random(in: 0...255, using: &chance) }
            bytes.replaceSubrange(offset..<offset + 4096, with: noise)
            let result = try await use(bytes, log: nil)
            expectHonesty(result, atLeast: Self.count, "page \(offset / 4096 + 1)")
            #expect(result.1.worst == .damage, "page \(offset / 4096 + 1)")
        }
    }
}
