import Foundation
import Glibc
import RelayCore
import SQLiteStore
import Synchronization
import Testing

@Suite("Backups")
struct BackupTests {
    @Test("A backup that is made while others write is whole, private, and goes on as a store")
    func whileWriting() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        let target = try Directory()
        let acknowledged = Mutex(0)
        let isDone = Mutex(false)
        let writer = Task {
            try await onThread {
                while !isDone.withLock({ $0 }) {
                    let number = acknowledged.withLock { $0 }
                    _ = try store.accept(message("message \(number)", from: ChannelUserID("user \(number % 7)")))
                    acknowledged.withLock { $0 += 1 }
                }
            }
        }
        for round in 0..<5 {
            while acknowledged.withLock({ $0 }) < round * 50 + 50 { await Task.yield() }
            let before = acknowledged.withLock { $0 }
            let path = target.path + "/copy-\(round)"
            let backup = try await onThread {
                try StoreMaintenance(directory: directory.path).backUp(to: path, replacing: false)
            }
            let after = acknowledged.withLock { $0 }
            let waiting = backup.deliveries["waiting"] ?? 0
            #expect(waiting >= before && waiting <= after + 1)
            #expect(backup.installations == 1)
            #expect(try target.modes()["copy-\(round)"] == 0o600)

            let restored = try Directory()
            try FileManager.default.copyItem(atPath: path, toPath: restored.database)
            #expect(StoreMaintenance.findings(in: restored).isEmpty)
            let again = try open(restored)
            #expect(try await again.installations() == [sample()])
            #expect(try again.accept(message("message 0", from: "user 0")).repeated == 1)
            #expect(try again.accept(message("new")).accepted == 1)
            #expect(try await again.counts(of: nil).waiting == waiting + 1)
            again.close()
        }
        isDone.withLock { $0 = true }
        try await writer.value
        #expect(try target.modes().count == 5, "nothing is left of the making")
        store.close()
    }

    @Test("A file that is there is replaced only when that is asked for, and the store itself never")
    func overwriting() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        let maintenance = try StoreMaintenance(directory: directory.path)
        let path = directory.path + "/copy"
        try Data("precious".utf8).write(to: URL(fileURLWithPath: path))
        let failure = refusal { _ = try maintenance.backUp(to: path, replacing: false) }
        #expect(failure?.kind == .conflict && failure?.message.contains(path) == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("precious".utf8))
        #expect(try maintenance.backUp(to: path, replacing: true).bytes > 4096)
        for (wrong, kind) in [
            (directory.database, StoreFailure.Kind.conflict), (directory.path + "/workers", .conflict),
            (directory.path + "/none/copy", .unavailable),
        ] {
            #expect(refusal { _ = try maintenance.backUp(to: wrong, replacing: true) }?.kind == kind)
        }
        #expect(try store.accept(message("one")).accepted == 1)
        store.close()
    }

    @Test("A damaged store is not copied as if it were sound, and the last good copy stays")
    func damaged() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        for number in 0..<200 { _ = try store.accept(message("message \(number)")) }
        store.close()
        let maintenance = try StoreMaintenance(directory: directory.path)
        let path = directory.path + "/copy"
        _ = try maintenance.backUp(to: path, replacing: false)
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: directory.database))
        // Beyond the tables' definitions, so that the file still opens.
        for offset in stride(from: UInt64(16 * 4096), to: UInt64(30 * 4096), by: 4096) {
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(repeating: 0xA5, count: 64))
        }
        try file.close()
        let failure = refusal { _ = try maintenance.backUp(to: path, replacing: true) }
        #expect(failure?.kind == .damaged && failure?.message.contains("byoc store check") == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == good)
        #expect(maintenance.check(key: testKey).worst == .damage)
    }
}
