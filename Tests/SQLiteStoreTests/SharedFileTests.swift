import Foundation
import GRDB
import Glibc
import RelayCore
import SQLiteStore
import Testing

@Suite("Several stores on one file")
struct SharedFileTests {
    @Test("Without shared memory several stores accept and relay together, and nothing is lost or made twice")
    func rollbackJournal() async throws {
        let directory = try Directory()
        let stores = try (0..<3).map { _ in try open(directory) { $0.journal = .rollback } }
        try await stores[0].save(sample(), now: start)
        let made = try await withThrowingTaskGroup(of: [String].self) { group in
            for (index, store) in stores.enumerated() {
                group.addTask {
                    try await onThread {
                        for number in 0..<20 {
                            let text = message("\(index)/\(number)", from: ChannelUserID("user \(number)"))
                            let result = try store.accept(text)
                            #expect(result.accepted == 1)
                        }
                    }
                    return []
                }
                group.addTask {
                    var made: [String] = []
                    while made.count < 20 {
                        let claims = try await store.claim(
                            by: WorkerID("w\(index)"), limit: 20 - made.count, lease: .seconds(60), now: start)
                        for claim in claims {
                            made.append(claim.delivery.text)
                            let next = try await store.complete(
                                claim, delivered: PieceOutcome(nil), lease: .seconds(60), now: start)
                            if let next { try await store.release(next, now: start) }
                        }
                        await Task.yield()
                    }
                    return made
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(made.count == 60 && Set(made).count == 60)
        #expect(try await stores[2].counts(of: nil).delivered == 60)
        #expect(StoreMaintenance.findings(in: directory).isEmpty)
        for store in stores { store.close() }
        // The same file where memory can be shared, and back.
        for journal in [SQLiteStoreConfiguration.Journal.wal, .rollback, .automatic] {
            let store = try open(directory) { $0.journal = journal }
            #expect(try await store.counts(of: nil).delivered == 60)
            #expect(try store.accept(message("\(journal)")).accepted == 1)
            store.close()
        }
    }

    @Test(
        "File systems that other machines may use are known by the kernel's table",
        arguments: [
            ("/srv/nfs/byoc", "nfs4"), ("/srv/nfs", "nfs4"), ("/srv/nfs-other", nil), ("/mnt/with space/x", "9p"),
            ("/home/anna", "fuse.sshfs"), ("/home/anna/local/x", nil), ("/var/lib/byoc", nil), ("/", nil),
        ] as [(String, String?)])
    func sharedFileSystems(path: String, type: String?) {
        let table = MountTable(
            parsing: """
                22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
                30 22 0:40 / /srv/nfs rw shared:2 - nfs4 server:/x rw
                31 22 0:41 / /mnt/with\\040space rw - 9p host rw
                32 22 0:42 / /home/anna rw - ext4 /dev/sdb rw
                33 32 0:43 / /home/anna rw - fuse.sshfs anna@host: rw
                34 33 0:44 / /home/anna/local rw - tmpfs none rw
                a line that is cut
                """)
        #expect(table.sharedFileSystem(of: path) == type)
    }

    @Test("A newer version adds to the tables while this one runs: that goes on, and refuses when it opens next")
    func twoVersions() async throws {
        let directory = try Directory()
        let old = try open(directory)
        try await old.save(sample(), now: start)
        let first = try old.accept(message("before"))
        #expect(first.accepted == 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<3 {
                group.addTask {
                    try await onThread {
                        for number in 0..<30 {
                            let text = message("\(thread)/\(number)", from: ChannelUserID("user \(thread)"))
                            let result = try old.accept(text)
                            #expect(result.accepted == 1)
                        }
                    }
                }
            }
            group.addTask {
                try await onThread {
                    var newer = DatabaseMigrator()
                    newer.registerMigration("999 from the future") { db in
                        try db.execute(
                            sql: """
                                ALTER TABLE outbox ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';
                                ALTER TABLE contacts ADD COLUMN shoe_size INTEGER;
                                CREATE TABLE inventions (id INTEGER PRIMARY KEY) STRICT;
                                CREATE INDEX outbox_by_colour ON outbox (colour);
                                """)
                    }
                    // As the newer version's opening does.
                    let lock = try ForeignLock(directory.path + "/write.lock")
                    defer { lock.release() }
                    let queue = try DatabaseQueue(path: directory.database)
                    try newer.migrate(queue)
                    try queue.close()
                }
            }
            try await group.waitForAll()
        }
        var made = 0
        var claims = try await old.claim(by: "w", limit: 9, lease: .seconds(60), now: start)
        while let claim = claims.popLast() {
            made += 1
            let next = try await old.complete(claim, delivered: PieceOutcome(nil), lease: .seconds(60), now: start)
            if let next { claims.append(next) }
        }
        #expect(made == 91)
        let failure = try #require(refusal { _ = try open(directory) })
        #expect(failure.kind == .damaged && failure.message.contains("newer version"))
        #expect(failure.message.contains(directory.database))
        #expect(StoreMaintenance.findings(in: directory).map { $0.prefix(6) } == ["newer:"])
        #expect(try old.accept(message("after")).accepted == 1)
        old.close()
    }

    @Test("A foreign program that keeps the file for itself holds up no one for ever, and the store goes on after it")
    func exclusiveLock() async throws {
        for journal in [SQLiteStoreConfiguration.Journal.wal, .rollback] {
            let directory = try Directory()
            let store = try open(directory) {
                $0.journal = journal
                $0.busyTimeout = .milliseconds(20)
            }
            try await store.save(sample(), now: start)
            let (accepting, opening) = try refusals(whileLocked: directory, store)
            #expect(accepting?.kind == .unavailable)
            #expect(accepting?.message.contains("locked by another program") == true)
            #expect(accepting?.message.contains(directory.database) == true)
            #expect(opening == nil || opening?.kind == .unavailable)
            #expect(try store.accept(message("one")).accepted == 1)
            store.close()
        }
    }

    private func refusals(
        whileLocked directory: Directory, _ store: SQLiteStore
    ) throws -> (accepting: StoreFailure?, opening: StoreFailure?) {
        let queue = try DatabaseQueue(path: directory.database)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN EXCLUSIVE")
            defer { try? db.execute(sql: "ROLLBACK") }
            let accepting = refusal { _ = try store.accept(message("one")) }
            let opening = refusal { try open(directory) { $0.busyTimeout = .milliseconds(20) }.close() }
            return (accepting, opening)
        }
    }
}
