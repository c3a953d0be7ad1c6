import Foundation
import GRDB
import Glibc
package import RelayCore

extension StoreMaintenance {
    /// What giving space back came to.
    package struct Compaction: Sendable, Encodable {
        package var bytesBefore: Int64
        package var bytesAfter: Int64
        /// Free bytes that are still in the file, because it can't give them back without being rewritten.
        package var freeBytes: Int64
    }

    /// Pages that are given back in one transaction.
    private static let step = 256

    /// Gives free space back to the file system.
    ///
    /// - Parameters:
    ///   - full: Rewrites the file under the write lock: everything waits for it, but the file becomes as small as it
    ///     can be, and from then on can give space back by steps. Else by steps, between which others write.
    ///   - pause: Between two steps.
    package func compact(
        full: Bool, patience: Duration = .seconds(30), pause: Duration = .milliseconds(20)
    ) throws(StoreFailure) -> Compaction {
        let lock = try KernelLock(path: writeLock)
        let before = size(of: database)
        if full { try requireRoom(before) }
        do {
            let queue = try openForWriting(usesFiles: full)
            defer { try? queue.close() }
            if full {
                try withLock(lock, patience) {
                    try queue.writeWithoutTransaction { db in
                        try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
                        try db.execute(sql: "VACUUM")
                    }
                }
            } else {
                while try giveBack(queue, lock, patience) { Thread.sleep(forTimeInterval: pause.seconds) }
            }
            try withLock(lock, patience) {
                // Readers may still need what stands in the log; then the next checkpoint shortens the file.
                try? queue.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
            }
            let free = try queue.writeWithoutTransaction { db in
                (try Int64.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0)
                    * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
            }
            return Compaction(bytesBefore: before, bytesAfter: size(of: database), freeBytes: free)
        } catch {
            throw StoreFailure(error, path: database)
        }
    }

    /// - Returns: whether there is more.
    private func giveBack(_ queue: DatabaseQueue, _ lock: KernelLock, _ patience: Duration) throws -> Bool {
        try withLock(lock, patience) {
            try queue.writeWithoutTransaction { db in
                guard try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 2,
                    let free = try Int.fetchOne(db, sql: "PRAGMA freelist_count"), free > 0
                else { return false }
                try db.inTransaction(.immediate) {
                    try db.execute(sql: "PRAGMA incremental_vacuum(\(Self.step))")
                    return .commit
                }
                return free > Self.step
            }
        }
    }

    private func withLock<Value>(
        _ lock: KernelLock, _ patience: Duration, _ body: () throws -> Value
    ) throws -> Value {
        guard try lock.acquire(within: patience) else {
            throw StoreFailure(
                .unavailable, "the data store \(database) is locked by another process for more than \(patience)")
        }
        defer { lock.release() }
        return try body()
    }

    private func openForWriting(usesFiles: Bool) throws -> DatabaseQueue {
        // The copy that is being made doesn't fit into memory, and isn't for a directory that others can read. SQLite
        // makes the file private, and without a name.
        if usesFiles { setenv("SQLITE_TMPDIR", directory, 1) }
        var configuration = Configuration()
        configuration.label = "byoc-store-maintenance"
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA temp_store = \(usesFiles ? "FILE" : "MEMORY")")
            try db.execute(sql: "PRAGMA secure_delete = FAST")
            try db.execute(sql: "PRAGMA synchronous = \(usesFiles ? "EXTRA" : "FULL")")
        }
        return try DatabaseQueue(path: database, configuration: configuration)
    }

    /// The copy, and the journal with the copy, need as much again each.
    private func requireRoom(_ bytes: Int64) throws(StoreFailure) {
        var file = statvfs()
        guard statvfs(directory, &file) == 0 else { throw .system("the disk of \(directory) can't be looked at") }
        let room = Int64(clamping: UInt64(file.f_bavail) &* UInt64(file.f_frsize))
        guard room < 2 * bytes else { return }
        throw StoreFailure(
            .unavailable,
            "rewriting \(database) takes \(2 * bytes / 1_000_000 + 1) MB for a while, and \(room / 1_000_000) MB are "
                + "free. Make room, or do without --full.")
    }
}
