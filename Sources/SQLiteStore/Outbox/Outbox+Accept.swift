import FoundationEssentials
import GRDB
package import RelayCore

extension SQLiteStore {
    package func accept(_ acceptance: Acceptance) throws(StoreFailure) -> AcceptanceResult {
        let intake = try Self.intake(of: acceptance)
        return try changeCountingBlocking { db, tally in try intake(db, &tally).result }
    }

    package func acceptFound(_ acceptance: Acceptance) async throws(StoreFailure) -> AcceptanceResult {
        var acceptance = acceptance
        acceptance.source = .poll
        let (intake, at) = (try Self.intake(of: acceptance), acceptance.at.milliseconds)
        return try await changeCounting { db, tally in
            let taken = try intake(db, &tally)
            for (installation, count) in taken.replies {
                let flow = Flow(installation, .outbound)
                tally.add(.polled, flow, by: count)
                try Counters.noteFound(flow, at: at, in: db)
            }
            return taken.result
        }
    }

    static func intake(of acceptance: Acceptance) throws(StoreFailure) -> QueuedValueChange<Taken>.Body {
        // Encoded before the queue, so that the one writing thread doesn't have to.
        var arrivals: [StoredArrival] = []
        for arrival in acceptance.arrivals { arrivals.append(try StoredArrival(arrival)) }
        return { [arrivals] db, tally in
            var intake = Intake(acceptance: acceptance, db: db)
            if arrivals.isEmpty { try intake.requireAccount() }
            for arrival in arrivals { try intake.take(arrival, counting: &tally) }
            return intake.taken
        }
    }

    /// A write of a few bytes finds room in a log that has none to grow, so it is looked for room as well: for a webhook of
    /// common size, and for any after one that found none.
    package func probe() throws(StoreFailure) {
        let wasFull = commits.isFull
        try changeBlocking { db in
            try db.run("UPDATE meta SET number = number + 1 WHERE name = 'heartbeat'")
        }
        try files.checkRoom(for: wasFull ? 4 << 20 : 64 << 10)
    }
}

/// What was taken in.
struct Taken: Sendable {
    var result = AcceptanceResult()
    /// How many new replies there are of each installation, or of the helpdesk account itself.
    var replies: [InstallationID: Int] = [:]
}

/// An arrival with the payload of the delivery that it becomes.
private struct StoredArrival: Sendable {
    var dedupeKey: DedupeKey
    var content: Acceptance.Content
    var topic: TopicID?
    var payload: Data

    init(_ arrival: Acceptance.Arrival) throws(StoreFailure) {
        dedupeKey = arrival.dedupeKey
        content = arrival.content
        topic = arrival.topic
        payload =
            switch arrival.content {
            case .message(let message): try Payload.message(message).stored()
            case .reply(let reply): try Payload.reply(reply).stored()
            case .receipt, .subscription, .status, .withheld: Data()
            }
    }
}

/// Takes in one webhook's events, inside of a transaction.
private struct Intake {
    let acceptance: Acceptance
    let db: Database
    var taken = Taken()

    private var now: Int64 { acceptance.at.milliseconds }

    init(acceptance: Acceptance, db: Database) {
        self.acceptance = acceptance
        self.db = db
    }

    /// - Throws: `notFound` if the account has been removed, or its only installation that was meant.
    func requireAccount() throws {
        guard try Accounts.exists(acceptance.account, in: db) else { throw StoreFailure.noAccount(acceptance.account) }
        if case .channel = acceptance.account, let route = acceptance.routes.first {
            _ = try SQLiteStore.installationState(db, route.installation)
        }
    }

    mutating func take(_ arrival: StoredArrival, counting tally: inout CounterTally) throws {
        let fate =
            switch acceptance.account {
            case .channel: try takeOfChannel(arrival, counting: &tally)
            case .helpdesk(let account): try takeOfHelpdesk(arrival, account, counting: &tally)
            }
        if let delivery = fate.delivery { taken.result.deliveries.append(delivery) }
        switch fate {
        case .accepted, .unresolved: taken.result.accepted += 1
        case .repeated(let installation):
            // A repeat of what is withheld isn't counted.
            if case .withheld = arrival.content { break }
            taken.result.repeated += 1
            let counted = installation ?? InstallationID(acceptance.account.rawValue)
            tally.add(.repeated, Flow(counted, arrival.content.direction))
        case .parked, .foreign, .systemLine: break
        }
        taken.result.fates.append(fate)
    }

