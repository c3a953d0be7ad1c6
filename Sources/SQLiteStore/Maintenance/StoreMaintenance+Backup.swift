import Foundation
import GRDB
import Glibc
package import RelayCore

extension StoreMaintenance {
    /// A copy that was made and looked through.
    package struct Backup: Sendable, Encodable {
        package var path: String
        package var bytes: Int64
        /// Deliveries by their states, as of the moment of the copy.
        package var deliveries: [String: Int]
        package var installations: Int
    }

    /// Copies the store as it is at one moment into one file, while workers go on.
    ///
    /// All of it is copied in one step of SQLite's backup, from within a reading transaction: in WAL mode that holds up no
    /// writer, and what is written meanwhile isn't in the copy and doesn't make it start again. The copy gets its name only
    /// when it is whole, sound and on the disk.
    ///
    /// - Parameter replacing: whether a file of that name may be there, and is replaced.
    package func backUp(to path: String, replacing: Bool) throws(StoreFailure) -> Backup {
        try checkTarget(path, replacing: replacing)
        let partial = path + ".partial-\(getpid())"
        let descriptor = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("the backup \(partial) can't be made") }
        close(descriptor)
        do {
            var backup = try copy(to: partial)
            try Self.synchroniseFile(partial)
            guard rename(partial, path) == 0 else { throw StoreFailure.system("\(path) can't be given to the backup") }
            let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
            try DataDirectory.synchronise(folder)
            backup.path = path
            backup.bytes = size(of: path)
            return backup
        } catch {
            for suffix in ["", "-journal", "-wal", "-shm"] { unlink(partial + suffix) }
            throw StoreFailure(error, path: database)
        }
    }

    private func checkTarget(_ path: String, replacing: Bool) throws(StoreFailure) {
        var target = stat()
        var own = stat()
        guard lstat(path, &target) == 0 else { return }
        guard target.st_mode & S_IFMT == S_IFREG else {
            throw StoreFailure(.conflict, "\(path) is there and is not a plain file. Name a file for the backup.")
        }
        if stat(database, &own) == 0, own.st_dev == target.st_dev, own.st_ino == target.st_ino {
            throw StoreFailure(.conflict, "\(path) is the data store itself. Name another file for the backup.")
        }
        guard replacing else {
            throw StoreFailure(.conflict, "\(path) is there already. Name another file, or replace it with --force.")
        }
    }

    private func copy(to partial: String) throws -> Backup {
        let source = try openForReading()
        defer { try? source.close() }
        var configuration = Configuration()
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA temp_store = MEMORY") }
        let target = try DatabaseQueue(path: partial, configuration: configuration)
        defer { try? target.close() }
        let expected = try source.read { db in
            guard try db.tableExists("outbox") else {
                throw StoreFailure(.damaged, "\(database) has no tables of byoc. Look with `byoc store check`.")
            }
            let counts = try Self.counts(in: db)
            do {
                try target.writeWithoutTransaction { copy in try db.backup(to: copy) }
            } catch let error as DatabaseError where error.resultCode != .SQLITE_CORRUPT {
                throw StoreFailure(error, path: partial)
            }
            return counts
        }
        return try target.writeWithoutTransaction { db in
            // One file without a log beside it; the store that is opened with it chooses again.
            _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
            let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(20)")
            guard lines == ["ok"] else {
                throw StoreFailure(
                    .damaged,
                    "the data store \(database) is damaged, and so would its backup be (\(lines.joined(separator: "; "))). "
                        + "Look with `byoc store check`.")
            }
            let counts = try Self.counts(in: db)
            guard counts.deliveries == expected.deliveries, counts.installations == expected.installations else {
                throw StoreFailure(.damaged, "the backup \(partial) doesn't hold what the data store does")
            }
            return counts
        }
    }

    private static func counts(in db: Database) throws -> Backup {
        var counts = Backup(path: "", bytes: 0, deliveries: [:], installations: 0)
        for row in try db.rows("SELECT state, count(*) FROM outbox GROUP BY state") {
            counts.deliveries[try row.text(0)] = try row.int(1)
        }
        counts.installations = try db.row("SELECT count(*) FROM installations WHERE state <> 'removed'")?.int(0) ?? 0
        return counts
    }

    static func synchroniseFile(_ path: String) throws(StoreFailure) {
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .system("the backup \(path) can't be opened") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system("the backup \(path) can't be made durable") }
    }
}
