package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func claim(
        by worker: WorkerID, limit: Int, lease: Duration, now: Date
    ) async throws(StoreFailure) -> [Claim] {
        let uptime = bootClock.now()
        return try change { state throws(StoreFailure) in
            _ = state.freeLeases(now: now) { $0.until <= uptime }
            let ready = state.lanes.keys.compactMap { key in state.head(of: key) }
                .filter { head in
                    guard state.lanes[head.orderingKey]?.lease == nil, head.nextAttemptAt <= now,
                        let gate = state.gate(of: head)
                    else { return false }
                    return gate <= now
                }
            let inOrder = ready.sorted { ($0.nextAttemptAt, $0.id) < ($1.nextAttemptAt, $1.id) }
            var claims: [Claim] = []
            for head in inOrder where claims.count < limit && !state.isProbing(head) {
                let fence = state.next()
                claims.append(state.take(head, by: worker, fence: fence, until: uptime + lease, now: now))
            }
            return claims
        }
    }

    package func advance(
        _ claim: Claim, delivered: PieceOutcome, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            state.endAttempt(claim.attempt, .delivered, detail: "", now: now)
            state.keepMessageID(delivered, of: claim, now: now)
            var delivery = state.deliveries[claim.delivery.id] ?? claim.delivery
            delivery.progress += 1
            delivery.attempts = 0
            delivery.doubtSince = nil
            delivery.reason = ""
            delivery.detail = ""
            state.deliveries[delivery.id] = delivery
            state.noteSuccess(of: claim)
            return state.take(
                delivery, by: claim.worker, fence: claim.fence, until: bootClock.now() + lease, now: now)
        }
    }

    package func complete(
        _ claim: Claim, delivered: PieceOutcome?, note: NoteDraft?, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim? {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            if delivered == nil {
                state.strikeOutAttempt(of: claim)
            } else {
                state.endAttempt(claim.attempt, .delivered, detail: "", now: now)
                state.deliveries[claim.delivery.id]?.progress += 1
            }
            state.deliveries[claim.delivery.id]?.doubtSince = nil
            state.end(claim, as: .delivered, reason: "", detail: "", note: note, now: now)
            state.figures.addDelivered(claim.delivery, now: now)
            if let delivered {
                state.keepMessageID(delivered, of: claim, now: now)
                state.noteSuccess(of: claim)
            }
            if case .message = claim.delivery.payload { state.watchCurrent(of: claim, now: now) }
            let key = claim.delivery.orderingKey
            for (id, other) in state.deliveries
            where other.orderingKey == key && (other.state == .dead || other.state == .held) {
                state.deliveries[id]?.isLate = true
            }
            guard let head = state.head(of: key), head.nextAttemptAt <= now, let gate = state.gate(of: head),
                gate <= now
            else { return nil }
            return state.take(head, by: claim.worker, fence: claim.fence, until: bootClock.now() + lease, now: now)
        }
    }

    @discardableResult
    package func retry(
        _ claim: Claim, after failure: DeliveryFailure, at: Date, counting: Bool, wakesOnContact: Bool, now: Date
    ) async throws(StoreFailure) -> OpenBreaker? {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            if failure.sentNothing {
                state.strikeOutAttempt(of: claim)
            } else {
                state.endAttempt(claim, failure, now: now)
            }
            state.deliveries[claim.delivery.id]?.nextAttemptAt = at
            state.deliveries[claim.delivery.id]?.attempts += counting ? 1 : 0
            state.deliveries[claim.delivery.id]?.reason = failure.reason
            state.deliveries[claim.delivery.id]?.detail = failure.detail
            state.figures.add(.retried, Flow(claim.delivery.installation, claim.delivery.direction))
            let waking = wakesOnContact ? claim.contact.map { (claim.delivery.id, $0.id) } : nil
            state.freeLane(claim.delivery.orderingKey, waking: waking)
            return state.noteFailure(failure, of: claim, now: now)
        }
    }

    @discardableResult
    package func markDead(
        _ claim: Claim, because failure: DeliveryFailure, note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> Bool {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            state.endAttempt(claim, failure, now: now)
            _ = state.noteFailure(failure, of: claim, now: now)
            let note = state.noted[claim.delivery.id] == failure.noteKey ? nil : note
            if note != nil { state.noted[claim.delivery.id] = failure.noteKey }
            state.deliveries[claim.delivery.id]?.cause = failure.deadLetterCause
            state.end(claim, as: .dead, reason: failure.reason, detail: failure.detail, note: note, now: now)
            return note != nil
        }
    }

    package func hold(_ claim: Claim, reason: String, note: NoteDraft?, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            state.strikeOutAttempt(of: claim)
            state.doubt(claim.delivery.id, since: claim.startedAt)
            state.end(claim, as: .held, reason: reason, detail: claim.delivery.detail, note: note, now: now)
        }
    }

    package func dismiss(_ claim: Claim, reason: String, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            state.strikeOutAttempt(of: claim)
            state.deliveries[claim.delivery.id]?.doubtSince = nil
            state.end(claim, as: .discarded, reason: reason, detail: "", now: now)
        }
    }

    package func release(_ claim: Claim, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            state.strikeOutAttempt(of: claim)
            state.freeLane(claim.delivery.orderingKey)
        }
    }

    package func nextDue(now: Date) async throws(StoreFailure) -> Date? {
        state.withLock { $0.nextDue }
    }

    // MARK: Workers

    package func enlist(now: Date) async throws(StoreFailure) -> WorkerID {
        state.withLock { state in
            let worker = WorkerID("worker-\(state.next())")
            state.workers.insert(worker)
            return worker
        }
    }

    package func reap(now: Date) async throws(StoreFailure) -> Int {
        let uptime = bootClock.now()
        return state.withLock { state in
            let dead = state.dead
            state.dead = []
            return state.freeLeases(now: now) { dead.contains($0.owner) || $0.until <= uptime }
        }
    }

    package func retire(_ worker: WorkerID, now: Date) async throws(StoreFailure) {
        state.withLock { state in
            state.workers.remove(worker)
            _ = state.freeLeases(now: now) { $0.owner == worker }
        }
    }
}

