import Synchronization

/// Wakes those who wait for a condition each time when something has changed.
package final class ChangeSignal: Sendable {
    private struct State {
        var changes = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// To be called after the change.
    package func note() {
        let waiters = state.withLock { state in
            state.changes += 1
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Waits until the condition holds, which is evaluated again after each change.
    ///
    /// - Returns: false when it did not hold within the time-out.
    package func wait(timeout: Duration, until condition: @escaping @Sendable () -> Bool) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    let seen = self.state.withLock { $0.changes }
                    if condition() { return true }
                    await self.waitForChange(after: seen)
                }
                return condition()
            }
            group.addTask {
                try? await Task.sleep(for: timeout)
                return condition()
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    private func waitForChange(after seen: Int) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    guard state.changes == seen, !Task.isCancelled else { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
