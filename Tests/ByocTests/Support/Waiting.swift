// Waiting: by the simulators' log wherever it tells, else by looking again and again, here and nowhere else.

import Simulators
import Testing

/// Long enough for a busy machine; a test that passes never waits so long.
let patience = Duration.seconds(45)

extension ByocStack {
    /// Waits until the condition holds; it is looked at after everything that the far sides see.
    ///
    /// - Throws: ``StackFailure`` when it does not come true.
    func wait(
        for what: String, timeout: Duration = patience, until condition: @escaping @Sendable () -> Bool
    ) async throws {
        guard await log.wait(timeout: timeout, until: condition) else {
            throw StackFailure("waited in vain for \(what)")
        }
    }

    /// Waits until an entry of the log is as wanted.
    @discardableResult
    func waitForEntry(
        _ what: String, since number: Int = 0, where isWanted: @escaping @Sendable (LogEntry) -> Bool
    ) async throws -> LogEntry {
        try await wait(for: what) { self.log.entries(since: number).contains(where: isWanted) }
        return try #require(log.entries(since: number).first(where: isWanted))
    }

    /// Waits until the far sides have nothing to send any more.
    func settle() async throws {
        guard await sandbox.settle(timeout: patience) else { throw StackFailure("the far sides did not settle") }
    }
}

/// Looks again and again, for what no log and no process tells: that a port is open, that the store has changed.
func poll(_ what: String, _ isThere: @Sendable () async throws -> Bool) async throws {
    let end = ContinuousClock.now + patience
    while try await !isThere() {
        guard ContinuousClock.now < end else { throw StackFailure("waited in vain for \(what)") }
        try await Task.sleep(for: .milliseconds(20))
    }
}
