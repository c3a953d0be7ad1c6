package import FoundationEssentials
package import RelayCore
import Synchronization

/// What a ``MemoryStore`` has counted, and what is wrong.
struct MemoryFigures {
    var counters: [Flow: [Counter: Int64]] = [:]
    var histograms: [Histogram.Kind: [Flow: Histogram]] = [:]
    var signatures: [Flow: SignatureTally] = [:]
    var lastWebhooks: [Flow: Date] = [:]
    var lastWithheld: [Flow: Date] = [:]
    /// When Freshchat last told anything about an installation, and the newest delivery accepted until then.
    var heard: [InstallationID: (at: Date, newest: Int64)] = [:]
    /// When the poll last found what no webhook had brought.
    var found: [InstallationID: Date] = [:]
    var alarms: [Alarm: RaisedAlarm] = [:]
    var minutes: [Flow: [Int64: MinuteMark]] = [:]
    /// What ``MemoryStore/load(waitingUpTo:)`` says is free.
    var free: Int64?

    mutating func add(_ counter: Counter, _ flow: Flow, by amount: Int64 = 1) {
        counters[flow, default: [:]][counter, default: 0] += amount
    }

    mutating func addEnd(_ end: Delivery.State, _ delivery: Delivery, isUndecided: Bool) {
        let flow = Flow(delivery.installation, delivery.direction)
        switch end {
        case .dead: add(.dead, flow)
        case .held: add(.held, flow)
        case .discarded:
            add(.discarded, flow)
            if isUndecided { add(.accepted, flow) }
        case .waiting, .delivered: break
        }
    }

    mutating func addDelivered(_ delivery: Delivery, now: Date) {
        let flow = Flow(delivery.installation, delivery.direction)
        add(.delivered, flow)
        if delivery.isNote { add(.notesDelivered, flow) }
        if delivery.isLate { add(.late, flow) }
        var histogram = Histogram(.delivery)
        histogram.record(microseconds: Int64((now.timeIntervalSince(delivery.acceptedAt) * 1000).rounded()) * 1000)
        add(histogram, flow)
    }

    mutating func add(_ histogram: Histogram, _ flow: Flow) {
        histograms[histogram.kind, default: [:]][flow, default: Histogram(histogram.kind)].add(histogram)
    }
}

extension MemoryStore {
    /// What the file system is said to have free from now on; `nil`: it doesn't tell.
    package func pretend(free: Int64?) { state.withLock { $0.figures.free = free } }

    package func count(_ counter: Counter, _ flow: Flow, by amount: Int) async throws(StoreFailure) {
        state.withLock { $0.figures.add(counter, flow, by: Int64(amount)) }
    }

    package func add(_ tally: IntakeTally) async throws(StoreFailure) {
        try probe()
        state.withLock { state in
            for (flow, histogram) in tally.acknowledgements { state.figures.add(histogram, flow) }
            state.figures.lastWebhooks.merge(tally.lastAt) { max($0, $1) }
            for (installation, instant) in tally.heardAt {
                let newest = state.deliveries.values.filter { $0.acceptedAt <= instant }.map(\.id.rawValue).max() ?? 0
                let earlier = state.figures.heard[installation] ?? (instant, newest)
                state.figures.heard[installation] = (max(earlier.at, instant), max(earlier.newest, newest))
            }
            for (flow, count) in tally.foreign { state.figures.add(.foreign, flow, by: count) }
            for (flow, signatures) in tally.signatures {
                state.figures.signatures[flow, default: SignatureTally()].add(signatures)
                if signatures.failures > 0 { state.figures.add(.signatureFailures, flow, by: signatures.failures) }
            }
        }
    }

