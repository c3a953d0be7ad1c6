package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func directory() throws(StoreFailure) -> InstallationDirectory {
        InstallationDirectory(state.withLock { $0.present })
    }

    package func probe() throws(StoreFailure) {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
    }

    package func accept(_ acceptance: Acceptance) throws(StoreFailure) -> AcceptanceResult {
        try probe()
        return try change { state throws(StoreFailure) in
            try state.requireInstallation(acceptance.installation)
            var result = AcceptanceResult()
            for arrival in acceptance.arrivals { state.take(arrival, of: acceptance, into: &result) }
            return result
        }
    }

    package func installations() async throws(StoreFailure) -> [Installation] {
        state.withLock { $0.present }
    }

    package func installation(_ id: InstallationID) async throws(StoreFailure) -> Installation? {
        state.withLock { $0.present.first { $0.id == id } }
    }

    package func save(_ installation: Installation, now: Date) async throws(StoreFailure) {
        state.withLock { state in
            if let index = state.installations.firstIndex(where: { $0.id == installation.id }) {
                state.installations[index] = installation
            } else {
                state.installations.append(installation)
            }
        }
    }

    package func pause(_ installation: InstallationID, reason: String, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let index = try state.requireInstallation(installation)
            if state.installations[index].isActive {
                state.installations[index].state = .paused(reason: reason, since: now)
            }
        }
    }

    package func resume(_ installation: InstallationID, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let index = try state.requireInstallation(installation)
            state.installations[index].state = .active
            state.gates = state.gates.filter { $0.key.installation != installation }
            state.breakers = state.breakers.filter { $0.key.installation != installation }
            for (id, delivery) in state.deliveries
            where delivery.installation == installation && delivery.state == .waiting && delivery.nextAttemptAt > now {
                state.deliveries[id]?.nextAttemptAt = now
            }
        }
    }

    package func remove(
        _ installation: InstallationID, keepingHistory: Bool, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            guard let index = state.installations.firstIndex(where: { $0.id == installation }) else {
                throw StoreFailure(.notFound, "there is no installation \(installation)")
            }
            state.forget(index, keepingHistory: keepingHistory, now: now)
        }
    }
}

extension MemoryState {
    var present: [Installation] { installations.filter { $0.state != .removed } }

    /// - Throws: `notFound` when there is none, or it is removed.
    @discardableResult
    func requireInstallation(_ id: InstallationID) throws(StoreFailure) -> Int {
        guard let index = installations.firstIndex(where: { $0.id == id && $0.state != .removed }) else {
            throw StoreFailure(.notFound, "there is no installation \(id)")
        }
        return index
    }

    mutating func forget(_ index: Int, keepingHistory: Bool, now: Date) {
        let id = installations[index].id
        installations[index].state = .removed
        installations[index].channel.secrets = [:]
        installations[index].channel.settings = [:]
        let nothing = Secret("")
        installations[index].helpdesk.token = nothing
        installations[index].targetToken = nothing
        installations[index].helpdeskToken = nothing
        installations[index].eventSecret = nothing
        installations[index].registeredURL = ""
        for lane in lanes.values where lane.installation == id {
            if let delivery = lane.lease?.delivery { doubtOpenAttempts(of: delivery, now: now) }
        }
        lanes = lanes.filter { $0.value.installation != id }
        gates = gates.filter { $0.key.installation != id }
        breakers = breakers.filter { $0.key.installation != id }
        for (delivery, row) in deliveries where row.installation == id && row.state == .waiting {
            figures.add(.discarded, Flow(id, row.direction))
            deliveries[delivery]?.state = .discarded
            deliveries[delivery]?.finishedAt = now
            deliveries[delivery]?.doubtSince = nil
        }
        guard !keepingHistory else { return }
        let gone = Set(deliveries.values.filter { $0.installation == id }.map(\.id))
        decisions = decisions.filter { !gone.contains($0.key) }
        noted = noted.filter { !gone.contains($0.key) }
        deliveries = deliveries.filter { !gone.contains($0.key) }
        attempts.removeAll { gone.contains($0.attempt.delivery) }
        contacts = contacts.filter { $0.value.contact.installation != id }
        conversations = conversations.filter { $0.key.installation != id }
        watches = watches.filter { $0.key.installation != id }
        channelMessages = channelMessages.filter { $0.key.installation != id }
        helpdeskMessages = helpdeskMessages.filter { $0.key.installation != id }
        receipts = receipts.filter { $0.key.installation != id }
        dedupe = dedupe.filter { $0.key.installation != id }
        pastMessages = pastMessages.filter { $0.key.installation != id }
        agents = agents.filter { $0.key.installation != id }
    }

