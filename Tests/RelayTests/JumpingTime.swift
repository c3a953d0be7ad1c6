import FoundationEssentials
import Relay
import RelayCore
import Synchronization

/// Time that stands still until somebody sleeps while nothing is being made: then it jumps to the end of the sleep.
final class JumpingTime: Sendable {
    private let instant = Mutex(Date(timeIntervalSince1970: 1_790_000_000))
    private let work = Mutex<@Sendable () -> Bool>({ false })

    /// Sets what tells whether something is being made, for which time stands still.
    func stands(while isBusy: @escaping @Sendable () -> Bool) { work.withLock { $0 = isBusy } }

    private var isBusy: Bool { work.withLock { $0 }() }

    var now: Date { instant.withLock { $0 } }

    func advance(_ seconds: Double) { instant.withLock { $0 += seconds } }

    /// Goes with the wall clock, which nobody sets here.
    var bootClock: BootClock {
        BootClock { .seconds(self.now.timeIntervalSince1970 - 1_789_999_000) }
    }

    /// From this duration on a sleep lasts until it is cancelled, and time stands still for it.
    static let forever = Duration.seconds(1_000_000)

    /// A sleep of the relay takes no time on the wall, but gives way to others.
    var relayTime: RelayTime {
        RelayTime(
            now: { self.now },
            sleep: { duration in
                if duration >= Self.forever {
                    for await _ in AsyncStream<Never>.makeStream().stream {}
                }
                repeat {
                    try Task.checkCancellation()
                    await Task.yield()
                } while self.isBusy
                self.advance(duration / .seconds(1))
            },
            random: { $0.upperBound }, bootClock: bootClock)
    }
}