    package func metrics() throws(StoreFailure) -> StoreMetrics {
        try probe()
        let uptime = bootClock.now()
        return state.withLock { state in
            var metrics = StoreMetrics()
            metrics.installations = state.present.map { installation in
                let hasKey = !installation.helpdesk.webhookPublicKey.isEmpty
                if case .paused(let reason, _, _) = installation.state {
                    return .init(id: installation.id, pausedReason: reason, hasWebhookKey: hasKey)
                }
                return .init(id: installation.id, pausedReason: nil, hasWebhookKey: hasKey)
            }
            for installation in metrics.installations.map(\.id) {
                metrics.helpdesk[installation] = state.helpdeskSigns(of: installation)
            }
            metrics.counters = state.figures.counters
            metrics.histograms = state.figures.histograms
            for (flow, tally) in state.figures.signatures {
                metrics.signatures[flow, default: .init()].ascii = tally.ascii.failures
                metrics.signatures[flow, default: .init()].other = tally.other.failures
            }
            metrics.lastWebhooks = state.figures.lastWebhooks
            metrics.lastWithheld = state.figures.lastWithheld
            metrics.alarms = state.figures.raised
            metrics.breakers = state.openBreakers
            for breaker in metrics.breakers { metrics.breakerReasons[breaker] = state.reason(for: breaker) }
            metrics.relay.dueSince = state.nextDue
            metrics.relay.leaseEndsIn = state.lanes.values.compactMap { $0.lease?.until }.min().map { $0 - uptime }
            metrics.size.free = state.figures.free
            for delivery in state.deliveries.values {
                let flow = Flow(delivery.installation, delivery.direction)
                var outbox = metrics.outbox[flow] ?? .init()
                switch delivery.state {
                case .waiting:
                    outbox.waiting += 1
                    if delivery.isNote { outbox.waitingNotes += 1 }
                    if delivery.doubtSince != nil { outbox.inDoubt += 1 }
                    outbox.oldestWaiting = min(outbox.oldestWaiting ?? delivery.acceptedAt, delivery.acceptedAt)
                case .held: outbox.held += 1
                case .dead:
                    outbox.dead += 1
                    if delivery.isNote { outbox.deadNotes += 1 }
                case .delivered, .discarded: continue
                }
                metrics.outbox[flow] = outbox
            }
            return metrics
        }
    }

    package func currentMetrics() async throws(StoreFailure) -> StoreMetrics { try metrics() }

    package func keepMinute(of metrics: StoreMetrics, now: Date) async throws(StoreFailure) {
        try probe()
        let minute = MinuteMark.minute(of: now)
        state.withLock { state in
            for flow in metrics.flows {
                let slot = minute % FlowHistory.capacity
                guard state.figures.minutes[flow]?[slot]?.minute != minute else { continue }
                state.figures.minutes[flow, default: [:]][slot] = MinuteMark(metrics, flow, minute: minute)
            }
        }
    }

    package func minutes() async throws(StoreFailure) -> [Flow: [MinuteMark]] {
        try probe()
        return state.withLock { $0.figures.minutes.mapValues { $0.values.sorted { $0.minute < $1.minute } } }
    }

    package func load(waitingUpTo limit: Int) async throws(StoreFailure) -> StoreLoad {
        if let refusal = state.withLock({ $0.refusal }), refusal.kind == .gone { throw refusal }
        return state.withLock { state in
            StoreLoad(
                waiting: min(limit, state.deliveries.values.count { $0.state == .waiting }), free: state.figures.free)
        }
    }

    package func alarms() async throws(StoreFailure) -> [RaisedAlarm] {
        state.withLock { $0.figures.raised }
    }

    package func raise(_ alarm: Alarm, because reason: String, now: Date) async throws(StoreFailure) -> Bool {
        try probe()
        return state.withLock { state in
            guard state.figures.alarms[alarm] == nil else { return false }
            state.figures.alarms[alarm] = RaisedAlarm(alarm, reason: reason, since: now)
            return true
        }
    }

    package func clear(_ alarm: Alarm) async throws(StoreFailure) -> Bool {
        try probe()
        return state.withLock { $0.figures.alarms.removeValue(forKey: alarm) != nil }
    }
}

extension MemoryFigures {
    var raised: [RaisedAlarm] {
        func key(_ raised: RaisedAlarm) -> (String, String, String) {
            (raised.alarm.name.rawValue, raised.alarm.installation?.rawValue ?? "", raised.alarm.subject)
        }
        return alarms.values.sorted { key($0) < key($1) }
    }
}

extension MemoryState {
    fileprivate func helpdeskSigns(of installation: InstallationID) -> HelpdeskSigns {
        var signs = HelpdeskSigns()
        signs.lastHeard = figures.heard[installation]?.at
        signs.lastFound = figures.found[installation]
        let bound = DeliveryID(rawValue: figures.heard[installation]?.newest ?? 0)
        let posts = deliveries.values.filter { delivery in
            guard delivery.installation == installation, delivery.state == .delivered, delivery.id > bound,
                case .message = delivery.payload
            else { return false }
            return true
        }.sorted { $0.id < $1.id }.prefix(HelpdeskSigns.countLimit)
        signs.postsUnheard = posts.count
        signs.firstPostUnheard = posts.compactMap(\.finishedAt).min()
        return signs
    }
}