    mutating func take(
        _ arrival: Acceptance.Arrival, of acceptance: Acceptance, into result: inout AcceptanceResult
    ) {
        let installation = acceptance.installation
        let now = acceptance.at
        let key = Name(installation: installation, name: arrival.dedupeKey.rawValue)
        guard dedupe[key] == nil else {
            if case .withheld = arrival.content { return }
            figures.add(.repeated, Flow(installation, arrival.content.direction))
            result.repeated += 1
            return
        }
        dedupe[key] = now
        switch arrival.content {
        case .message(let message):
            let contact = keepContact(
                message.profile, of: installation, subscription: .subscribed,
                at: min(message.message.sentAt ?? now, now), now: now)
            wakeLanes(of: contact, now: now)
            result.deliveries.append(
                enqueue(
                    .message(message), of: installation, .inbound, key: OrderingKey("in/\(contact)"), contact: contact,
                    now: now))
        case .reply(let reply):
            let name = Name(installation: installation, name: reply.id.rawValue)
            if helpdeskMessages[name] != nil || pastMessages[name] != nil {
                figures.add(.repeated, Flow(installation, .outbound))
                result.repeated += 1
                return
            }
            let contact = self.contact(of: reply, acceptance)
            var key = OrderingKey("out/\(installation)/\(reply.conversation)")
            if let contact, lanes[key] == nil { key = OrderingKey("out/\(contact)") }
            let delivery = enqueue(
                .reply(reply), of: installation, .outbound, key: key, contact: contact, source: acceptance.source,
                now: now)
            helpdeskMessages[name] = delivery
            result.deliveries.append(delivery)
            result.replies.append(reply.id)
            watch(reply.conversation, of: installation, now: now)
        case .receipt(let receipt, let note):
            keepReceipt(receipt, note: note, of: installation, now: now)
        case .subscription(let change):
            _ = keepContact(
                change.user, of: installation, subscription: change.kind, at: min(change.at, now), now: now)
        case .status(let conversation, let isResolved):
            conversations[Name(installation: installation, name: conversation.rawValue)]?.isResolved = isResolved
            watch(conversation, of: installation, now: now)
        case .withheld(let kind):
            let flow = Flow(installation, .outbound)
            figures.add(.withheld, flow)
            figures.lastWithheld[flow] = max(figures.lastWithheld[flow] ?? now, now)
            result.withheld.append(kind)
        }
        result.accepted += 1
    }

    private mutating func contact(of reply: HelpdeskMessage, _ acceptance: Acceptance) -> ContactID? {
        let installation = acceptance.installation
        var found = conversations[Name(installation: installation, name: reply.conversation.rawValue)]?.contact
        let isBound = found != nil
        if found == nil, let user = reply.user {
            found =
                contacts.values.first { $0.contact.installation == installation && $0.contact.user == user }?
                .contact.id
        }
        let prefix = acceptance.channel.rawValue + ":"
        if found == nil, let reference = reply.reference, reference.hasPrefix(prefix), reference != prefix {
            let user = ChannelUserID(String(reference.dropFirst(prefix.count)))
            found = keepContact(ContactProfile(userID: user), of: installation, now: acceptance.at)
        }
        guard let found else { return nil }
        if let user = reply.user, contacts[found]?.contact.user == nil { contacts[found]?.contact.user = user }
        if !isBound { keepConversation(reply.conversation, of: found, installation, acceptance.topic) }
        return found
    }

    mutating func keepContact(
        _ profile: ContactProfile, of installation: InstallationID, subscription: SubscriptionChange.Kind? = nil,
        at: Date? = nil, now: Date
    ) -> ContactID {
        let found = contacts.values.first {
            $0.contact.installation == installation && $0.contact.profile.userID == profile.userID
        }
        let id = found?.contact.id ?? ContactID(rawValue: next())
        let known = found?.contact.profile ?? ContactProfile(userID: profile.userID)
        var row = found ?? ContactRow(contact: Contact(id: id, installation: installation, profile: known))
        row.contact.profile = known.updated(by: profile)
        if row.contact.user != nil { row.written.note(row.contact.profile, now: now) }
        let isNews =
            row.contact.subscription == nil
            || (subscription != .opened && (at ?? .distantPast) >= (row.subscriptionAt ?? .distantPast))
        if let subscription, isNews {
            row.contact.subscription = subscription
            row.subscriptionAt = at
        }
        contacts[id] = row
        return id
    }

    mutating func keepConversation(
        _ conversation: HelpdeskConversationID, of contact: ContactID, _ installation: InstallationID, _ topic: TopicID
    ) {
        for (name, row) in conversations where row.contact == contact && row.topic == topic {
            conversations[name]?.isCurrent = false
        }
        conversations[Name(installation: installation, name: conversation.rawValue)] = Conversation(
            contact: contact, topic: topic)
    }

    private mutating func wakeLanes(of contact: ContactID, now: Date) {
        for (key, lane) in lanes where lane.wakesOnContact == contact && lane.lease == nil {
            if let head = head(of: key), head.nextAttemptAt > now { deliveries[head.id]?.nextAttemptAt = now }
            lanes[key]?.wakesOnContact = nil
        }
    }

    // MARK: Receipts

    private mutating func keepReceipt(
        _ receipt: Receipt, note: String?, of installation: InstallationID, now: Date
    ) {
        let name = Name(installation: installation, name: receipt.messageID.rawValue)
        if let known = receipts[name], known.receipt.state >= receipt.state { return }
        receipts[name] = ReceiptRow(
            receipt: receipt, note: receipt.state == .failed ? note : nil, wasNoted: receipts[name]?.wasNoted ?? false)
        leaveNote(about: name, now: now)
    }

    /// Once for each reply of an agent, as soon as it is known which one it was.
    mutating func leaveNote(about name: Name, now: Date) {
        guard let row = receipts[name], row.receipt.state == .failed, let text = row.note, !row.wasNoted,
            let delivery = channelMessages[name].flatMap({ deliveries[$0] }),
            case .reply(let reply) = delivery.payload
        else { return }
        let isTold = channelMessages.contains { $0.value == delivery.id && receipts[$0.key]?.wasNoted == true }
        receipts[name]?.wasNoted = true
        if isTold { return }
        enqueueNote(
            NoteDraft(text: text, conversation: reply.conversation), of: name.installation, contact: delivery.contact,
            now: now)
    }
}
