import FoundationEssentials
import RelayCore
import Synchronization

/// Counts webhooks in the memory of this process; ``HealthKeeper`` brings it into the store every few seconds. A process
/// that is killed takes the last seconds of these figures with it, and of these only.
package final class IntakeMeter: Sendable {
    private let tally = Mutex(IntakeTally())

    package init() {}

    /// A webhook was answered with success.
    func acknowledged(_ flows: [Flow], at instant: Date, after time: Duration) {
        tally.withLock { tally in
            for flow in flows {
                tally.acknowledgements[flow, default: Histogram(.acknowledgement)]
                    .record(microseconds: time.microseconds)
                tally.lastAt[flow] = max(tally.lastAt[flow] ?? instant, instant)
            }
        }
    }

    /// A webhook's signature was looked at.
    func verified(_ flows: [Flow], isGenuine: Bool, body: [UInt8]) {
        let isASCII = body.allSatisfy { $0 < 0x80 }
        tally.withLock { tally in
            for flow in flows {
                tally.signatures[flow, default: SignatureTally()].note(isGenuine: isGenuine, isASCII: isASCII)
            }
        }
    }

    /// Freshchat told something about these installations.
    func heard(_ installations: Set<InstallationID>, at instant: Date) {
        tally.withLock { tally in
            for installation in installations {
                tally.heardAt[installation] = max(tally.heardAt[installation] ?? instant, instant)
            }
        }
    }

    /// An event came for an installation by the webhook of another account, and was refused.
    func refusedForeign(_ flow: Flow) {
        tally.withLock { $0.foreign[flow, default: 0] += 1 }
    }

    /// Gives out what was counted since the last time, and starts again from zero.
    func take() -> IntakeTally {
        tally.withLock { tally in
            defer { tally = IntakeTally() }
            return tally
        }
    }

    /// Takes back what couldn't be stored.
    func putBack(_ earlier: IntakeTally) {
        tally.withLock { tally in
            var both = earlier
            both.add(tally)
            tally = both
        }
    }
}
