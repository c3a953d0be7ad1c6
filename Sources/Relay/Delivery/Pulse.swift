import FoundationEssentials
import Synchronization

/// Tells readiness that the relay is alive: it beats each time it has looked at the outbox.
package final class Pulse: Sendable {
    private let last: Mutex<Date?> = Mutex(nil)
    private let now: @Sendable () -> Date
    private let limit: Double

    /// - Parameter limit: for how long a beat counts.
    package init(time: RelayTime, limit: Duration = .seconds(15)) {
        now = time.now
        self.limit = limit.seconds
    }

    func beat() {
        let instant = now()
        last.withLock { $0 = instant }
    }

    package var isBeating: Bool {
        guard let last = last.withLock({ $0 }) else { return false }
        return abs(now().timeIntervalSince(last)) <= limit
    }
}
