package import FoundationEssentials
package import RelayCore

/// Time as a parameter, so that tests need not wait for it.
package struct RelayTime: Sendable {
    package var now: @Sendable () -> Date
    /// Returns after the duration, or earlier by throwing when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// Uniform in the range; the source of the backoff's jitter.
    package var random: @Sendable (ClosedRange<Double>) -> Double
    /// What leases are measured by.
    package var bootClock: BootClock

    package init(
        now: @escaping @Sendable () -> Date, sleep: @escaping @Sendable (Duration) async throws -> Void,
        random: @escaping @Sendable (ClosedRange<Double>) -> Double, bootClock: BootClock = .system
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
        self.bootClock = bootClock
    }

    package static let system = RelayTime(
        now: { Date() }, sleep: { try await Task.sleep(for: $0) }, random: { .random(in: $0) })
}

extension Date {
    func adding(_ duration: Duration) -> Date { addingTimeInterval(duration.seconds) }

    func duration(until later: Date) -> Duration { .seconds(later.timeIntervalSince(self)) }
}

extension Duration {
    package var seconds: Double { self / .seconds(1) }
}
