import Foundation
import Glibc
import Simulators

// Workers that are stopped for longer than a lease, and wake.
extension TortureRun {
    /// Where too many hang already, it waits for one of them to wake: somebody has to be there to take over.
    mutating func hang(_ point: String, direction: String, passes: Int) async throws {
        guard hanging.count < max(1, byoc.workers - 2) else {
            let task = Task.hang(point: point, direction: direction, passes: passes)
            return agenda.append((ContinuousClock.now + .seconds(1), task))
        }
        // In the place of an order to kill: somebody else is killed for it.
        if points.isArmed(point) { try await kill(.worker) }
        try points.arm(point, passes: passes, signal: 0, word: direction)
    }

    /// Stops a worker that waits at a point, for longer than a lease, but not while it has the store's write lock: all others
    /// would wait with it, and there would be nobody to take its deliveries over.
    mutating func stop(_ worker: pid_t) async throws {
        let lock = open("\(byoc.folder)/data/write.lock", O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { throw TortureFailure("the store's write.lock can't be opened") }
        defer { close(lock) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            return agenda.append((ContinuousClock.now, .stop(worker)))
        }
        _ = Glibc.kill(worker, SIGSTOP)
        while !Processes.isStopped(worker) { try await Swift.Task.sleep(for: .milliseconds(1)) }
        points.letGo(worker)
        note("freeze", subject: "\(worker)", text: "hangs")
        agenda.append((ContinuousClock.now + hangTime, .thaw(worker)))
    }
}
