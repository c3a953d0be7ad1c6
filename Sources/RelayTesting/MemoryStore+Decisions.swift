package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func redrive(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let row = try state.decidable(delivery, by: .retry)
            state.keep(.init(redriving: row), about: row, from: origin, now: now)
            state.putBack(row, now: now)
        }
    }

    package func confirmArrival(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            var row = try state.decidable(delivery, by: .confirmedArrival)
            state.keep(.confirmedArrival, about: row, from: origin, now: now)
            row.progress += 1
            row.doubtSince = nil
            state.putBack(row, now: now)
        }
    }

    package func discard(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let row = try state.decidable(delivery, by: .discard)
            state.keep(.discard, about: row, from: origin, now: now)
            state.deliveries[delivery]?.state = .discarded
            state.deliveries[delivery]?.finishedAt = now
            state.deliveries[delivery]?.doubtSince = nil
            state.deliveries[delivery]?.cause = nil
            state.figures.addEnd(.discarded, row, isUndecided: state.isUndecided(row))
            if state.lanes[row.orderingKey]?.lease == nil { state.freeLane(row.orderingKey) }
            if let account = state.undecidedAccount(of: row) { state.clearUndecided(account.id) }
        }
    }

    package func refusals(
        of decision: DeliveryDecision.Kind, about deliveries: [DeliveryID]
    ) async throws(StoreFailure) -> [DeliveryID: StoreFailure] {
        state.withLock { state in
            deliveries.reduce(into: [:]) { refusals, id in
                do throws(StoreFailure) {
                    _ = try state.decidable(id, by: decision)
                } catch {
                    refusals[id] = error
                }
            }
        }
    }

    package func decisions(of delivery: DeliveryID) async throws(StoreFailure) -> [DeliveryDecision] {
        state.withLock { $0.decisions[delivery] ?? [] }
    }

    package func waitReasons(
        of deliveries: [DeliveryID], now: Date
    ) async throws(StoreFailure) -> [DeliveryID: WaitReason] {
        state.withLock { state in
            deliveries.reduce(into: [:]) { reasons, id in
                if let facts = state.waitFacts(of: id) { reasons[id] = WaitReason(facts, now: now) }
            }
        }
    }
}

extension MemoryState {
    fileprivate mutating func keep(
        _ kind: DeliveryDecision.Kind, about delivery: Delivery, from origin: DeliveryDecision.Origin, now: Date
    ) {
        decisions[delivery.id, default: []].append(
            DeliveryDecision(kind, piece: delivery.progress, at: now, from: origin))
    }

    fileprivate func waitFacts(of id: DeliveryID) -> WaitFacts? {
        guard let delivery = deliveries[id], delivery.state == .waiting else { return nil }
        let side = side(of: delivery)
        let account = account(of: delivery)
        let scopes = live(delivery.installation)?.scopes(to: side) ?? account.map { [.account($0)] } ?? []
        let undecided = undecidedAccount(of: delivery)
        let owner = live(delivery.installation)
        let lane = lanes[delivery.orderingKey]
        let attempt = attempts.last { $0.attempt.delivery == id && $0.attempt.outcome == nil }
        return WaitFacts(
            id: id, nextAttemptAt: delivery.nextAttemptAt, side: side, head: head(of: delivery.orderingKey)?.id,
            underWaySince: lane?.lease?.delivery == id ? attempt?.attempt.startedAt : nil,
            installation: undecided == nil ? owner?.ownState ?? .removed : .active,
            account: undecided?.state ?? owner?.accountState(of: side) ?? .active, gate: closedUntil(scopes),
            isBreakerOpen: account.flatMap { breakers[$0] }?.isOpen ?? false,
            wakesOnContact: lane?.wakesOnContact != nil,
            hasWorker: !workers.isEmpty)
    }

    /// It waits again, due now, in its place.
    fileprivate mutating func putBack(_ delivery: Delivery, now: Date) {
        var row = delivery
        if row.state == .held { row.doubtSince = nil }
        row.state = .waiting
        row.attempts = 0
        row.nextAttemptAt = now
        row.finishedAt = nil
        row.reason = ""
        row.detail = ""
        row.cause = nil
        if let lease = lanes[row.orderingKey]?.lease, lease.delivery > row.id { row.isLate = true }
        deliveries[row.id] = row
        if lanes[row.orderingKey] == nil { lanes[row.orderingKey] = Lane() }
        if let account = undecidedAccount(of: row) { clearUndecided(account.id) }
        if lanes[row.orderingKey]?.lease == nil { freeLane(row.orderingKey) }
    }

    /// A delivery that a person may decide about in this way.
    fileprivate func decidable(
        _ id: DeliveryID, by decision: DeliveryDecision.Kind
    ) throws(StoreFailure) -> Delivery {
        let delivery = try idle(id)
        guard decision == .confirmedArrival else { return delivery }
        guard delivery.doubtSince != nil else { throw StoreFailure(.conflict, "delivery \(id) isn't in doubt") }
        guard case .reply = delivery.payload else {
            throw StoreFailure(.conflict, "delivery \(id) isn't a reply: byoc looks it up by itself")
        }
        return delivery
    }

    /// A delivery that a person may still decide about.
    fileprivate func idle(_ id: DeliveryID) throws(StoreFailure) -> Delivery {
        guard let delivery = deliveries[id] else { throw StoreFailure(.notFound, "there is no delivery \(id)") }
        guard delivery.state != .delivered, delivery.state != .discarded else {
            throw StoreFailure(.conflict, "delivery \(id) is \(delivery.state.rawValue) already")
        }
        guard live(delivery.installation) != nil || undecidedAccount(of: delivery) != nil else {
            throw StoreFailure(.conflict, "the installation of delivery \(id) is removed")
        }
        guard lanes[delivery.orderingKey]?.lease?.delivery != id else {
            throw StoreFailure(.conflict, "delivery \(id) is being made at this moment: try again when it has ended")
        }
        return delivery
    }
}
