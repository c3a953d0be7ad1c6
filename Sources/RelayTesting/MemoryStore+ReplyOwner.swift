package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func settleOwner(
        _ claim: Claim, found: ConversationFacts?, routes: [Route], note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> ReplyOwner {
        try change { state throws(StoreFailure) in
            try state.requireLease(claim)
            guard let account = state.undecidedAccount(of: claim.delivery)?.id,
                case .reply(let reply) = claim.delivery.payload
            else {
                throw StoreFailure(.conflict, "it is known already whose delivery \(claim.delivery.id) is")
            }
            return state.settle(claim, reply, account, found, routes, note: note, now: now)
        }
    }
}

extension MemoryState {
    /// Whose an event is, and in which account the conversation is.
    struct Ownership {
        /// `nil` if it isn't known yet.
        var owner: Installation?
        var account: HelpdeskAccountID
        /// Set if nothing of the event is to be recorded.
        var fate: ArrivalFate?
    }

    func ownership(
        of arrival: Acceptance.Arrival, _ account: HelpdeskAccountID, _ routes: [Route]
    ) -> Ownership {
        let subject: Subject
        switch arrival.content {
        case .reply(let reply): subject = Subject(reply)
        case .status(let conversation, _), .withheld(_, let conversation): subject = Subject(conversation)
        case .message, .receipt, .subscription: return Ownership(account: account, fate: .foreign)
        }
        let (decision, inAccount) = decide(subject, topic: arrival.topic, account, routes)
        var isSystemLine = false
        if case .reply(let reply) = arrival.content { isSystemLine = reply.actor == .system }
        switch decision {
        case .one(let id):
            guard let owner = live(id) else { return Ownership(account: account, fate: .foreign) }
            let fate: ArrivalFate? = isSystemLine && !owner.forwardsSystemLines ? .systemLine(id) : nil
            return Ownership(owner: owner, account: inAccount, fate: fate)
        case .none:
            return Ownership(account: account, fate: .foreign)
        case .unknown, .several:
            guard case .reply = arrival.content, !isSystemLine || routes.contains(where: \.forwardsSystemLines) else {
                return Ownership(account: account, fate: .foreign)
            }
            return Ownership(account: account)
        }
    }

    /// What a rule needs to know of an event, or of a conversation.
    private struct Subject {
        var conversation: HelpdeskConversationID
        var user: HelpdeskUserID?
        var reference: Reference?

        init(_ conversation: HelpdeskConversationID) { self.conversation = conversation }

        init(_ reply: HelpdeskMessage) {
            conversation = reply.conversation
            user = reply.user
            reference = reply.reference.map { Reference($0) }
        }
    }

    /// - Returns: the owner, and the account that the conversation is in.
    private func decide(
        _ subject: Subject, topic: TopicID?, _ account: HelpdeskAccountID, _ routes: [Route], isLookedUp: Bool = false
    ) -> (owner: ReplyOwner, account: HelpdeskAccountID) {
        let installations = routes.compactMap { live($0.installation) }
        let bound = ([account] + installations.map(\.helpdesk.id)).first {
            owner(of: subject.conversation, in: $0) != nil
        }
        let known = contacts.values.map(\.contact)
        func having(_ fits: (Contact) -> Bool) -> Set<InstallationID> {
            Set(known.filter(fits).map(\.installation)).intersection(routes.map(\.installation))
        }
        let decision = ReplyOwner(
            ReplyOwner.Facts(
                ownerOfConversation: bound.flatMap { self.owner(of: subject.conversation, in: $0) },
                topic: topic, reference: subject.reference, hasUser: subject.user != nil,
                knowingUser: subject.user.map { user in having { $0.user == user } } ?? [],
                knowingReference: subject.reference.map { reference in having { $0.reference == reference } } ?? [],
                isLookedUp: isLookedUp),
            among: routes)
        guard case .one(let id) = decision, let owner = live(id) else { return (decision, account) }
        let isConnected = owner.helpdesk.id == account || owner.former.contains { $0.helpdesk == account }
        return (decision, bound ?? (isConnected ? account : owner.helpdesk.id))
    }

