import Foundation
import GRDB
import Glibc
import RelayCore

/// The copy that is made of a store before a change of its tables that an earlier version can't read any more.
extension Schema {
    /// Copies the file as it is, to `<file>.<name>` beside it. One of an upgrade that was broken off is replaced.
    ///
    /// - Returns: its path.
    static func keepBackup(of database: any DatabaseWriter, named name: String) throws -> String {
        let path = "\(database.path).\(name)"
        let partial = path + ".partial"
        let files = ["", "-journal", "-wal", "-shm"].map { partial + $0 }
        for file in files { unlink(file) }
        // Made by us, so that nobody else can read it whatever the umask is.
        let descriptor = open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StoreFailure.system("the backup \(partial) can't be made") }
        close(descriptor)
        do {
            var configuration = Configuration()
            configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA temp_store = MEMORY") }
            let copy = try DatabaseQueue(path: partial, configuration: configuration)
            try database.writeWithoutTransaction { source in
                try copy.writeWithoutTransaction { target in
                    try source.backup(to: target)
                    // One file without a log beside it; the store that is opened with it chooses again.
                    _ = try String.fetchOne(target, sql: "PRAGMA journal_mode = DELETE")
                }
            }
            try copy.close()
            try StoreMaintenance.synchroniseFile(partial)
            guard rename(partial, path) == 0 else { throw StoreFailure.system("\(path) can't be given to the backup") }
            try DataDirectory.synchronise(folder(of: path))
            return path
        } catch {
            for file in files { unlink(file) }
            let failure = StoreFailure(error, path: partial)
            throw StoreFailure(
                failure.kind,
                "the data store \(database.path) is to be brought to this version, and the backup that is made before can't "
                    + "be: \(failure.message)")
        }
    }

    /// Names the backups that an upgrade left beside a store; empty if there are none.
    static func backupsBeside(_ database: String) -> String {
        let prefix = (database.split(separator: "/").last.map(String.init) ?? "") + ".before-"
        let names = (try? DataDirectory.names(in: folder(of: database))) ?? []
        let backups = names.filter { $0.hasPrefix(prefix) && !$0.hasSuffix(".partial") }.sorted()
        return backups.isEmpty
            ? "" : ", such as " + backups.map { "\(folder(of: database))/\($0)" }.joined(separator: " or ")
    }

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }
}
