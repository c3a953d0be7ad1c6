import Foundation
import GRDB
import Logging
import RelayCore
import SQLiteStore
import Testing

@Suite("Files that are deleted or replaced under an open store")
struct LostFilesTests {
    private static let away = ".away"

    private func move(_ path: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: path, toPath: other)
    }

    private func texts(in directory: Directory) throws -> Int {
        try inFile(of: directory) { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM outbox") ?? 0 }
    }

    @Test("Nothing is acknowledged while the database is gone, and it goes on when the same file is back")
    func moved() async throws {
        let directory = try Directory()
        let store = try open(directory)
        defer { store.close() }
        try await store.save(sample(), now: start)
        _ = try store.accept(message("one"))
        try move(directory.database, to: directory.database + Self.away)
        let refusal = try #require(refusal { _ = try store.accept(message("two")) })
        #expect(refusal.kind == .gone && refusal.message.contains("\(directory.database) is gone"))
        #expect(refusal.message.contains("backup"), "it says what to do")
        #expect(throws: StoreFailure.self) { try store.probe() }
        await #expect(throws: StoreFailure.self) { try await store.load(waitingUpTo: 10) }
        await #expect(throws: StoreFailure.self) { try await store.enlist(now: start) }
        #expect(!FileManager.default.fileExists(atPath: directory.database), "no empty one is made in its place")
        #expect(!store.mustReopen)
        try move(directory.database + Self.away, to: directory.database)
        _ = try store.accept(message("two"))
        try store.probe()
        #expect(try await store.load(waitingUpTo: 10).waiting == 2)
    }

    @Test("Nothing is acknowledged into a database that was emptied in its place")
    func emptied() async throws {
        let directory = try Directory()
        let store = try open(directory)
        defer { store.close() }
        try await store.save(sample(), now: start)
        _ = try store.accept(message("one"))
        #expect(truncate(directory.database, 0) == 0)
        #expect(refusal { _ = try store.accept(message("two")) }?.kind == .gone)
        #expect(throws: StoreFailure.self) { try store.probe() }
    }

    @Test("A folder that is gone is noticed as well, and a worker that is started then makes no other")
    func folder() async throws {
        let parent = try Directory()
        let path = parent.path + "/data"
        let store = try SQLiteStore.open(
            SQLiteStoreConfiguration(directory: path), key: testKey, logger: Logger(label: "test"))
        defer { store.close() }
        try await store.save(sample(), now: start)
        try move(path, to: path + Self.away)
        #expect(refusal { _ = try store.accept(message("one")) }?.kind == .gone)
        var configuration = SQLiteStoreConfiguration(directory: path)
        configuration.mustExist = true
        #expect(
            refusal { _ = try SQLiteStore.open(configuration, key: testKey, logger: Logger(label: "test")) }?.kind
                == .gone)
        #expect(!FileManager.default.fileExists(atPath: path))
        try move(path + Self.away, to: path)
        _ = try store.accept(message("one"))
        try SQLiteStore.open(configuration, key: testKey, logger: Logger(label: "test")).close()
    }

    @Test(
        "Another database in its place is never written to by way of the old one; it is opened anew, without the old log"
    )
    func replaced() async throws {
        let directory = try Directory()
        let other = try Directory()
        let backup = try open(other)
        try await backup.save(sample(), now: start)
        _ = try backup.accept(message("of the backup"))
        backup.close()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        for number in 1...5 { _ = try store.accept(message("\(number)")) }
        #expect(rename(other.database, directory.database) == 0)
        #expect(refusal { _ = try store.accept(message("six")) }?.kind == .gone)
        #expect(store.mustReopen)
        #expect(refusal { _ = try store.accept(message("seven")) }?.kind == .gone, "and it stays so")
        #expect(!FileManager.default.fileExists(atPath: directory.database + "-wal"))
        let next = try open(directory)
        #expect(try await next.load(waitingUpTo: 10).waiting == 1)
        _ = try next.accept(message("six"))
        store.close()
        _ = try next.accept(message("seven"))
        next.close()
        #expect(try texts(in: directory) == 3)
        #expect(try inFile(of: directory) { try String.fetchAll($0, sql: "PRAGMA integrity_check") } == ["ok"])
    }

    @Test(
        "What was acknowledged is kept when the log or its index is deleted, and the store is opened anew",
        arguments: [["-wal"], ["-shm"], ["-wal", "-shm"]])
    func log(suffixes: [String]) async throws {
        let directory = try Directory()
        let store = try open(directory)
        let twin = try open(directory)
        try await store.save(sample(), now: start)
        for number in 1...20 { _ = try store.accept(message("\(number)")) }
        for suffix in suffixes { #expect(unlink(directory.database + suffix) == 0) }
        #expect(refusal { _ = try store.accept(message("21")) }?.kind == .gone)
        #expect(store.mustReopen)
        // Another worker goes on with the new files before the rest have noticed.
        let next = try open(directory)
        _ = try next.accept(message("21"))
        #expect(refusal { _ = try twin.accept(message("22")) }?.kind == .gone)
        #expect(twin.mustReopen)
        twin.close()
        store.close()
        _ = try next.accept(message("22"))
        next.close()
        #expect(try texts(in: directory) == 22)
        #expect(try inFile(of: directory) { try String.fetchAll($0, sql: "PRAGMA integrity_check") } == ["ok"])
    }

    @Test(
        "An empty log without an index is nobody's, and a worker opens the store; any other single file is refused",
        arguments: [("-wal", "", true), ("-wal", "frames", false), ("-shm", "", false), ("-shm", "index", false)])
    func single(suffix: String, content: String, opens: Bool) async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        _ = try store.accept(message("one"))
        store.close()
        for other in ["-wal", "-shm"] { unlink(directory.database + other) }
        try Data(content.utf8).write(to: URL(filePath: directory.database + suffix))
        var configuration = SQLiteStoreConfiguration(directory: directory.path)
        configuration.mustExist = true
        if opens {
            let next = try SQLiteStore.open(configuration, key: testKey, logger: Logger(label: "test"))
            defer { next.close() }
            _ = try next.accept(message("two"))
            #expect(try await next.load(waitingUpTo: 10).waiting == 2)
        } else {
            let failure = refusal {
                _ = try SQLiteStore.open(configuration, key: testKey, logger: Logger(label: "test"))
            }
            #expect(failure?.kind == .gone && failure?.message.contains("restart byoc") == true)
        }
    }

    @Test("With a rollback journal, which comes and goes, only the database counts")
    func rollback() async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.journal = .rollback }
        defer { store.close() }
        try await store.save(sample(), now: start)
        for number in 1...3 { _ = try store.accept(message("\(number)")) }
        #expect(unlink(directory.database) == 0)
        #expect(refusal { _ = try store.accept(message("4")) }?.kind == .gone)
    }
}
