import Dispatch
import Foundation
import GRDB
package import Logging
package import RelayCore
import Synchronization

/// The data store in one SQLite file, shared by all workers of a machine.
///
/// Whatever changes something goes through ``GroupCommit``; reading goes through connections of its own and is never held
/// up by a writer. The functions of each port are in the files named after what they do.
package final class SQLiteStore: Store {
    let configuration: SQLiteStoreConfiguration
    let files: DataDirectory
    let key: any SecretSealing
    let logger: Logger
    let database: any DatabaseWriter
    let commits: GroupCommit
    let watch: FileWatch
    /// Looks whether the installations have changed; `nil` where reading beside a writer isn't possible.
    let versions: VersionReaders?
    /// `nil` without a write-ahead log.
    private let checkpointer: Checkpointer?
    private let readers = ReadingThreads(count: 2)
    private let isClosed = Mutex(false)
    /// The locks that make this process's workers known as alive.
    let workerLocks = Mutex<[WorkerID: KernelLock]>([:])
    /// The installations as they were last read, and the version that they had.
    let knownInstallations = Mutex<KnownInstallations?>(nil)
    /// Held by this process while it sweeps.
    let sweepLock = Mutex<KernelLock?>(nil)
    /// Where the next claim begins to look, so that no installation is always the last.
    let rotation = Mutex<LaneGroup?>(nil)

    /// Opens the store, and makes it when there is none: directory, file and tables.
    ///
    /// Several processes may open it at once; one after the other does what is to be done.
    ///
    /// - Throws: `unavailable` when the directory or the file can't be used, `damaged` when the file is broken, is none of
    ///   ours or is from a newer version, `wrongKey` when its secrets were encrypted with another key; each with the path
    ///   and what to do.
    package static func open(
        _ configuration: SQLiteStoreConfiguration, key: any SecretSealing, logger: Logger
    ) throws(StoreFailure) -> SQLiteStore {
        let directory = try DataDirectory(configuration.directory, mustExist: configuration.mustExist)
        let lock = try KernelLock(path: directory.writeLock)
        guard try lock.acquire(within: configuration.openPatience) else {
            let reader = try? Connection.openForReading(directory, configuration)
            defer { try? reader?.close() }
            if let reader, (try? Schema.isEarlier(reader)) == true {
                throw StoreFailure(
                    .unavailable,
                    "another process is updating the data store in \(directory.path) to this version. A large one takes "
                        + "minutes; wait, and don't end it.",
                    isLocked: true)
            }
            throw StoreFailure(
                .unavailable,
                "the data store in \(directory.path) is locked by another process for more than "
                    + "\(configuration.openPatience). If one is stopped or hangs, end it: \(directory.writeLock).",
                isLocked: true)
        }
        defer { lock.release() }
        try directory.checkPresence(mark: lock.readMark())
        directory.removeStrayLog()
        try directory.makeDatabaseFile()
        let database = try Connection.open(directory, configuration, logger: logger)
        let hasLog = database is DatabasePool
        let versions =
            hasLog ? VersionReaders { try Connection.openForReading(directory, configuration) } : nil
        let checkpointer =
            hasLog ? Checkpointer(logger: logger) { try Connection.openForCheckpoints(directory, configuration) } : nil
        do {
            try Schema.migrate(database, logger: logger)
            try database.writeWithoutTransaction { db in
                try Connection.makeDurable(db)
                checkpointer?.watch(db)
                try db.inTransaction(.immediate) {
                    try key.check(in: db)
                    return .commit
                }
            }
            if lock.readMark().isEmpty { try lock.writeMark(DataDirectory.presenceMark) }
        } catch {
            checkpointer?.close()
            try? database.close()
            throw StoreFailure(error, path: directory.database)
        }
        return SQLiteStore(
            configuration, directory, key: key, database: database, versions: versions, checkpointer: checkpointer,
            lock: lock, logger: logger)
    }

    private init(
        _ configuration: SQLiteStoreConfiguration, _ files: DataDirectory, key: any SecretSealing,
        database: any DatabaseWriter, versions: VersionReaders?, checkpointer: Checkpointer?, lock: KernelLock,
        logger: Logger
    ) {
        self.configuration = configuration
        self.files = files
        self.key = key
        self.database = database
        self.versions = versions
        self.checkpointer = checkpointer
        self.logger = logger
        watch = FileWatch(OpenFiles(in: files), logger: logger)
        commits = GroupCommit(
            writer: database, lock: lock, checkpointer: checkpointer, watch: watch,
            batchLimit: configuration.batchLimit,
            logger: logger)
    }

    deinit {
        commits.finish()
        checkpointer?.finish()
        readers.finish()
    }

    /// Makes what is queued, then lets go of the file. Later calls are refused with `unavailable`.
    ///
    /// Blocks; at most for the configured time when another process keeps the lock.
    package func close() {
        readers.finish()
        // A connection that is closed can't be asked for a checkpoint a second time.
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        let isEnded = commits.close(within: configuration.closePatience)
        checkpointer?.close()
        versions?.close()
        if isEnded, isFirst {
            // The last connection that SQLite closes may be one for reading, which can't do this: what stands only in the
            // write-ahead log goes into the file, so that a copy of the file alone is whole. Another process that is
            // doing the same at this moment does it for both. Not where others have begun another log meanwhile.
            if watch.mayCheckpoint { try? database.writeWithoutTransaction { db in _ = try db.checkpoint(.passive) } }
            do {
                try database.close()
            } catch {
                // Everything is durable; the connections are closed by the end of the process.
                logger.warning("The data store's file can't be closed", metadata: ["store.failure": "\(error)"])
            }
        }
        workerLocks.withLock { $0.removeAll() }
        sweepLock.withLock { $0 = nil }
    }

    /// How it works, as the writing connection says.
    package struct Condition: Hashable, Sendable {
        package var journal: String
        /// SQLite's number: 2 is FULL, 3 is EXTRA.
        package var synchronous: Int
        package var foreignKeys: Bool
        /// Commits of this process.
        package var commits: Int
        /// Changes that they carried.
        package var changes: Int
        /// Changes that wait.
        package var queued: Int
    }

    /// Blocks until the writing connection is free.
    package func condition() throws(StoreFailure) -> Condition {
        let statistics = commits.statistics
        do {
            return try database.writeWithoutTransaction { db in
                Condition(
                    journal: try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? "",
                    synchronous: try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? 0,
                    foreignKeys: try Bool.fetchOne(db, sql: "PRAGMA foreign_keys") ?? false,
                    commits: statistics.commits, changes: statistics.changes, queued: statistics.queued)
            }
        } catch {
            throw StoreFailure(error, path: files.database)
        }
    }

    /// Whether the files were replaced under this process, so that it has to open the store again. Everything is refused
    /// until then.
    package var mustReopen: Bool { watch.mustReopen }

    /// Changes that wait for their commit to begin.
    package var queued: Int { commits.statistics.queued }

    // MARK: Changing and reading

    /// Makes a change and waits, without a thread, until it is durable. However long that takes: what the relay records
    /// has happened, and can't be taken back.
    func change<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreFailure) -> Value {
        try await changeCounting { db, _ in try body(db) }
    }

    /// As ``change(_:)``, for what is counted too.
    func changeCounting<Value: Sendable>(
        _ body: @escaping QueuedValueChange<Value>.Body
    ) async throws(StoreFailure) -> Value {
        let result = await withCheckedContinuation { continuation in
            commits.enqueue(QueuedValueChange(body) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    /// Makes a change and blocks the thread until it is durable, or until the patience is at its end and it hasn't begun.
    func changeBlocking<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) throws(StoreFailure) -> Value {
        try changeCountingBlocking { db, _ in try body(db) }
    }

    /// As ``changeBlocking(_:)``, for what is counted too.
    func changeCountingBlocking<Value: Sendable>(
        _ body: @escaping QueuedValueChange<Value>.Body
    ) throws(StoreFailure) -> Value {
        let answer = Answer<Value>()
        let change = QueuedValueChange(body) { answer.give($0) }
        commits.enqueue(change)
        if let result = answer.wait(until: .now() + configuration.patience.seconds) { return try result.get() }
        if commits.withdraw(change) {
            throw StoreFailure(
                .unavailable,
                "the data store \(files.database) is locked by another process for more than "
                    + "\(configuration.patience)")
        }
        return try answer.wait().get()
    }

    /// Reads, and waits for it without a thread.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StoreFailure) -> Value {
        try await onReadingThread { [database] in try database.read(body) }
    }

    /// Does what blocks on a thread of our own.
    func onReadingThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws(StoreFailure) -> Value {
        let result: Result<Value, any Error> = await withCheckedContinuation { continuation in
            readers.perform { continuation.resume(returning: Result { try work() }) }
        }
        do {
            return try result.get()
        } catch {
            throw StoreFailure(error, path: files.database)
        }
    }
}
