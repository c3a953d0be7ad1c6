import GRDB
import RelayCore

extension StoreFailure {
    /// Says what an error from the database means, and what to do about it.
    ///
    /// - Parameter path: the database file, to be named to the operator.
    init(_ error: any Error, path: String) {
        switch error {
        case let failure as StoreFailure:
            self = failure
        case let error as DatabaseError:
            self.init(error, path: path)
        case is RowDecodingError, is UnreadableColumn:
            self.init(
                .damaged,
                "the data store \(path) holds a row that can't be read: it is damaged, or from a newer version. "
                    + Self.repairAdvice)
        case is CancellationError:
            self.init(.unavailable, "the reading of the data store \(path) was cancelled")
        default:
            self.init(.unavailable, "the data store \(path) can't be used: \(error)")
        }
    }

    private init(_ error: DatabaseError, path: String) {
        let words = error.message ?? "no further words"
        let code = error.extendedResultCode.rawValue
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(
                .unavailable,
                "the disk is full: \(path) can't grow (\(words)). Make room; nothing needs a restart.")
        case .SQLITE_READONLY:
            self.init(
                .unavailable,
                "the data store \(path) can't be written (\(words)). Give its directory and files to the user that the "
                    + "workers run as, and see that the file system isn't mounted read-only. If all of that is "
                    + "so, look with `byoc store check`.")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(
                .unavailable,
                "the data store \(path) is locked by another program (\(words)). Close what has it open, such as a "
                    + "database browser or a backup.", isLocked: true)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(
                .damaged, "the data store \(path) is damaged (\(words), code \(code)). " + Self.repairAdvice)
        case .SQLITE_ERROR, .SQLITE_SCHEMA, .SQLITE_MISMATCH:
            self.init(
                .damaged,
                "the data store \(path) doesn't have the tables it should (\(words)): it is damaged, or was changed by a "
                    + "newer version. " + Self.repairAdvice)
        case .SQLITE_CONSTRAINT:
            self.init(
                .conflict, "the data store \(path) refused a change that contradicts what it holds (\(words))")
        case .SQLITE_IOERR:
            self.init(
                .unavailable,
                "reading or writing \(path) failed (\(words), code \(code)). Look at the disk and the kernel's log, and "
                    + "then with `byoc store check`.")
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
            self.init(
                .unavailable,
                "the data store \(path) can't be opened (\(words)). See that it exists and belongs to the user that the "
                    + "workers run as.")
        default:
            self.init(.unavailable, "the data store \(path) can't be used: \(words) (code \(code))")
        }
    }

    private static let repairAdvice =
        "See what is wrong and what to do with `byoc store check`."

    /// What is left to do about a file that is broken.
    static let restoreAdvice =
        "Stop all workers, keep a copy of the whole directory, and put the newest good backup in the file's place, "
        + "without the -wal and -shm files beside it."
}
