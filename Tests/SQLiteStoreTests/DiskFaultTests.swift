import Foundation
import RelayCore
import SQLiteStore
import Synchronization
import Testing

@Suite("A disk that fails")
struct DiskFaultTests {
    struct Fault: Sendable, CustomTestStringConvertible {
        var name: String
        var operation: FaultyDirectory.Operation
        var code: Int32
        var every: Int
        var journal = SQLiteStoreConfiguration.Journal.wal

        var testDescription: String { "each \(every)th \(name), \(journal)" }
    }

    private static let kinds: [(String, FaultyDirectory.Operation, Int32)] = [
        ("write without space", .write, FaultyDirectory.noSpace),
        ("write that fails", .write, FaultyDirectory.writeFails),
        ("sync that fails", .sync, FaultyDirectory.syncFails),
        ("truncation that fails", .truncate, FaultyDirectory.truncateFails),
        ("read that fails", .read, FaultyDirectory.readFails),
    ]

    static let faults: [Fault] = kinds.flatMap { name, operation, code in
        [1, 2, 3, 7, 23, 101].flatMap { every in
            [.wal, .rollback].map { Fault(name: name, operation: operation, code: code, every: every, journal: $0) }
        }
    }

    @Test(
        "What was answered as accepted is there, what was refused is whole or not there, and it goes on by itself",
        arguments: faults)
    func accepting(fault: Fault) async throws {
        let disk = try FaultyDirectory()
        let store = try open(disk.directory) { $0.journal = fault.journal }
        try await store.save(sample(), now: start)
        _ = try store.accept(message("first"))
        disk.fail(every: fault.every, with: fault.code) { $0.operation == fault.operation }
        let outcomes = try await withThrowingTaskGroup(of: [String: StoreFailure?].self) { group in
            for thread in 0..<4 {
                group.addTask {
                    try await onThread {
                        var outcomes: [String: StoreFailure?] = [:]
                        for number in 0..<15 {
                            let text = "\(thread)/\(number)"
                            let user = ChannelUserID("user \(thread)")
                            outcomes[text] = .some(refusal { _ = try store.accept(message(text, from: user)) })
                        }
                        return outcomes
                    }
                }
            }
            return try await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        }
        let failures = outcomes.values.compactMap(\.self)
        #expect(failures.allSatisfy { $0.kind == .unavailable && $0.message.contains(disk.directory.path) })
        if fault.every == 1, [.write, .sync].contains(fault.operation) { #expect(failures.count == 60) }

        disk.judge(nil)
        // By itself: the store is neither closed nor opened in between.
        for (text, failure) in outcomes where failure != nil {
            let thread = text.split(separator: "/").first.map(String.init) ?? ""
            let result = try store.accept(message(text, from: ChannelUserID("user \(thread)")))
            #expect(result.accepted + result.repeated == 1)
        }
        try await expectAll(of: outcomes.keys.map { $0 } + ["first"], store)
        let claims = try await store.claim(by: "w", limit: 99, lease: .seconds(60), now: start)
        #expect(claims.count == 5)
        #expect(StoreMaintenance.findings(in: disk.directory).isEmpty)
        store.close()
        let again = try open(disk.directory) { $0.journal = fault.journal }
        try await expectAll(of: outcomes.keys.map { $0 } + ["first"], again)
        again.close()
    }

    private func expectAll(of texts: [String], _ store: SQLiteStore) async throws {
        let stored = try await store.deliveries(DeliveryFilter(limit: 1000)).map(\.text)
        #expect(stored.sorted() == texts.sorted())
    }

    @Test("A file that can't be opened any more, as when permissions were taken away, refuses until they are back")
    func permissions() async throws {
        for journal in [SQLiteStoreConfiguration.Journal.wal, .rollback] {
            let disk = try FaultyDirectory()
            let store = try open(disk.directory) { $0.journal = journal }
            try await store.save(sample(), now: start)
            disk.judge { $0.operation == .open ? FaultyDirectory.cannotOpen : 0 }
            // What has its files open already may go on; what needs another is refused.
            let refused = refusal { _ = try store.accept(message("one")) }
            #expect(journal == .wal || refused?.kind == .unavailable)
            #expect(refused.map { $0.message.contains(disk.directory.database) } ?? true)
            let opening = try #require(refusal { _ = try open(disk.directory) { $0.journal = journal } })
            #expect(opening.kind == .unavailable && opening.message.contains(disk.directory.database))
            disk.judge(nil)
            let result = try store.accept(message("one"))
            #expect(result.accepted == (refused == nil ? 0 : 1))
            #expect(try await store.counts(of: nil).waiting == 1)
            store.close()
        }
    }

    @Test("Each step of the opening may fail, and the next try opens", arguments: [1, 2, 3, 5, 8, 13, 21])
    func opening(number: Int) async throws {
        let disk = try FaultyDirectory()
        let count = Mutex(0)
        disk.judge { step in
            guard [.write, .sync].contains(step.operation) else { return 0 }
            let turn = count.withLock { count in
                count += 1
                return count
            }
            return turn == number ? (step.operation == .sync ? FaultyDirectory.syncFails : FaultyDirectory.noSpace) : 0
        }
        let failure = refusal { try open(disk.directory).close() }
        #expect(failure == nil || failure?.kind == .unavailable, "\(failure?.message ?? "")")
        disk.judge(nil)
        let store = try open(disk.directory)
        try await store.save(sample(), now: start)
        #expect(try store.accept(message("one")).accepted == 1)
        #expect(StoreMaintenance.findings(in: disk.directory).isEmpty)
        store.close()
    }
}

extension Delivery {
    /// What the customer wrote.
    var text: String {
        if case .message(let inbound) = payload { inbound.message.plainText } else { "(something else)" }
    }
}
