package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func remember(
        user: HelpdeskUserID, written: ContactProfile?, for claim: Claim, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let id = try state.contactID(of: claim)
            guard var row = state.contacts[id], row.contact.user != user || written != nil else { return }
            row.contact.user = user
            row.written = WrittenProfile(ofUserWith: written, present: row.contact.profile, now: now)
            state.contacts[id] = row
        }
    }

    package func remember(
        conversation: HelpdeskConversationID, topic: TopicID, for claim: Claim, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let contact = try state.contactID(of: claim)
            state.keepConversation(conversation, of: contact, claim.delivery.installation, topic)
        }
    }

    package func amend(
        _ claim: Claim, to reply: HelpdeskMessage, note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> Claim {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            state.deliveries[claim.delivery.id]?.payload = .reply(reply)
            if let note {
                state.enqueueNote(note, of: claim.delivery.installation, contact: claim.delivery.contact, now: now)
            }
            var amended = claim
            amended.delivery.payload = .reply(reply)
            return amended
        }
    }

    package func bind(
        _ claim: Claim, to user: ChannelUserID, topic: TopicID, now: Date
    ) async throws(StoreFailure) -> Claim {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            let installation = claim.delivery.installation
            let contact = state.keepContact(ContactProfile(userID: user), of: installation, now: now)
            if case .reply(let reply) = claim.delivery.payload {
                state.keepConversation(reply.conversation, of: contact, installation, topic)
                if let user = reply.user, state.contacts[contact]?.contact.user == nil {
                    state.contacts[contact]?.contact.user = user
                }
                state.watch(reply.conversation, of: installation, now: now)
            }
            for (id, delivery) in state.deliveries
            where delivery.orderingKey == claim.delivery.orderingKey && delivery.state == .waiting
                && delivery.contact == nil
            {
                state.deliveries[id]?.contact = contact
            }
            var bound = claim
            bound.delivery.contact = contact
            bound.contact = state.contact(contact)
            return bound
        }
    }

    package func closeGate(
        _ installation: InstallationID, _ side: Side, until: Date
    ) async throws(StoreFailure) {
        state.withLock { state in
            let gate = MemoryState.Gate(installation: installation, side: side)
            state.gates[gate] = max(state.gates[gate] ?? until, until)
        }
    }

    package func delivery(
        thatBecame message: HelpdeskMessageID, of installation: InstallationID
    ) async throws(StoreFailure) -> DeliveryID? {
        state.withLock { state in
            let name = MemoryState.Name(installation: installation, name: message.rawValue)
            if let past = state.pastMessages[name] { return past.direction == .inbound ? past.delivery : nil }
            return state.helpdeskMessages[name].flatMap { state.deliveries[$0]?.direction == .inbound ? $0 : nil }
        }
    }

    package func agentName(
        _ agent: AgentID, of installation: InstallationID, notBefore: Date
    ) async throws(StoreFailure) -> String?? {
        state.withLock { state in
            let name = MemoryState.Name(installation: installation, name: agent.rawValue)
            guard let known = state.agents[name], known.at >= notBefore else { return nil }
            return .some(known.name)
        }
    }

    package func remember(
        agent: AgentID, name: String?, of installation: InstallationID, now: Date
    ) async throws(StoreFailure) {
        state.withLock { state in
            state.agents[MemoryState.Name(installation: installation, name: agent.rawValue)] = (name, now)
        }
    }

    // MARK: For the operator

    package func deliveries(_ filter: DeliveryFilter) async throws(StoreFailure) -> [Delivery] {
        state.withLock { state in
            let found = state.deliveries.values.filter { delivery in
                (filter.installation == nil || delivery.installation == filter.installation)
                    && (filter.states.isEmpty || filter.states.contains(delivery.state))
                    && (!filter.onlyInDoubt || delivery.doubtSince != nil)
                    && (filter.before.map { delivery.id < $0 } ?? true)
            }
            return Array(found.sorted { $0.id > $1.id }.prefix(max(0, filter.limit)))
        }
    }

    package func counts(of installation: InstallationID?) async throws(StoreFailure) -> OutboxCounts {
        state.withLock { state in
            var counts = OutboxCounts()
            for delivery in state.deliveries.values
            where installation == nil || delivery.installation == installation {
                switch delivery.state {
                case .waiting:
                    counts.waiting += 1
                    if delivery.doubtSince != nil { counts.inDoubt += 1 }
                    counts.oldestWaiting = min(counts.oldestWaiting ?? delivery.acceptedAt, delivery.acceptedAt)
                case .held: counts.held += 1
                case .dead: counts.dead += 1
                case .delivered: counts.delivered += 1
                case .discarded: break
                }
            }
            return counts
        }
    }

    package func attempts(of delivery: DeliveryID) async throws(StoreFailure) -> [Attempt] {
        state.withLock { state in state.attempts.map(\.attempt).filter { $0.delivery == delivery } }
    }

    package func receipts(of delivery: DeliveryID) async throws(StoreFailure) -> [Receipt] {
        state.withLock { state in
            state.channelMessages.filter { $0.value == delivery }
                .compactMap { state.receipts[$0.key]?.receipt }
                .sorted { $0.messageID.rawValue < $1.messageID.rawValue }
        }
    }

    package func contact(_ id: ContactID) async throws(StoreFailure) -> Contact? {
        state.withLock { $0.contact(id) }
    }

    package func redrive(_ delivery: DeliveryID, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            state.putBack(try state.idle(delivery), now: now)
        }
    }

    package func confirmArrival(_ delivery: DeliveryID, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            var row = try state.idle(delivery)
            guard row.doubtSince != nil else { throw StoreFailure(.conflict, "delivery \(delivery) isn't in doubt") }
            guard case .reply = row.payload else {
                throw StoreFailure(.conflict, "delivery \(delivery) is no reply: what is in doubt of it is looked up")
            }
            row.progress += 1
            row.doubtSince = nil
            state.putBack(row, now: now)
        }
    }

    package func discard(_ delivery: DeliveryID, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let row = try state.idle(delivery)
            state.deliveries[delivery]?.state = .discarded
            state.deliveries[delivery]?.finishedAt = now
            state.deliveries[delivery]?.doubtSince = nil
            state.figures.add(.discarded, Flow(row.installation, row.direction))
            if state.lanes[row.orderingKey]?.lease == nil { state.freeLane(row.orderingKey) }
        }
    }
}