    /// The installation that a conversation belongs to; `nil` if nobody knows, or it is removed.
    func owner(of conversation: HelpdeskConversationID, in account: HelpdeskAccountID) -> InstallationID? {
        conversations[AccountName(account, conversation)].flatMap { live($0.installation)?.id }
    }

    // MARK: What Freshchat's events become

    func isKnown(_ arrival: Acceptance.Arrival, in account: HelpdeskAccountID) -> Bool {
        guard case .reply(let reply) = arrival.content else { return false }
        let name = AccountName(account, reply.id)
        return helpdeskMessages[name] != nil || pastMessages[name] != nil
    }

    mutating func takeHelpdesks(
        _ arrival: Acceptance.Arrival, _ ownership: Ownership, _ heard: HelpdeskAccountID, of acceptance: Acceptance,
        into result: inout AcceptanceResult
    ) -> ArrivalFate {
        let now = acceptance.at
        switch arrival.content {
        case .reply(let reply):
            var found: ContactID?
            if let owner = ownership.owner {
                found = contact(of: reply, arrival.topic, owner, ownership.account, now: now)
            }
            let delivery = enqueue(
                .reply(reply), of: ownership.owner?.id ?? InstallationID(heard.rawValue), .outbound,
                key: orderingKey(of: reply, ownership, heard, found), contact: found, source: acceptance.source,
                now: now)
            helpdeskMessages[AccountName(ownership.account, reply.id)] = delivery
            result.replies.append(reply.id)
            guard let owner = ownership.owner else { return .unresolved(delivery) }
            watch(reply.conversation, of: owner.id, now: now)
            return .accepted(owner.id, delivery)
        case .status(let conversation, let isResolved):
            guard let owner = ownership.owner else { return .foreign }
            conversations[AccountName(ownership.account, conversation)]?.isResolved = isResolved
            watch(conversation, of: owner.id, now: now)
            return .accepted(owner.id, nil)
        case .withheld(let kind, _):
            guard let owner = ownership.owner else { return .foreign }
            let flow = Flow(owner.id, .outbound)
            figures.add(.withheld, flow)
            figures.lastWithheld[flow] = max(figures.lastWithheld[flow] ?? now, now)
            result.withheld.append((installation: owner.id, kind: kind))
            return .accepted(owner.id, nil)
        case .message, .receipt, .subscription:
            return .foreign
        }
    }

    /// Earlier replies of its conversation may still wait under a key of their own, accepted before the owner or the contact
    /// was known. It stays behind them.
    private func orderingKey(
        of reply: HelpdeskMessage, _ ownership: Ownership, _ heard: HelpdeskAccountID, _ contact: ContactID?
    ) -> OrderingKey {
        let owners = [ownership.owner?.id, InstallationID(heard.rawValue)]
        let before = deliveries.values.filter { row in
            guard row.state == .waiting, owners.contains(row.installation), case .reply(let other) = row.payload else {
                return false
            }
            return other.conversation == reply.conversation
        }
        if let last = before.max(by: { $0.id < $1.id }) { return last.orderingKey }
        if let contact { return OrderingKey("out/\(contact)") }
        return OrderingKey("out/\(ownership.owner?.id.rawValue ?? heard.rawValue)/\(reply.conversation)")
    }

    /// Finds a reply's contact by conversation, by user, or by reference; binds the conversation to it.
    private mutating func contact(
        of reply: HelpdeskMessage, _ topic: TopicID?, _ owner: Installation, _ account: HelpdeskAccountID, now: Date
    ) -> ContactID? {
        // A user of another account means nobody here.
        let user = account == owner.helpdesk.id ? reply.user : nil
        let known = contacts.values.map(\.contact).filter { $0.installation == owner.id }
        let row = conversations[AccountName(account, reply.conversation)]
        var found = row?.installation == owner.id ? row?.contact : nil
        if found == nil, let user { found = known.first { $0.user == user }?.id }
        if found == nil, let reference = reply.reference.map({ Reference($0) }) {
            found = known.first { $0.reference == reference }?.id
            if found == nil, let user = owner.route.user(of: reference) {
                found = keepContact(ContactProfile(userID: user), of: owner.id, reference: reference, now: now)
            }
        }
        guard let found else { return nil }
        if let user, contacts[found]?.contact.user == nil { contacts[found]?.contact.user = user }
        if row?.contact != found {
            keepConversation(reply.conversation, in: account, of: found, owner.id, topic ?? owner.topic)
        }
        return found
    }

