import FoundationEssentials
import RelayCore
import Synchronization

/// Sees from the figures whether the relay moves: values in, alarms out.
///
/// Both alarms are about all workers together, because all of them may take what is due.
///
/// | alarm | is raised when | is cleared when |
/// |---|---|---|
/// | `relay.stalled` | something has been due and no attempt has ended for the lease's time and 30 s | an attempt ends, or nothing is due |
/// | `lane.stuck` | at two looks a lane had been leased for two thirds of the lease's time, 80 s at most | that lease has ended |
///
/// An attempt makes no call that could outlast its lease (``LeaseBoundSender``), so in the time of a lease each worker has
/// ended one, however slow the services are. What is not due doesn't count: paused installations, closed gates, open
/// breakers that are being probed. Nor does the end of a lease that ran out, as nobody has ended that attempt.
struct RelayWatch: Hashable, Sendable {
    /// How long a worker's lease lasts.
    let lease: Duration

    /// How many attempts had ended at the last look.
    private var ended: Int64?
    private var endedAt: Date?
    /// Since when, by the boot clock, something has been due at each look with no end of an attempt between them.
    private var idleSince: Duration?
    private var wasOverdue = false

    static let alarms: Set<Alarm.Name> = [.relayStalled, .laneStuck]

    private var longestIdle: Duration { lease + .seconds(30) }
    private var longestLease: Duration { min(lease, .seconds(120)) * 2 / 3 }

    init(lease: Duration) { self.lease = lease }

    /// - Parameter uptime: the present time of the boot clock, which nobody sets.
    /// - Returns: the alarms of ``alarms`` that are called for, each with its reason.
    mutating func observe(_ metrics: StoreMetrics, now: Date, uptime: Duration) -> [Alarm: String] {
        var wanted: [Alarm: String] = [:]
        if let reason = stall(in: metrics, now: now, uptime: uptime) { wanted[Alarm(.relayStalled)] = reason }
        if let reason = stuckLane(in: metrics) { wanted[Alarm(.laneStuck)] = reason }
        return wanted
    }

    private mutating func stall(in metrics: StoreMetrics, now: Date, uptime: Duration) -> String? {
        let count = metrics.endedAttempts
        let hasMoved = ended != nil && ended != count
        ended = count
        if hasMoved { endedAt = now }
        guard let dueSince = metrics.relay.dueSince, dueSince <= now else {
            idleSince = nil
            return nil
        }
        let start = hasMoved ? uptime : idleSince ?? uptime
        idleSince = start
        // A process that has just started hasn't seen it long enough to raise the alarm, nor to clear it.
        let isKnown = metrics.raised(.relayStalled).map { since in endedAt.map { $0 < since } ?? true } ?? false
        guard uptime - start >= longestIdle || isKnown else { return nil }
        return "deliveries have been due for \(Self.words(dueSince.duration(until: now))), and no attempt at one ends"
    }

    private mutating func stuckLane(in metrics: StoreMetrics) -> String? {
        guard let rest = metrics.relay.leaseEndsIn, lease - rest >= longestLease else {
            wasOverdue = false
            return nil
        }
        // Once may be what a worker left behind that was killed: the next one frees it within a second.
        defer { wasOverdue = true }
        guard wasOverdue || metrics.raised(.laneStuck) != nil else { return nil }
        return "a conversation has been leased for \(Self.words(lease - rest)), longer than an attempt takes"
    }

    private static func words(_ time: Duration) -> String {
        let seconds = Int(clamping: time.seconds)
        return seconds < 600 ? "\(seconds) s" : "\(seconds / 60) min"
    }
}

extension StoreMetrics {
    /// Attempts that somebody has ended, one way or another, and deliveries that a person has.
    fileprivate var endedAttempts: Int64 {
        let ends: [Counter] = [.delivered, .retried, .dead, .held, .discarded]
        return counters.values.reduce(0) { sum, flow in ends.reduce(sum) { $0 &+ (flow[$1] ?? 0) } }
    }

    /// Since when an alarm that belongs to no installation is raised.
    fileprivate func raised(_ name: Alarm.Name) -> Date? {
        alarms.first { $0.alarm == Alarm(name) }?.since
    }
}

/// Why the relay doesn't deliver what is due, for readiness. Kept up to date by a ``HealthKeeper``.
package final class Stalls: Sendable {
    private let reasons = Mutex<[Alarm.Name: String]>([:])

    package init() {}

    func update(_ wanted: [Alarm: String]) {
        reasons.withLock { reasons in
            reasons = [:]
            for (alarm, reason) in wanted where RelayWatch.alarms.contains(alarm.name) { reasons[alarm.name] = reason }
        }
    }

    /// One sentence for each.
    var present: [String] {
        reasons.withLock { $0 }.map { "\($0.rawValue): \($1)" }.sorted()
    }
}
