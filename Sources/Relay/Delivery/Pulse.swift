import FoundationEssentials
import Synchronization

/// Tells readiness that the relay is alive: it beats each time it has looked at the outbox.
package final class Pulse: Sendable {
    private let last: Mutex<Date>
    private let now: @Sendable () -> Date
    private let limit: Double

    /// Being made counts as a beat: a relay that is only starting isn't dead.
    ///
    /// - Parameter limit: for how long a beat counts.
    package init(time: RelayTime, limit: Duration = .seconds(15)) {
        now = time.now
        last = Mutex(time.now())
        self.limit = limit.seconds
    }

    func beat() {
        let instant = now()
        last.withLock { $0 = instant }
    }

    package var isBeating: Bool {
        abs(now().timeIntervalSince(last.withLock { $0 })) <= limit
    }
}