    /// - Returns: whether it is that contact's: a conversation of another installation isn't adopted.
    @discardableResult
    mutating func keepConversation(
        _ conversation: HelpdeskConversationID, in account: HelpdeskAccountID, of contact: ContactID,
        _ installation: InstallationID, _ topic: TopicID
    ) -> Bool {
        if let owner = owner(of: conversation, in: account), owner != installation { return false }
        let name = AccountName(account, conversation)
        for (other, row) in conversations
        where row.contact == contact && row.topic == topic && other.account == name.account {
            conversations[other]?.isCurrent = false
        }
        conversations[name] = Conversation(installation: installation, contact: contact, topic: topic)
        return true
    }

    /// The account that a conversation of an installation is in: the present one, if it has the conversation.
    func account(of conversation: HelpdeskConversationID, of installation: Installation) -> HelpdeskAccountID? {
        let accounts = [installation.helpdesk.id] + installation.former.compactMap(\.helpdesk)
        return accounts.first {
            conversations[AccountName($0, conversation)]?.installation == installation.id
        }
    }

    /// The account that the conversation of a reply or a note is in.
    func conversationAccount(of delivery: Delivery) -> HelpdeskAccountID? {
        if let account = undecidedAccount(of: delivery) { return account.id }
        guard let installation = live(delivery.installation) else { return nil }
        switch delivery.payload {
        case .reply(let reply): return account(of: reply.conversation, of: installation)
        case .note(_, let conversation): return account(of: conversation, of: installation)
        case .message, nil: return nil
        }
    }

    // MARK: What Freshchat says of a conversation

    fileprivate mutating func settle(
        _ claim: Claim, _ reply: HelpdeskMessage, _ account: HelpdeskAccountID, _ found: ConversationFacts?,
        _ routes: [Route], note: NoteDraft?, now: Date
    ) -> ReplyOwner {
        var told = reply
        told.user = found?.user ?? reply.user
        told.reference = found?.reference?.text ?? reply.reference
        var (decision, inAccount) = decide(
            Subject(told), topic: found?.topic, account, routes, isLookedUp: true)
        if case .one(let id) = decision, reply.actor == .system, live(id)?.forwardsSystemLines != true {
            decision = .none
        }
        strikeOutAttempt(of: claim)
        switch decision {
        case .one(let id):
            guard let owner = live(id) else { break }
            let contact = self.contact(of: told, found?.topic, owner, inAccount, now: now)
            for (delivery, row) in deliveries
            where row.orderingKey == claim.delivery.orderingKey && row.state == .waiting
                && row.installation.rawValue == account.rawValue
            {
                deliveries[delivery]?.installation = id
                figures.add(.accepted, Flow(id, .outbound))
                deliveries[delivery]?.contact = contact
                deliveries[delivery]?.nextAttemptAt = min(row.nextAttemptAt, now)
            }
            watch(reply.conversation, of: id, now: now)
        case .several:
            end(claim, as: .held, reason: decision.reason ?? "", detail: "", note: note, now: now)
            let alarm = Self.undecided(account)
            if figures.alarms[alarm] == nil {
                figures.alarms[alarm] = RaisedAlarm(alarm, reason: decision.reason ?? "", since: now)
            }
        case .none:
            end(claim, as: .discarded, reason: decision.reason ?? "", detail: "", now: now)
        case .unknown:
            break
        }
        freeLane(claim.delivery.orderingKey)
        return decision
    }

    static func undecided(_ account: HelpdeskAccountID) -> Alarm {
        Alarm(.replyUndecided, subject: account.rawValue)
    }

    /// Ends the alarm of replies that are held because several installations could be meant, once none is held.
    mutating func clearUndecided(_ account: HelpdeskAccountID) {
        let isHeld = deliveries.values.contains {
            $0.installation.rawValue == account.rawValue && $0.state == .held
        }
        if !isHeld { figures.alarms[Self.undecided(account)] = nil }
    }
}
