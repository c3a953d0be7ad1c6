import FoundationEssentials
import GRDB
package import RelayCore

extension SQLiteStore {
    package func accept(_ acceptance: Acceptance) throws(StoreFailure) -> AcceptanceResult {
        try changeCountingBlocking(try Self.intake(of: acceptance))
    }

    package func acceptFound(_ acceptance: Acceptance) async throws(StoreFailure) -> AcceptanceResult {
        var acceptance = acceptance
        acceptance.source = .poll
        let (intake, flow, at) = (
            try Self.intake(of: acceptance), Flow(acceptance.installation, .outbound), acceptance.at.milliseconds
        )
        return try await changeCounting { db, tally in
            let result = try intake(db, &tally)
            if !result.replies.isEmpty {
                tally.add(.polled, flow, by: result.replies.count)
                try Counters.noteFound(flow, at: at, in: db)
            }
            return result
        }
    }

    private static func intake(
        of acceptance: Acceptance
    ) throws(StoreFailure) -> ValueChange<AcceptanceResult>.Body {
        // Encoded before the queue, so that the one writing thread doesn't have to.
        var arrivals: [StoredArrival] = []
        for arrival in acceptance.arrivals { arrivals.append(try StoredArrival(arrival)) }
        return { [arrivals] db, tally in
            if arrivals.isEmpty { _ = try Self.installationState(db, acceptance.installation) }
            var intake = Intake(acceptance: acceptance, db: db)
            for arrival in arrivals { try intake.take(arrival, counting: &tally) }
            return intake.result
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

/// An arrival with the payload of the delivery that it becomes.
private struct StoredArrival: Sendable {
    var dedupeKey: DedupeKey
    var content: Acceptance.Content
    var payload: Data

    init(_ arrival: Acceptance.Arrival) throws(StoreFailure) {
        dedupeKey = arrival.dedupeKey
        content = arrival.content
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
    var result = AcceptanceResult()

    private var installation: InstallationID { acceptance.installation }
    private var now: Int64 { acceptance.at.milliseconds }

    init(acceptance: Acceptance, db: Database) {
        self.acceptance = acceptance
        self.db = db
    }

    mutating func take(_ arrival: StoredArrival, counting tally: inout CounterTally) throws {
        try db.run(
            """
            INSERT OR IGNORE INTO dedupe (installation, key, accepted_at)
            SELECT ?1, ?2, ?3 FROM installations WHERE id = ?1 AND state <> 'removed'
            """, [installation.rawValue, arrival.dedupeKey.rawValue, now])
        guard db.changesCount == 1 else {
            _ = try SQLiteStore.installationState(db, installation)
            if case .withheld = arrival.content { return }
            tally.add(.repeated, Flow(installation, arrival.content.direction))
            result.repeated += 1
            return
        }
        switch arrival.content {
        case .message(let message):
            try take(message, payload: arrival.payload)
            tally.add(.accepted, Flow(installation, .inbound))
        case .reply(let reply):
            if try isKnown(reply.id) {
                tally.add(.repeated, Flow(installation, .outbound))
                result.repeated += 1
                return
            }
            try take(reply, payload: arrival.payload)
            tally.add(.accepted, Flow(installation, .outbound))
        case .receipt(let receipt, let note):
            try SQLiteStore.keepReceipt(receipt, note: note, of: installation, now: now, in: db)
        case .subscription(let change):
            _ = try SQLiteStore.keepContact(
                change.user, of: installation, subscription: subscription(change.kind, at: change.at),
                now: acceptance.at, in: db)
        case .status(let conversation, let isResolved):
            try db.run(
                "UPDATE conversations SET is_resolved = ?1 WHERE installation = ?2 AND id = ?3 AND is_resolved <> ?1",
                [isResolved, installation.rawValue, conversation.rawValue])
            try SQLiteStore.watch(conversation, of: installation, now: now, in: db)
        case .withheld(let kind):
            tally.add(.withheld, Flow(installation, .outbound))
            try Counters.noteWithheld(Flow(installation, .outbound), at: now, in: db)
            result.withheld.append(kind)
        }
        result.accepted += 1
    }

    private mutating func take(_ message: IncomingPayload, payload: Data) throws {
        let contact = try SQLiteStore.keepContact(
            message.profile, of: installation,
            subscription: subscription(.subscribed, at: message.message.sentAt ?? acceptance.at),
            now: acceptance.at, in: db)
        try SQLiteStore.wakeLanes(of: contact, now: now, in: db)
        result.deliveries.append(
            try SQLiteStore.enqueue(
                payload, of: installation, .inbound, key: .inbound(contact), contact: contact, now: now, in: db))
    }

    private mutating func take(_ reply: HelpdeskMessage, payload: Data) throws {
        let contact = try contact(of: reply)
        var key = OrderingKey.outbound(installation, reply.conversation)
        if let contact {
            // Earlier replies of this conversation may still wait under its own key, accepted before the contact was
            // known; this one has to stay behind them.
            if try !db.exists("SELECT 1 FROM lanes WHERE ordering_key = ?", [key.rawValue]) {
                key = .outbound(contact)
            }
        }
        let delivery = try SQLiteStore.enqueue(
            payload, of: installation, .outbound, key: key, contact: contact, source: acceptance.source, now: now,
            in: db)
        // The same message may come by the other way in too, under another name of its event.
        try SQLiteStore.keepMessageID(reply.id.rawValue, .helpdesk, of: installation, delivery: delivery, in: db)
        result.deliveries.append(delivery)
        result.replies.append(reply.id)
        try SQLiteStore.watch(reply.conversation, of: installation, now: now, in: db)
    }

    private func contact(of reply: HelpdeskMessage) throws -> Int64? {
        let byConversation = try db.row(
            "SELECT contact FROM conversations WHERE installation = ? AND id = ?",
            [installation.rawValue, reply.conversation.rawValue])
        if let byConversation {
            let contact = try byConversation.integer(0)
            if let user = reply.user { try SQLiteStore.keepUser(user, of: contact, replacing: false, in: db) }
            return contact
        }
        var contact: Int64?
        if let user = reply.user {
            contact = try db.row(
                "SELECT id FROM contacts WHERE installation = ? AND helpdesk_user = ?",
                [installation.rawValue, user.rawValue])?.integer(0)
        }
        if contact == nil, let userID = reply.channelUser(acceptance.channel) {
            contact = try SQLiteStore.keepContact(
                ContactProfile(userID: userID), of: installation, now: acceptance.at, in: db)
            if let contact, let user = reply.user {
                try SQLiteStore.keepUser(user, of: contact, replacing: false, in: db)
            }
        }
        guard let contact else { return nil }
        try SQLiteStore.keepConversation(
            reply.conversation, of: contact, installation: installation, topic: acceptance.topic, in: db)
        return contact
    }

    private func isKnown(_ id: HelpdeskMessageID) throws -> Bool {
        try db.exists(
            """
            SELECT 1 FROM message_ids WHERE installation = ?1 AND side = 'helpdesk' AND message_id = ?2
            UNION ALL SELECT 1 FROM past_message_ids WHERE installation = ?1 AND message_id = ?2
            """, [installation.rawValue, id.rawValue])
    }

    /// A clock of the channel that goes ahead of ours can't make a state last.
    private func subscription(_ kind: SubscriptionChange.Kind, at date: Date) -> SQLiteStore.Subscription {
        SQLiteStore.Subscription(kind: kind, at: min(date, acceptance.at).milliseconds)
    }
}

extension HelpdeskMessage {
    /// The customer's id on the channel, out of our reference `<channel>:<id>`.
    fileprivate func channelUser(_ channel: ChannelKind) -> ChannelUserID? {
        let prefix = Array((channel.rawValue + ":").utf8)
        guard let reference, reference.utf8.starts(with: prefix), reference.utf8.count > prefix.count else {
            return nil
        }
        return ChannelUserID(String(decoding: reference.utf8.dropFirst(prefix.count), as: UTF8.self))
    }
}
