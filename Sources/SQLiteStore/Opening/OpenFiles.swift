import Glibc
import RelayCore

/// The files of an open store, known by their inodes: SQLite goes on with what it has open, whatever becomes of the names.
///
/// While they are open their inodes can't be given to others, so that the same number is the same file.
struct OpenFiles: Sendable {
    private struct Mark: Hashable {
        var device: dev_t
        var inode: ino_t

        /// - Returns: `nil` if there is none, or too little of it.
        init?(_ path: String, ofAtLeast size: Int) {
            var status = stat()
            guard stat(path, &status) == 0, status.st_size >= size else { return nil }
            device = status.st_dev
            inode = status.st_ino
        }
    }

    /// Which of a store's files.
    enum Part: String, CaseIterable, Sendable {
        case database = ""
        case log = "-wal"
        case index = "-shm"

        /// A database that was emptied in its place, as a failed restore does it, is as good as gone: SQLite's shortest page
        /// has 512 bytes. A log may be empty.
        var shortest: Int { self == .database ? 512 : 0 }
    }

    /// What stands under the name of a file.
    enum Place: Sendable {
        case same, nothing, another
    }

    private let path: String
    private let marks: [Part: Mark]

    /// To be made while nobody else can have replaced them: with the lock that opening takes.
    ///
    /// - Parameter directory: with an open store in it.
    init(in directory: DataDirectory) {
        path = directory.database
        // A rollback journal comes and goes; the log and its index stay for as long as one process has the store open.
        marks = Dictionary(
            uniqueKeysWithValues: Part.allCases.compactMap { part in
                Mark(directory.database + part.rawValue, ofAtLeast: part.shortest).map { (part, $0) }
            })
    }

    func name(of part: Part) -> String { path + part.rawValue }

    func place(of part: Part) -> Place {
        guard let mark = marks[part] else { return .same }
        guard let present = Mark(name(of: part), ofAtLeast: part.shortest) else { return .nothing }
        return present == mark ? .same : .another
    }

    /// The first file that isn't in its place; `nil`: all are. Costs three looks at inodes, a few microseconds.
    func firstLost() -> (part: Part, place: Place)? {
        for part in Part.allCases {
            let place = place(of: part)
            if place != .same { return (part, place) }
        }
        return nil
    }

    /// Whether another process may be writing by a log or an index of its own. An empty log is nobody's: SQLite makes one
    /// for each connection that finds none.
    func isLogForeign() -> Bool {
        var status = stat()
        if case .another = place(of: .index) { return true }
        guard case .another = place(of: .log) else { return false }
        return stat(name(of: .log), &status) != 0 || status.st_size > 0
    }

    /// Removes log and index where they are still ours: without their database they would spoil another one.
    func removeOwnLog() {
        for part in [Part.log, .index] where marks[part] != nil {
            if case .same = place(of: part) { unlink(name(of: part)) }
        }
    }
}