    // MARK: A channel's

    private mutating func takeOfChannel(
        _ arrival: StoredArrival, counting tally: inout CounterTally
    ) throws -> ArrivalFate {
        guard let route = acceptance.routes.first else { throw StoreFailure.noAccount(acceptance.account) }
        let installation = route.installation
        try db.run(
            """
            INSERT OR IGNORE INTO dedupe (account, key, accepted_at)
            SELECT ?1, ?2, ?3 FROM installations WHERE id = ?4 AND state <> 'removed'
            """, [acceptance.account.rawValue, arrival.dedupeKey.rawValue, now, installation.rawValue])
        guard db.changesCount == 1 else {
            try requireAccount()
            return .repeated(installation)
        }
        switch arrival.content {
        case .message(let message):
            tally.add(.accepted, Flow(installation, .inbound))
            return .accepted(installation, try take(message, payload: arrival.payload, for: route))
        case .receipt(let receipt, let note):
            try SQLiteStore.keepReceipt(receipt, note: note, of: installation, now: now, in: db)
        case .subscription(let change):
            _ = try SQLiteStore.keepContact(
                change.user, of: installation, reference: route.reference(of: change.user.userID),
                subscription: subscription(change.kind, at: change.at), now: acceptance.at, in: db)
        case .reply, .status, .withheld: return .foreign
        }
        return .accepted(installation, nil)
    }

    private func take(_ message: InboundPayload, payload: Data, for route: Route) throws -> DeliveryID {
        let contact = try SQLiteStore.keepContact(
            message.profile, of: route.installation, reference: route.reference(of: message.profile.userID),
            subscription: subscription(.subscribed, at: message.message.sentAt ?? acceptance.at),
            now: acceptance.at, in: db)
        try SQLiteStore.wakeLanes(of: contact, now: now, in: db)
        return try SQLiteStore.enqueue(
            payload, of: route.installation, .inbound, key: .inbound(contact), contact: contact, now: now, in: db)
    }

    /// A clock of the channel that goes ahead of ours can't make a state last.
    private func subscription(_ kind: SubscriptionChange.Kind, at date: Date) -> SQLiteStore.Subscription {
        SQLiteStore.Subscription(kind: kind, at: min(date, acceptance.at).milliseconds)
    }

    // MARK: Freshchat's

    private mutating func takeOfHelpdesk(
        _ arrival: StoredArrival, _ account: HelpdeskAccountID, counting tally: inout CounterTally
    ) throws -> ArrivalFate {
        let search = OwnerSearch(account: account, routes: acceptance.routes, db: db)
        switch arrival.content {
        case .reply(let reply):
            return try take(reply, arrival, by: search, counting: &tally)
        case .status(let conversation, let isResolved):
            guard let owner = try owner(of: conversation, arrival, by: search) else { return try foreign() }
            guard try isNew(arrival) else { return .repeated(owner) }
            try db.run(
                "UPDATE conversations SET is_resolved = ?1 WHERE installation = ?2 AND id = ?3 AND is_resolved <> ?1",
                [isResolved, owner.rawValue, conversation.rawValue])
            try SQLiteStore.watch(conversation, of: owner, now: now, in: db)
            return .accepted(owner, nil)
        case .withheld(let kind, let conversation):
            guard let owner = try owner(of: conversation, arrival, by: search) else { return try foreign() }
            guard try isNew(arrival) else { return .repeated(owner) }
            let flow = Flow(owner, .outbound)
            tally.add(.withheld, flow)
            try Counters.noteWithheld(flow, at: now, in: db)
            taken.result.withheld.append((owner, kind))
            return .accepted(owner, nil)
        case .message, .receipt, .subscription:
            return try foreign()
        }
    }

