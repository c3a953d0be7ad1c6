import Foundation
import GRDB
import Glibc
import Logging
import RelayCore
import SQLiteStore
import Testing
import Vault

@Suite("Opening the store")
struct OpeningTests {
    @Test("A commit waits for the disk, and references are checked, on the connection that writes")
    func pragmas() throws {
        let directory = try Directory()
        let store = try open(directory)
        let condition = try store.condition()
        #expect(condition.journal == "wal" && condition.synchronous == 2 && condition.foreignKeys)
        store.close()
        let other = try open(try Directory()) { $0.journal = .rollback }
        let fallback = try other.condition()
        #expect(fallback.journal == "delete" && fallback.synchronous == 3 && fallback.foreignKeys)
        other.close()
    }

    @Test("Everything in the directory is private, whatever the umask is")
    func modes() async throws {
        let parent = try Directory()
        let old = umask(0)
        defer { umask(old) }
        let path = parent.path + "/made/by/us"
        let place = try DataDirectory(path)
        let loaded = try EncryptionKey.loadOrCreate(in: place.path, hasStore: place.hasStore)
        let store = try SQLiteStore.open(
            SQLiteStoreConfiguration(directory: path), key: loaded.key, logger: Logger(label: "test"))
        try await store.save(sample(), now: start)
        let worker = try await store.enlist(now: start)
        _ = try store.accept(message("one"))
        let modes = try parent.modes()
        #expect(modes["made/by/us"] == 0o700 && modes["made/by/us/workers"] == 0o700)
        let files = [
            "byoc.sqlite", "byoc.sqlite-wal", "byoc.sqlite-shm", "write.lock", "secret.key", "workers/\(worker).lock",
        ]
        for file in files { #expect(modes["made/by/us/" + file] == 0o600, "\(file)") }
        #expect(modes.count == files.count + 4)
        store.close()
    }

    @Test("A directory of ours that others can look into is made private; one with other things in it is refused")
    func looseDirectory() throws {
        let directory = try Directory()
        chmod(directory.path, 0o755)
        try open(directory).close()
        #expect(try FileManager.default.attributesOfItem(atPath: directory.path)[.posixPermissions] as? Int == 0o700)
        chmod(directory.path, 0o755)
        chmod(directory.database, 0o644)
        try open(directory).close()
        #expect(try directory.modes()["byoc.sqlite"] == 0o600)
        let foreign = try Directory()
        try Data().write(to: URL(fileURLWithPath: foreign.path + "/letter.txt"))
        chmod(foreign.path, 0o755)
        let failure = try #require(refusal { _ = try open(foreign) })
        #expect(failure.kind == .unavailable && failure.message.contains("chmod 700 \(foreign.path)"))
    }

    @Test("What is in the way of the directory is named with its path")
    func badDirectories() throws {
        let directory = try Directory()
        let file = directory.path + "/file"
        try Data("text".utf8).write(to: URL(fileURLWithPath: file))
        // Not even root can make directories below /proc.
        for path in [file, file + "/below", "/proc/self/byoc", "/proc/self", ""] {
            let configuration = SQLiteStoreConfiguration(directory: path)
            let failure = refusal {
                _ = try SQLiteStore.open(configuration, key: testKey, logger: Logger(label: "test"))
            }
            #expect(failure?.kind == .unavailable)
            #expect(path.isEmpty || failure?.message.contains(path) == true)
        }
    }

    @Test("A directory of another user is refused, with both users named", .enabled(if: geteuid() == 0))
    func foreignOwner() throws {
        let directory = try Directory()
        try #require(chown(directory.path, 65534, 65534) == 0)
        let failure = try #require(refusal { _ = try open(directory) })
        #expect(failure.kind == .unavailable)
        #expect(failure.message.contains("belongs to user 65534, and this is user 0"))
    }

    @Test("A file that is no database, a damaged one and another program's are refused and left as they are")
    func badFiles() throws {
        let garbage = Data((0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let directory = try Directory()
        for content in [garbage, Data(count: 10_000)] {
            try content.write(to: URL(fileURLWithPath: directory.database))
            let failure = try #require(refusal { _ = try open(directory) })
            #expect(failure.kind == .damaged && failure.message.contains(directory.database))
            #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == content)
        }

        let foreign = try Directory()
        try inFile(of: foreign) { try $0.execute(sql: "CREATE TABLE songs (title)") }
        #expect(refusal { _ = try open(foreign) }?.kind == .damaged)
    }

    @Test("A truncated file is refused", arguments: [0, 1, 512, 4096, 12_288])
    func truncated(length: UInt64) async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        for number in 0..<50 { _ = try store.accept(message("message \(number)")) }
        store.close()
        try FileHandle(forUpdating: URL(fileURLWithPath: directory.database)).truncate(atOffset: length)
        let failure = try #require(refusal { _ = try open(directory) })
        #expect(failure.kind == .damaged && failure.message.contains(directory.database))
    }

    @Test("A store that is gone is not replaced by an empty one in silence")
    func lostFile() throws {
        let directory = try Directory()
        try open(directory).close()
        try FileManager.default.removeItem(atPath: directory.database)
        let failure = try #require(refusal { _ = try open(directory) })
        #expect(failure.kind == .damaged && failure.message.contains("is gone"))
        try FileManager.default.removeItem(atPath: directory.path + "/write.lock")
        try open(directory).close()
    }

    @Test("A newer version's store is refused and left as it is")
    func newerSchema() throws {
        let directory = try Directory()
        try open(directory).close()
        try inFile(of: directory) { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('999 from the future')") }
        let failure = try #require(refusal { _ = try open(directory) })
        #expect(failure.kind == .damaged && failure.message.contains("newer version"))
        #expect(failure.message.contains(directory.database))
    }

    @Test("While another process updates the store, one that opens it is told to wait, and not to end that process")
    func updating() throws {
        let directory = try Directory()
        try open(directory).close()
        let lock = Glibc.open(directory.path + "/write.lock", O_RDWR)
        defer { close(lock) }
        #expect(flock(lock, LOCK_EX) == 0)
        var configuration = SQLiteStoreConfiguration(directory: directory.path)
        configuration.openPatience = .milliseconds(1)
        func failure() -> StoreFailure? {
            refusal {
                _ = try SQLiteStore.open(
                    configuration, key: testKey, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            }
        }
        #expect(failure()?.isLocked == true && failure()?.message.contains("end it: \(directory.path)") == true)
        try inFile(of: directory) { db in
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = 'accounts, routes'")
        }
        #expect(failure()?.isLocked == true && failure()?.message.contains("is updating the data store") == true)
    }

    @Test("Another key is refused, with the ids of both")
    func wrongKey() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        store.close()
        let other = EncryptionKey()
        let failure = try #require(refusal { _ = try open(directory, key: other) })
        #expect(failure.kind == .wrongKey)
        #expect(failure.message.contains(testKey.id) && failure.message.contains(other.id))
        let again = try open(directory)
        #expect(try await again.installations() == [sample()])
        again.close()
    }

    @Test("Many that open a new store at once all get the same one")
    func openedAtOnce() async throws {
        let directory = try Directory()
        let stores = try await withThrowingTaskGroup(of: SQLiteStore.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await onThread {
                        let place = try DataDirectory(directory.path)
                        let loaded = try EncryptionKey.loadOrCreate(in: place.path, hasStore: place.hasStore)
                        return try open(directory, key: loaded.key)
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await stores[0].save(sample(), now: start)
        for (number, store) in stores.enumerated() {
            _ = try store.accept(message("message \(number)", from: ChannelUserID("user \(number)")))
        }
        #expect(try await stores[7].counts(of: nil).waiting == 8)
        for store in stores { store.close() }
    }

    @Test("What is written is there after closing and opening, and a closed store refuses")
    func reopening() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        _ = try store.accept(message("one"))
        store.close()
        store.close()
        #expect(refusal { _ = try store.accept(message("two")) }?.kind == .unavailable)
        #expect(refusal { _ = try store.directory() }?.kind == .unavailable)
        let again = try open(directory)
        #expect(try again.accept(message("one")).repeated == 1)
        #expect(try await again.claim(by: "w", limit: 9, lease: .seconds(1), now: start).count == 1)
        again.close()
    }
}
