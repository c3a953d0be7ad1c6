import GRDB
import Logging
import RelayCore
import Synchronization

/// Sees to it that nothing is acknowledged that is written to files which nobody will find again.
///
/// | what became of the files | what is done |
/// |---|---|
/// | the database is gone | everything is refused. It goes on when the file comes back, and never with an empty one |
/// | another database is in its place | everything is refused, and the store has to be opened again |
/// | the log or its index is gone, or another is there | what stands in the log is moved into the database, then as above |
final class FileWatch: Sendable {
    private let files: OpenFiles
    private let logger: Logger
    private let isStale = Atomic<Bool>(false)

    init(_ files: OpenFiles, logger: Logger) {
        self.files = files
        self.logger = logger
    }

    /// Whether this process has to open the store again: its open files are no longer the store's.
    var mustReopen: Bool { isStale.load(ordering: .relaxed) }

    /// Why nothing may be written; `nil` when all files are in their places.
    func obstacle() -> StoreFailure? {
        guard mustReopen == false else { return failure("were replaced", "It is reopened in a moment.") }
        guard let (part, place) = files.firstLost() else { return nil }
        let name = files.name(of: part)
        switch (part, place) {
        case (.database, .nothing):
            return StoreFailure(
                .gone,
                "the data store's file \(name) is gone: it was deleted or moved while byoc runs. Nothing is accepted. Put "
                    + "the same file back, and byoc resumes by itself; or stop byoc, put the newest backup in its place, "
                    + "and start byoc again.")
        case (.database, _):
            return failure("were replaced: another file is at \(name)", "It is reopened in a moment.")
        default:
            return failure("were changed: \(name) was deleted or replaced", "The store is reopened in a moment.")
        }
    }

    private func failure(_ problem: String, _ remedy: String) -> StoreFailure {
        StoreFailure(.gone, "the data store's files \(problem) while byoc runs. Nothing is accepted. \(remedy)")
    }

    /// Saves what can be saved, once files are lost. Only the writer does so, with the lock between processes.
    func save(with writer: any DatabaseWriter) {
        guard !mustReopen, let (part, place) = files.firstLost() else { return }
        switch (part, place) {
        case (.database, .nothing): return
        case (.database, _):
            // They belong to the file that was there before.
            files.removeOwnLog()
        default:
            guard !files.isLogForeign() else { break }
            // What is committed is in the old log, which we still have open; the database is the one in place.
            guard let result = try? writer.writeWithoutTransaction({ db in try db.checkpoint(.passive) }),
                result.checkpointedFrameCount == result.walFrameCount
            else { return }
            files.removeOwnLog()
        }
        logger.error(
            "data store reopened: its files were replaced", metadata: ["store.file": "\(files.name(of: part))"])
        isStale.store(true, ordering: .relaxed)
    }

    /// Whether what stands in the log may be moved into the database: not, when others have begun another log.
    var mayCheckpoint: Bool {
        !mustReopen && files.firstLost().map { $0.part != .database && !files.isLogForeign() } ?? true
    }
}
