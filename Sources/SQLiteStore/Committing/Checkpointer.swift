import Dispatch
import Foundation
import GRDB
import GRDBSQLite
import Logging
import Synchronization

/// Moves what stands in the write-ahead log into the file, beside the writer and not in a commit's way.
///
/// SQLite would do it in the commit that makes the log long enough, and all that wait for that commit wait for all of it. A
/// thread with a connection of its own does it instead, while commits go on; what these add to the log meanwhile it does in
/// a second round, and what is added during that, which is little, the writer does before its next transaction. Then all of
/// the log is in the file, and that transaction restarts the log (https://www.sqlite.org/wal.html#ckpt).
///
/// Each process has one. Two at once don't harm each other: SQLite has a lock for it, and the second lets go.
final class Checkpointer: Sendable {
    private enum Stage {
        case idle
        /// The thread is at it.
        case moving
        /// What is left is the writer's.
        case finishing
        case closed
    }

    /// Of the log, in pages of mostly 4 KiB: 8 MB.
    private static let due = 2000
    /// Where the writer doesn't wait for the thread any more: 128 MB.
    private static let overdue = 32_000
    /// What a second round isn't worth.
    private static let little = 200

    private let open: @Sendable () throws -> any DatabaseWriter
    private let logger: Logger
    private let stage = Mutex(Stage.idle)
    /// How long the log was after the last commit.
    private let length = Atomic<Int>(0)
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the thread.
    ///
    /// - Parameter open: makes its connection, when it is needed for the first time.
    init(logger: Logger, open: @escaping @Sendable () throws -> any DatabaseWriter) {
        self.open = open
        self.logger = logger
        let thread = Thread { self.run() }
        thread.name = "byoc-store-checkpoints"
        thread.start()
    }

    /// Takes the place of SQLite's own automatic checkpoints on the writing connection, which has to be closed before this
    /// is let go.
    func watch(_ db: Database) {
        // SQLite calls it in the commit itself, with the length of the log (https://www.sqlite.org/c3ref/wal_hook.html).
        _ = sqlite3_wal_hook(
            db.sqliteConnection,
            { checkpointer, _, _, pages in
                guard let checkpointer else { return SQLITE_OK }
                Unmanaged<Checkpointer>.fromOpaque(checkpointer).takeUnretainedValue()
                    .length.store(Int(pages), ordering: .relaxed)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// By the writer, before its transaction.
    func prepare(_ db: Database) {
        let isOurs = stage.withLock { stage in
            switch stage {
            case .finishing:
                stage = .idle
                return true
            case .idle, .moving: return length.load(ordering: .relaxed) >= Self.overdue
            case .closed: return false
            }
        }
        guard isOurs else { return }
        // It is busy when another process does the same, and what fails otherwise the transaction meets as well.
        _ = try? db.checkpoint(.passive)
        // A transaction that writes nothing doesn't tell how long the log is, and nothing is due for that.
        length.store(0, ordering: .relaxed)
    }

    /// By the writer, after its transaction.
    func committed() {
        guard length.load(ordering: .relaxed) >= Self.due else { return }
        let isDue = stage.withLock { stage in
            guard case .idle = stage else { return false }
            stage = .moving
            return true
        }
        if isDue { work.signal() }
    }

    /// Lets the thread end, after what it is at.
    func finish() {
        stage.withLock { $0 = .closed }
        work.signal()
    }

    /// Ends the thread, after what it is at.
    func close() {
        finish()
        ended.wait()
        // For a second close.
        ended.signal()
    }

    private var isClosed: Bool {
        stage.withLock { stage in
            if case .closed = stage { return true }
            return false
        }
    }

    private func run() {
        var connection: (any DatabaseWriter)?
        while true {
            work.wait()
            if isClosed { break }
            do {
                let database = try connection ?? open()
                connection = database
                for _ in 1...2 {
                    let result = try database.writeWithoutTransaction { db in try db.checkpoint(.passive) }
                    let added = length.load(ordering: .relaxed) - result.checkpointedFrameCount
                    if added < Self.little { break }
                }
            } catch {
                // Nothing is lost by it: the log gets longer, and the writer tries.
                logger.debug("The write-ahead log can't be moved now", metadata: ["store.failure": "\(error)"])
            }
            stage.withLock { stage in if case .moving = stage { stage = .finishing } }
        }
        try? connection?.close()
        ended.signal()
    }
}
