import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func directory() throws(StoreFailure) -> InstallationDirectory {
        state.withLock { InstallationDirectory($0.present, channels: $0.channels, helpdesks: $0.helpdesks) }
    }

    package func probe() throws(StoreFailure) {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
    }

    package func accept(_ acceptance: Acceptance) throws(StoreFailure) -> AcceptanceResult {
        try probe()
        return try change { state throws(StoreFailure) in
            try state.requireAccount(acceptance.account)
            if case .channel = acceptance.account {
                for route in acceptance.routes { try state.requireInstallation(route.installation) }
            }
            var result = AcceptanceResult()
            for arrival in acceptance.arrivals {
                result.fates.append(state.take(arrival, of: acceptance, into: &result))
            }
            return result
        }
    }
}

extension MemoryState {
    mutating func take(
        _ arrival: Acceptance.Arrival, of acceptance: Acceptance, into result: inout AcceptanceResult
    ) -> ArrivalFate {
        let key = AccountName(acceptance.account, arrival.dedupeKey.rawValue)
        let fate: ArrivalFate
        switch acceptance.account {
        case .channel:
            guard let route = acceptance.routes.first else { return .foreign }
            guard dedupe[key] == nil else {
                let id = route.installation
                return absorb(arrival, of: id, countedFor: id, into: &result)
            }
            fate = .accepted(route.installation, takeChannels(arrival, of: route, at: acceptance.at))
        case .helpdesk(let account):
            let ownership = ownership(of: arrival, account, acceptance.routes)
            if let fate = ownership.fate { return fate }
            guard dedupe[key] == nil, !isKnown(arrival, in: ownership.account) else {
                dedupe[key] = dedupe[key] ?? acceptance.at
                let heard = InstallationID(account.rawValue)
                return absorb(arrival, of: ownership.owner?.id, countedFor: heard, into: &result)
            }
            fate = takeHelpdesks(arrival, ownership, account, of: acceptance, into: &result)
        }
        dedupe[key] = acceptance.at
        result.accepted += 1
        if let delivery = fate.delivery { result.deliveries.append(delivery) }
        return fate
    }

    /// - Parameter other: whose it is counted as when no installation's.
    private mutating func absorb(
        _ arrival: Acceptance.Arrival, of installation: InstallationID?, countedFor other: InstallationID,
        into result: inout AcceptanceResult
    ) -> ArrivalFate {
        if case .withheld = arrival.content { return .repeated(installation) }
        figures.add(.repeated, Flow(installation ?? other, arrival.content.direction))
        result.repeated += 1
        return .repeated(installation)
    }

    /// - Returns: the delivery that it becomes, if any.
    mutating func takeChannels(_ arrival: Acceptance.Arrival, of route: Route, at now: Date) -> DeliveryID? {
        let installation = route.installation
        switch arrival.content {
        case .message(let message):
            let contact = keepContact(
                message.profile, of: installation, reference: route.reference(of: message.profile.userID),
                subscription: .subscribed, at: min(message.message.sentAt ?? now, now), now: now)
            wakeLanes(of: contact, now: now)
            return enqueue(
                .message(message), of: installation, .inbound, key: OrderingKey("in/\(contact)"), contact: contact,
                now: now)
        case .receipt(let receipt, let note):
            keepReceipt(receipt, note: note, of: installation, now: now)
        case .subscription(let change):
            _ = keepContact(
                change.user, of: installation, reference: route.reference(of: change.user.userID),
                subscription: change.kind, at: min(change.at, now), now: now)
        case .reply, .status, .withheld:
            break
        }
        return nil
    }

    mutating func keepContact(
        _ profile: ContactProfile, of installation: InstallationID, reference: Reference,
        subscription: SubscriptionChange.Kind? = nil, at: Date? = nil, now: Date
    ) -> ContactID {
        let found = contacts.values.first {
            $0.contact.installation == installation && $0.contact.profile.userID == profile.userID
        }
        let id = found?.contact.id ?? ContactID(rawValue: next())
        let known = found?.contact.profile ?? ContactProfile(userID: profile.userID)
        var row =
            found
            ?? ContactRow(contact: Contact(id: id, installation: installation, profile: known, reference: reference))
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
        let isReported = channelMessages.contains { $0.value == delivery.id && receipts[$0.key]?.wasNoted == true }
        receipts[name]?.wasNoted = true
        if isReported { return }
        enqueueNote(
            NoteDraft(text: text, conversation: reply.conversation), of: name.installation, contact: delivery.contact,
            now: now)
    }
}
