import Glibc
import Simulators

extension Processes {
    /// Stops a process, but not in the middle of a commit: it would keep the data store's write lock, for which all others
    /// wait.
    ///
    /// - Parameter dataFolder: the one that it works on.
    /// - Returns: whether it is stopped; `false` if it ended first.
    static func stop(_ pid: pid_t, outsideOfCommitsTo dataFolder: String) async throws -> Bool {
        let lock = open("\(dataFolder)/write.lock", O_RDWR | O_CLOEXEC)
        guard lock >= 0 else { throw StackFailure("\(dataFolder) has no write.lock") }
        defer { close(lock) }
        try await poll("the write lock") { flock(lock, LOCK_EX | LOCK_NB) == 0 }
        kill(pid, SIGSTOP)
        try await poll("\(pid) to be stopped") { !isAlive(pid) || isStopped(pid) }
        return isAlive(pid)
    }
}
