import Glibc

/// The time since the machine was started, suspended time included: what leases are measured by.
///
/// All processes of a machine read the same value, it goes on while one of them is stopped, and nobody sets it. The wall
/// clock is set by people and by NTP; a jump of an hour would end each living lease, or none for an hour.
package struct BootClock: Sendable {
    package var now: @Sendable () -> Duration

    package init(now: @escaping @Sendable () -> Duration) { self.now = now }

    /// `CLOCK_BOOTTIME` (clock_gettime(2)).
    package static let system = BootClock {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
