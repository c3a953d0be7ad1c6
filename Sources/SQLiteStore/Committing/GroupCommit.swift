import Dispatch
import Foundation
import GRDB
import Logging
import RelayCore
import Synchronization

/// Makes all changes of this process, on one thread: those that wait at the same moment share one commit, and so one
/// wait for the disk.
///
/// In front of each transaction stands the fair lock between processes. While that is waited for, more changes gather.
final class GroupCommit: Sendable {
    /// What it has done so far.
    struct Statistics: Sendable {
        var commits = 0
        var changes = 0
        var queued = 0
    }

    private struct State {
        /// In the order of arrival; those that have begun are taken out.
        var queue: [any Change] = []
        var isClosing = false
        var isIdle = true
        var isFailing = false
        /// The last commit found no room.
        var isFull = false
        var commits = 0
        var changes = 0
    }

    private let writer: any DatabaseWriter
    private let lock: KernelLock
    private let checkpointer: Checkpointer?
    private let watch: FileWatch
    private let batchLimit: Int
    private let logger: Logger
    private let state = Mutex(State())
    /// Signalled when there is something to do and the thread was told that there was nothing.
    private let work = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// Starts the thread.
    init(
        writer: any DatabaseWriter, lock: KernelLock, checkpointer: Checkpointer?, watch: FileWatch, batchLimit: Int,
        logger: Logger
    ) {
        self.writer = writer
        self.lock = lock
        self.checkpointer = checkpointer
        self.watch = watch
        self.batchLimit = max(1, batchLimit)
        self.logger = logger
        let thread = Thread { self.run() }
        thread.name = "byoc-store-writer"
        thread.start()
    }

    var statistics: Statistics {
        state.withLock { Statistics(commits: $0.commits, changes: $0.changes, queued: $0.queue.count) }
    }

    /// Whether the last commit failed because the disk is full.
    var isFull: Bool { state.withLock { $0.isFull } }

    /// Queues a change. It is told its end in any case: done, refused, or that the store is closed.
    func enqueue(_ change: any Change) {
        let isAccepted = state.withLock { state in
            guard !state.isClosing else { return false }
            state.queue.append(change)
            if state.isIdle {
                state.isIdle = false
                work.signal()
            }
            return true
        }
        if !isAccepted, change.begin() { change.end(.storeIsClosed) }
    }

    /// Takes a change out again, unless it has begun.
    ///
    /// - Returns: whether it is withdrawn, and so will never be made.
    func withdraw<Value>(_ change: ValueChange<Value>) -> Bool {
        guard change.withdraw() else { return false }
        state.withLock { $0.queue.removeAll { $0 === change } }
        return true
    }

    /// Takes nothing more, makes what is queued, and ends the thread.
    ///
    /// - Parameter patience: how long to wait for that. What hasn't begun by then, because another process keeps the
    ///   lock, is refused.
    /// - Returns: whether the thread has ended, so that the database may be closed.
    func close(within patience: Duration) -> Bool {
        finish()
        if ended.wait(timeout: .now() + patience.seconds) == .success {
            ended.signal()
            return true
        }
        let rest = state.withLock { state in
            defer { state.queue = [] }
            return state.queue
        }
        for change in rest where change.begin() { change.end(.storeIsClosed) }
        return false
    }

    /// Takes nothing more; the thread makes what is queued and ends.
    func finish() {
        state.withLock { state in
            guard !state.isClosing else { return }
            state.isClosing = true
            state.isIdle = false
            work.signal()
        }
    }

    // MARK: The thread

    private func run() {
        while waitForWork() {
            let batch: [any Change]
            do throws(StoreFailure) {
                try lock.acquire()
                batch = takeBatch()
            } catch {
                report(error)
                for change in takeBatch() { change.end(error) }
                continue
            }
            // Looked at before, so that nothing is done in vain, and after, so that nothing is acknowledged in vain.
            let failure = obstacle() ?? commit(batch) ?? obstacle()
            lock.release()
            checkpointer?.committed()
            report(failure)
            for change in batch { change.end(failure) }
        }
        ended.signal()
    }

    /// - Returns: false when there is nothing to do any more.
    private func waitForWork() -> Bool {
        while true {
            let next: Bool? = state.withLock { state in
                if !state.queue.isEmpty { return true }
                if state.isClosing { return false }
                state.isIdle = true
                return nil
            }
            if let next { return next }
            work.wait()
        }
    }

    private func takeBatch() -> [any Change] {
        let taken = state.withLock { state in
            let taken = Array(state.queue.prefix(batchLimit))
            state.queue.removeFirst(taken.count)
            return taken
        }
        return taken.filter { $0.begin() }
    }

    private func obstacle() -> StoreFailure? {
        guard let failure = watch.obstacle() else { return nil }
        watch.save(with: writer)
        return failure
    }

    /// - Returns: why none of them is made; `nil` when each that wasn't refused by itself is durable.
    private func commit(_ batch: [any Change]) -> StoreFailure? {
        guard !batch.isEmpty else { return nil }
        do {
            try writer.writeWithoutTransaction { db in
                checkpointer?.prepare(db)
                // Hardly ever is one refused, so that each is made alone only after that has happened.
                if try !makeTogether(batch, in: db) { try makeEach(of: batch, in: db) }
            }
            state.withLock { state in
                state.isFull = false
                state.commits += 1
                state.changes += batch.count
            }
            return nil
        } catch {
            let isFull = (error as? DatabaseError)?.resultCode == .SQLITE_FULL
            state.withLock { $0.isFull = isFull }
            return StoreFailure(error, path: writer.path)
        }
    }

    /// - Returns: false when one of several was refused, and none is made.
    private func makeTogether(_ batch: [any Change], in db: Database) throws -> Bool {
        var isRefused = false
        try db.inTransaction(.immediate) {
            do {
                try make(batch, in: db)
                return .commit
            } catch {
                guard batch.count > 1 else { throw error }
                isRefused = true
                return .rollback
            }
        }
        return !isRefused
    }

    private func make(_ changes: [any Change], in db: Database) throws {
        var tally = CounterTally()
        for change in changes { try change.make(in: db, path: writer.path, counting: &tally) }
        try Counters.add(tally, in: db)
    }

    /// Makes them so that the failure of one takes nothing else along.
    private func makeEach(of batch: [any Change], in db: Database) throws {
        try db.inTransaction(.immediate) {
            for change in batch {
                try db.run("SAVEPOINT change")
                do {
                    try make([change], in: db)
                } catch {
                    // After some errors SQLite has rolled everything back by itself; then nothing of the batch is left.
                    guard db.isInsideTransaction else { throw error }
                    try db.run("ROLLBACK TO change")
                }
                try db.run("RELEASE change")
            }
            return .commit
        }
    }

    /// Logs when the trouble begins and when it is over, not once for each caller: those are told anyway.
    private func report(_ failure: StoreFailure?) {
        let isFailing = failure.map { [.unavailable, .damaged, .gone].contains($0.kind) } ?? false
        let wasFailing = state.withLock { state in
            defer { state.isFailing = isFailing }
            return state.isFailing
        }
        if isFailing, !wasFailing, let failure {
            logger.error("The data store can't be written", metadata: ["store.failure": "\(failure.message)"])
        } else if wasFailing, !isFailing {
            logger.notice("The data store can be written again")
        }
    }
}

extension StoreFailure {
    static var storeIsClosed: StoreFailure { StoreFailure(.unavailable, "the data store is closed") }
}