    private mutating func take(
        _ reply: HelpdeskMessage, _ arrival: StoredArrival, by search: OwnerSearch, counting tally: inout CounterTally
    ) throws -> ArrivalFate {
        let subject = OwnerSearch.Subject(
            conversation: reply.conversation, topic: arrival.topic, user: reply.user,
            reference: reply.reference.map { Reference($0) })
        let (owner, known) = try search.owner(of: subject)
        switch owner {
        case .none:
            return try foreign()
        case .one(let installation):
            if reply.actor == .system, search.route(of: installation)?.forwardsSystemLines != true {
                return .systemLine(installation)
            }
            let scope = try search.account(of: known, owner: installation)
            guard try isNew(arrival), try !isKnown(reply.id, in: scope) else { return .repeated(installation) }
            let contact = try search.contact(
                of: subject, owner: installation, known: known, scope: scope, now: acceptance.at)
            let key = try key(of: reply.conversation, search.account, installation, contact)
            let delivery = try SQLiteStore.enqueue(
                arrival.payload, of: installation, .outbound, key: key, contact: contact, source: acceptance.source,
                now: now, in: db)
            try note(reply, delivery, of: installation, scope)
            tally.add(.accepted, Flow(installation, .outbound))
            try SQLiteStore.watch(reply.conversation, of: installation, now: now, in: db)
            return .accepted(installation, delivery)
        case .unknown, .several:
            if reply.actor == .system, !search.routes.contains(where: \.forwardsSystemLines) { return try foreign() }
            guard try isNew(arrival), try !isKnown(reply.id, in: search.account) else { return .repeated(nil) }
            let name = InstallationID(search.account.rawValue)
            let delivery = try SQLiteStore.enqueue(
                arrival.payload, of: name, .outbound, key: .outbound(search.account, reply.conversation), contact: nil,
                side: .helpdesk, source: acceptance.source, now: now, in: db)
            try note(reply, delivery, of: name, search.account)
            return .unresolved(delivery)
        }
    }

    /// Earlier replies of this conversation may still wait under a key of its own, accepted before the owner or the contact
    /// was known; this one has to stay behind them.
    private func key(
        of conversation: HelpdeskConversationID, _ account: HelpdeskAccountID, _ installation: InstallationID,
        _ contact: Int64?
    ) throws -> OrderingKey {
        let undecided = OrderingKey.outbound(account, conversation)
        let own = OrderingKey.outbound(installation, conversation)
        let lanes = try db.rows(
            "SELECT ordering_key FROM lanes WHERE ordering_key IN (?, ?)", [undecided.rawValue, own.rawValue]
        ).map { row -> OrderingKey in try row.id(0) }
        if lanes.contains(undecided) { return undecided }
        guard let contact, !lanes.contains(own) else { return own }
        return .outbound(contact)
    }

    private mutating func note(
        _ reply: HelpdeskMessage, _ delivery: DeliveryID, of name: InstallationID, _ scope: HelpdeskAccountID
    ) throws {
        // The same message may come by another way in too, under another name of its event.
        try SQLiteStore.keepMessageID(reply.id.rawValue, .helpdesk, of: scope.rawValue, delivery: delivery, in: db)
        taken.result.replies.append(reply.id)
        taken.replies[name, default: 0] += 1
    }

    /// What is no message is only taken in for an installation that is certain.
    private func owner(
        of conversation: HelpdeskConversationID, _ arrival: StoredArrival, by search: OwnerSearch
    ) throws -> InstallationID? {
        let subject = OwnerSearch.Subject(conversation: conversation, topic: arrival.topic)
        guard case .one(let owner) = try search.owner(of: subject).owner else { return nil }
        return owner
    }

    private func isNew(_ arrival: StoredArrival) throws -> Bool {
        try db.run(
            """
            INSERT OR IGNORE INTO dedupe (account, key, accepted_at)
            SELECT ?1, ?2, ?3 FROM helpdesk_accounts WHERE id = ?1 AND state <> 'removed'
            """, [acceptance.account.rawValue, arrival.dedupeKey.rawValue, now])
        if db.changesCount == 1 { return true }
        try requireAccount()
        return false
    }

    private func foreign() throws -> ArrivalFate {
        try requireAccount()
        return .foreign
    }

    private func isKnown(_ id: HelpdeskMessageID, in scope: HelpdeskAccountID) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM message_ids WHERE scope = ?1 AND side = 'helpdesk' AND message_id = ?2
            UNION ALL SELECT 1 FROM past_message_ids WHERE account = ?1 AND message_id = ?2
            """, [scope.rawValue, id.rawValue])
    }
}
