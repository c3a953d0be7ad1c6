import Foundation
import GRDB
import RelayCore
import SQLiteStore
import Testing

@Suite("Group commit")
struct GroupCommitTests {
    @Test("Requests that wait at the same moment share one commit")
    func sharing() async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.patience = .seconds(600) }
        try await store.save(sample(), now: start)
        let before = try store.condition()
        let foreign = try ForeignLock(directory.path + "/write.lock")
        let results = try await withThrowingTaskGroup(of: AcceptanceResult.self) { group in
            for number in 0..<32 {
                group.addTask {
                    try await onThread {
                        try store.accept(message("message \(number)", from: ChannelUserID("user \(number)")))
                    }
                }
            }
            while store.queued < 32 { await Task.yield() }
            foreign.release()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.allSatisfy { $0.accepted == 1 })
        let after = try store.condition()
        #expect(after.commits - before.commits == 1 && after.changes - before.changes == 32)
        #expect(try await store.counts(of: nil).waiting == 32)
        store.close()
    }

    @Test("No more share a commit than configured")
    func bounded() async throws {
        let directory = try Directory()
        let store = try open(directory) {
            $0.patience = .seconds(600)
            $0.batchLimit = 5
        }
        try await store.save(sample(), now: start)
        let before = try store.condition().commits
        let foreign = try ForeignLock(directory.path + "/write.lock")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask { _ = try await onThread { try store.accept(message("message \(number)")) } }
            }
            while store.queued < 12 { await Task.yield() }
            foreign.release()
            try await group.waitForAll()
        }
        #expect(try store.condition().commits - before == 3)
        store.close()
    }

    @Test("One that is refused, even halfway, takes no other of its commit along and leaves nothing")
    func alone() async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.patience = .seconds(600) }
        try await store.save(sample(), now: start)
        try inFile(of: directory) { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER poison BEFORE INSERT ON outbox WHEN instr(new.payload, CAST('poison' AS BLOB)) > 0
                    BEGIN SELECT RAISE (ABORT, 'poisoned'); END
                    """)
        }
        let foreign = try ForeignLock(directory.path + "/write.lock")
        let kinds = try await withThrowingTaskGroup(of: StoreFailure.Kind?.self) { group in
            for number in 0..<9 {
                group.addTask {
                    let acceptance =
                        switch number % 3 {
                        case 0: message("message \(number)", to: "nobody")
                        case 1: message("poison \(number)")
                        default: message("message \(number)")
                        }
                    return try await onThread { refusal { _ = try store.accept(acceptance) }?.kind }
                }
            }
            while store.queued < 9 { await Task.yield() }
            foreign.release()
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(kinds.filter { $0 == .notFound }.count == 3)
        #expect(kinds.filter { $0 == .conflict }.count == 3)
        #expect(try await store.counts(of: nil).waiting == 3)
        try inFile(of: directory) { try $0.execute(sql: "DROP TRIGGER poison") }
        #expect(try store.accept(message("poison 1")).accepted == 1)
        store.close()
    }

    @Test("While another process keeps the lock, a request is refused in time, changes nothing, and later ones work")
    func patience() async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.patience = .milliseconds(20) }
        try await store.save(sample(), now: start)
        let foreign = try ForeignLock(directory.path + "/write.lock")
        let failure = try #require(refusal { _ = try store.accept(message("one")) })
        #expect(failure.kind == .unavailable && failure.message.contains(directory.database))
        #expect(refusal { try store.probe() }?.kind == .unavailable)
        // Reading isn't held up.
        #expect(try store.directory().all == [sample()])
        #expect(try await store.counts(of: nil) == OutboxCounts())
        foreign.release()
        // What the relay records waits for as long as it takes, so behind it the lock is known to be free again.
        try await store.closeGate(channelGate, until: start)
        #expect(try await store.counts(of: nil).waiting == 0)
        let patient = try open(directory)
        #expect(try patient.accept(message("one")).accepted == 1)
        patient.close()
        store.close()
    }

    @Test("What the relay records is not withdrawn, and closing without the lock refuses it")
    func closing() async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.closePatience = .milliseconds(20) }
        try await store.save(sample(), now: start)
        let foreign = try ForeignLock(directory.path + "/write.lock")
        let change = Task { try await store.closeGate(channelGate, until: start) }
        while store.queued < 1 { await Task.yield() }
        try await onThread { store.close() }
        await #expect(throws: StoreFailure.self) { try await change.value }
        foreign.release()
    }

    @Test("Closing makes what is queued")
    func draining() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        let foreign = try ForeignLock(directory.path + "/write.lock")
        async let change: Void = store.pause("viber-1", by: .credential, reason: "kept", now: start)
        while store.queued < 1 { await Task.yield() }
        async let closing: Void = onThread { store.close() }
        foreign.release()
        try await closing
        try await change
        let again = try open(directory)
        #expect(try again.directory()["viber-1"]?.isActive == false)
        again.close()
    }

    @Test("A full disk refuses, takes back everything of the change, and is over when there is room")
    func fullDisk() async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.maximumSize = 700_000 }
        try await store.save(sample("viber-1"), now: start)
        try await store.save(sample("viber-2"), now: start)
        let text = String(repeating: "long ", count: 2000)
        var accepted = 0
        var failure: StoreFailure?
        while failure == nil {
            failure = refusal { _ = try store.accept(message("\(accepted) \(text)")) }
            if failure == nil { accepted += 1 }
        }
        #expect(failure?.kind == .unavailable)
        #expect(failure?.message.contains("full") ?? false)
        #expect(failure?.message.contains(directory.database) ?? false)
        #expect(accepted > 10)
        #expect(try await store.counts(of: "viber-1").waiting == accepted)
        try await store.remove("viber-1", keepingHistory: false, now: start)
        #expect(try store.accept(message("\(accepted) \(text)", to: "viber-2")).accepted == 1)
        store.close()
    }

    @Test("A file that another program has locked refuses, and is over when that lets go")
    func busyFile() async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.busyTimeout = .milliseconds(10) }
        try await store.save(sample(), now: start)
        let failure = try inFile(of: directory) { db in
            var failure: StoreFailure?
            try db.inTransaction(.immediate) {
                failure = refusal { _ = try store.accept(message("one")) }
                return .rollback
            }
            return failure
        }
        #expect(failure?.kind == .unavailable)
        #expect(failure?.message.contains("locked by another program") ?? false)
        #expect(try store.accept(message("one")).accepted == 1)
        store.close()
    }
}
