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
            let installation = claim.delivery.installation
            guard let account = state.live(installation)?.helpdesk.id,
                state.keepConversation(conversation, in: account, of: contact, installation, topic)
            else { throw StoreFailure(.conflict, "conversation \(conversation) belongs to another installation") }
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
        _ claim: Claim, to user: ChannelUserID, reference: Reference, topic: TopicID, now: Date
    ) async throws(StoreFailure) -> Claim {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            return state.bind(claim, to: user, reference: reference, topic: topic, now: now)
        }
    }

    package func closeGate(_ scope: GateScope, until: Date) async throws(StoreFailure) {
        state.withLock { $0.gates[scope] = max($0.gates[scope] ?? until, until) }
    }

    package func lockUser(
        _ reference: Reference, for claim: Claim, now: Date
    ) async throws(StoreFailure) -> Bool {
        let uptime = bootClock.now()
        return try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            guard let account = state.account(of: claim.delivery, on: .helpdesk) else { return true }
            let name = MemoryState.AccountName(account, reference.text)
            if let lock = state.userLocks[name], lock.fence != claim.fence || lock.delivery != claim.delivery.id {
                let isHeld = state.lanes.values.compactMap(\.lease).contains {
                    $0.fence == lock.fence && $0.delivery == lock.delivery && $0.until > uptime
                }
                if isHeld { return false }
            }
            state.userLocks[name] = MemoryState.UserLock(delivery: claim.delivery.id, fence: claim.fence)
            return true
        }
    }

    package func delivery(
        thatBecame message: HelpdeskMessageID, of installation: InstallationID
    ) async throws(StoreFailure) -> DeliveryID? {
        state.withLock { state in
            for name in state.names(of: message, installation) {
                if let past = state.pastMessages[name] { return past.direction == .inbound ? past.delivery : nil }
                guard let delivery = state.helpdeskMessages[name] else { continue }
                return state.deliveries[delivery]?.direction == .inbound ? delivery : nil
            }
            return nil
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
    /// What a message may be known by: its id, in each account that the installation is or was connected to.
    func names(of message: HelpdeskMessageID, _ installation: InstallationID) -> [AccountName] {
        if let account = helpdesks.first(where: { $0.id.rawValue == installation.rawValue }) {
            return [AccountName(account.id, message)]
        }
        guard let installation = live(installation) else { return [] }
        return ([installation.helpdesk.id] + installation.former.compactMap(\.helpdesk)).map {
            AccountName($0, message)
        }
    }

    fileprivate mutating func bind(
        _ claim: Claim, to user: ChannelUserID, reference: Reference, topic: TopicID, now: Date
    ) -> Claim {
        var installation = claim.delivery.installation
        var contact: ContactID?
        if case .reply(let reply) = claim.delivery.payload {
            let account = claim.conversationAccount ?? live(installation)?.helpdesk.id
            let owner = account.flatMap { self.owner(of: reply.conversation, in: $0) }
            if let account, let owner, owner != installation {
                installation = owner
                contact = conversations[AccountName(account, reply.conversation)]?.contact
            } else if let account {
                let own = keepContact(ContactProfile(userID: user), of: installation, reference: reference, now: now)
                keepConversation(reply.conversation, in: account, of: own, installation, topic)
                if let user = reply.user, account == live(installation)?.helpdesk.id, contacts[own]?.contact.user == nil
                {
                    contacts[own]?.contact.user = user
                }
                contact = own
            }
            watch(reply.conversation, of: installation, now: now)
        }
        let bound =
            contact ?? keepContact(ContactProfile(userID: user), of: installation, reference: reference, now: now)
        for (id, delivery) in deliveries
        where delivery.orderingKey == claim.delivery.orderingKey && delivery.state == .waiting
            && delivery.contact == nil
        {
            deliveries[id]?.contact = bound
            deliveries[id]?.installation = installation
        }
        var claim = claim
        claim.delivery.installation = installation
        claim.delivery.contact = bound
        claim.contact = self.contact(bound)
        claim.conversationAccount = conversationAccount(of: claim.delivery)
        return claim
    }

    fileprivate func contactID(of claim: Claim) throws(StoreFailure) -> ContactID {
        try requireLease(claim)
        guard let contact = claim.contact?.id else {
            throw StoreFailure(.notFound, "delivery \(claim.delivery.id) has no contact to remember this for")
        }
        return contact
    }
}
