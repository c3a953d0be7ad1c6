import Dispatch
import RelayCore
import Synchronization

/// Where a blocked thread finds what became of its change.
final class Answer<Value: Sendable>: Sendable {
    private let signal = DispatchSemaphore(value: 0)
    private let result = Mutex<Result<Value, StoreFailure>?>(nil)

    func give(_ result: Result<Value, StoreFailure>) {
        self.result.withLock { $0 = result }
        signal.signal()
    }

    /// - Returns: `nil` when the time was over first.
    func wait(until deadline: DispatchTime) -> Result<Value, StoreFailure>? {
        signal.wait(timeout: deadline) == .success ? result.withLock { $0 } : nil
    }

    func wait() -> Result<Value, StoreFailure> {
        signal.wait()
        return result.withLock { $0 } ?? .failure(.storeIsClosed)
    }
}