extension MemoryState {
    fileprivate func contactID(of claim: Claim) throws(StoreFailure) -> ContactID {
        try requireLease(claim)
        guard let contact = claim.contact?.id else {
            throw StoreFailure(.notFound, "delivery \(claim.delivery.id) has no contact to remember this for")
        }
        return contact
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
        if let lease = lanes[row.orderingKey]?.lease, lease.delivery > row.id { row.isLate = true }
        deliveries[row.id] = row
        if lanes[row.orderingKey] == nil {
            lanes[row.orderingKey] = Lane(installation: row.installation, side: row.direction.side)
        }
        if lanes[row.orderingKey]?.lease == nil { freeLane(row.orderingKey) }
    }

    /// A delivery that a person may still decide about.
    fileprivate func idle(_ id: DeliveryID) throws(StoreFailure) -> Delivery {
        guard let delivery = deliveries[id] else { throw StoreFailure(.notFound, "there is no delivery \(id)") }
        guard delivery.state != .delivered, delivery.state != .discarded else {
            throw StoreFailure(.conflict, "delivery \(id) is \(delivery.state.rawValue) already")
        }
        guard installations.contains(where: { $0.id == delivery.installation && $0.state != .removed }) else {
            throw StoreFailure(.conflict, "the installation of delivery \(id) is removed")
        }
        guard lanes[delivery.orderingKey]?.lease?.delivery != id else {
            throw StoreFailure(.conflict, "delivery \(id) is being made at this moment: try again when it has ended")
        }
        return delivery
    }
}
