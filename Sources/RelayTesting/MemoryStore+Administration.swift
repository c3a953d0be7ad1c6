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
        state.withLock { state in Attempt.numbered(state.attempts.map(\.attempt).filter { $0.delivery == delivery }) }
    }

    package func attemptCounts(of deliveries: [DeliveryID]) async throws(StoreFailure) -> [DeliveryID: Int] {
        state.withLock { state in
            let wanted = Set(deliveries)
            return state.attempts.map(\.attempt.delivery).filter(wanted.contains).reduce(into: [:]) {
                $0[$1, default: 0] += 1
            }
        }
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
}

extension MemoryState {
    fileprivate func contactID(of claim: Claim) throws(StoreFailure) -> ContactID {
        try requireLease(claim)
        guard let contact = claim.contact?.id else {
            throw StoreFailure(.notFound, "delivery \(claim.delivery.id) has no contact to remember this for")
        }
        return contact
    }
}