extension MemoryState {
    var nextDue: Date? {
        lanes.compactMap { key, lane -> Date? in
            guard lane.lease == nil, let head = head(of: key), let gate = gate(of: head), !isProbing(head) else {
                return nil
            }
            return max(head.nextAttemptAt, gate)
        }.min()
    }

    func requireLease(_ claim: Claim) throws(StoreFailure) {
        guard let lease = lanes[claim.delivery.orderingKey]?.lease, lease.owner == claim.worker,
            lease.fence == claim.fence, lease.delivery == claim.delivery.id
        else {
            throw StoreFailure(
                .leaseLost, "delivery \(claim.delivery.id) isn't worker \(claim.worker)'s to record any more")
        }
    }

    mutating func take(
        _ delivery: Delivery, by worker: WorkerID, fence: Int64, until: Duration, now: Date
    ) -> Claim {
        doubtOpenAttempts(of: delivery.id, now: now)
        let delivery = deliveries[delivery.id] ?? delivery
        let attempt = startAttempt(of: delivery, by: worker, now: now)
        if lanes[delivery.orderingKey] == nil { lanes[delivery.orderingKey] = Lane() }
        lanes[delivery.orderingKey]?.lease = Lease(owner: worker, fence: fence, until: until, delivery: delivery.id)
        lanes[delivery.orderingKey]?.wakesOnContact = nil
        return Claim(
            delivery: delivery, contact: delivery.contact.flatMap(contact), worker: worker, fence: fence,
            attempt: attempt, startedAt: now, leasedUntil: until,
            doubtEndedAt: attempts.map(\.attempt)
                .filter { $0.delivery == delivery.id && $0.piece == delivery.progress && $0.outcome == .inDoubt }
                .compactMap(\.finishedAt).max(),
            conversationAccount: conversationAccount(of: delivery))
    }

    mutating func endAttempt(_ claim: Claim, _ failure: DeliveryFailure, now: Date) {
        endAttempt(
            claim.attempt, failure.isCertain ? .failed : .inDoubt, detail: failure.description, now: now)
        guard !failure.isCertain else { return }
        figures.add(.inDoubt, Flow(claim.delivery.installation, claim.delivery.direction))
        doubt(claim.delivery.id, since: claim.startedAt)
    }

    mutating func end(
        _ claim: Claim, as end: Delivery.State, reason: String, detail: String, note: NoteDraft? = nil, now: Date
    ) {
        deliveries[claim.delivery.id]?.state = end
        figures.addEnd(end, claim.delivery, isUndecided: isUndecided(claim.delivery))
        if end == .dead, claim.delivery.isNote {
            figures.add(.notesDead, Flow(claim.delivery.installation, claim.delivery.direction))
        }
        deliveries[claim.delivery.id]?.finishedAt = now
        deliveries[claim.delivery.id]?.reason = reason
        deliveries[claim.delivery.id]?.detail = detail
        freeLane(claim.delivery.orderingKey)
        if let note {
            enqueueNote(note, of: claim.delivery.installation, contact: claim.delivery.contact, now: now)
        }
    }

    mutating func keepMessageID(_ outcome: PieceOutcome, of claim: Claim, now: Date) {
        let installation = claim.delivery.installation
        switch outcome.messageID {
        case .channel(let id):
            let name = Name(installation: installation, name: id.rawValue)
            if channelMessages[name] == nil { channelMessages[name] = claim.delivery.id }
            leaveNote(about: name, now: now)
        case .helpdesk(let id):
            guard let account = claim.conversationAccount ?? live(installation)?.helpdesk.id else { return }
            let name = AccountName(account, id)
            if helpdeskMessages[name] == nil { helpdeskMessages[name] = claim.delivery.id }
        case nil:
            break
        }
    }
}
