import Dispatch
import Foundation
import Synchronization

/// Threads of our own for reading without blocking the caller's.
///
/// GRDB's asynchronous reading keeps a connection across steps that need a thread of Swift's pool. There are no more of
/// those than processors, and when each of them waits for a connection, as a blocking read from a task does, nobody ever
/// gives one back. Here each connection comes with the thread to finish with it.
final class ReadingThreads: Sendable {
    private struct State {
        var jobs: [@Sendable () -> Void] = []
        var isClosing = false
    }

    private let count: Int
    private let state = Mutex(State())
    /// Signalled for each job, and at the end for each thread.
    private let work = DispatchSemaphore(value: 0)

    /// Starts the threads.
    init(count: Int) {
        self.count = max(1, count)
        for _ in 0..<self.count {
            let thread = Thread { self.run() }
            thread.name = "byoc-store-reader"
            thread.start()
        }
    }

    /// Does the job on one of the threads; after ``finish()`` on the caller's.
    func perform(_ job: @escaping @Sendable () -> Void) {
        let isAccepted = state.withLock { state in
            guard !state.isClosing else { return false }
            state.jobs.append(job)
            return true
        }
        if isAccepted { work.signal() } else { job() }
    }

    /// Takes nothing more; the threads do what is queued and end.
    func finish() {
        let isFirst = state.withLock { state in
            defer { state.isClosing = true }
            return !state.isClosing
        }
        guard isFirst else { return }
        for _ in 0..<count { work.signal() }
    }

    private func run() {
        while true {
            work.wait()
            // As many signals as jobs came first, so none is left when there is nothing to be had.
            guard let job = state.withLock({ $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }) else { return }
            job()
        }
    }
}
