package import FoundationEssentials
import GRDB
package import RelayCore

/// What the relay learns on the way: users, conversations, gates, names.
extension SQLiteStore {
    package func remember(
        user: HelpdeskUserID, written: ContactProfile?, for claim: Claim, now: Date
    ) async throws(StoreFailure) {
        try await change { db in
            try Self.keepUser(user, written: written, of: try Self.contact(of: claim, in: db), now: now, in: db)
        }
    }

    package func remember(
        conversation: HelpdeskConversationID, topic: TopicID, for claim: Claim, now: Date
    ) async throws(StoreFailure) {
        try await change { db in
            let owner = try Self.keepConversation(
                conversation, of: try Self.contact(of: claim, in: db), installation: claim.delivery.installation,
                topic: topic, in: db)
            if let owner {
                throw StoreFailure(.conflict, "conversation \(conversation) is installation \(owner)'s already")
            }
        }
    }

    package func bind(
        _ claim: Claim, to user: ChannelUserID, reference: Reference, topic: TopicID, now: Date
    ) async throws(StoreFailure) -> Claim {
        try await change { db in
            try Self.requireLease(claim, in: db)
            var installation = claim.delivery.installation
            var contact = try db.row(
                "SELECT id FROM contacts WHERE installation = ? AND reference = ?",
                [installation.rawValue, reference.text])?.integer(0)
            contact =
                try contact
                ?? Self.keepContact(
                    ContactProfile(userID: user), of: installation, reference: reference, now: now, in: db)
            if let known = contact, case .reply(let reply) = claim.delivery.payload {
                let owner = try Self.keepConversation(
                    reply.conversation, of: known, installation: installation, account: claim.conversationAccount,
                    topic: topic, in: db)
                if let owner {
                    // It has become another installation's meanwhile.
                    installation = owner
                    contact = try db.row(
                        "SELECT contact FROM conversations WHERE id = ? AND installation = ?",
                        [reply.conversation.rawValue, owner.rawValue])?.integer(0)
                } else if let user = reply.user {
                    try Self.keepUser(user, of: known, replacing: false, in: db)
                }
                try Self.watch(reply.conversation, of: installation, now: now.milliseconds, in: db)
            }
            // Those behind it belong to the same conversation, and keep their place behind it.
            try db.run(
                """
                UPDATE outbox SET contact = ?, installation = ?
                WHERE ordering_key = ? AND state = 'waiting' AND contact IS NULL AND installation = ?
                """,
                [
                    contact, installation.rawValue, claim.delivery.orderingKey.rawValue,
                    claim.delivery.installation.rawValue,
                ])
            if installation != claim.delivery.installation {
                try db.run(
                    "UPDATE lanes SET installation = ? WHERE ordering_key = ?",
                    [installation.rawValue, claim.delivery.orderingKey.rawValue])
            }
            var bound = claim
            bound.delivery.installation = installation
            bound.delivery.contact = contact.map(ContactID.init(rawValue:))
            bound.contact = try contact.flatMap { try Self.contact($0, in: db) }
            return bound
        }
    }

    package func amend(
        _ claim: Claim, to reply: HelpdeskMessage, note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> Claim {
        let payload = Payload.reply(reply)
        let stored = try payload.stored()
        return try await change { db in
            try Self.requireLease(claim, in: db)
            try db.run("UPDATE outbox SET payload = ? WHERE id = ?", [stored, claim.delivery.id.rawValue])
            if let note {
                try Self.enqueueNote(
                    note, of: claim.delivery.installation, contact: claim.delivery.contact?.rawValue,
                    now: now.milliseconds, in: db)
            }
            var amended = claim
            amended.delivery.payload = payload
            return amended
        }
    }

    private static func contact(of claim: Claim, in db: Database) throws -> Int64 {
        try requireLease(claim, in: db)
        guard let contact = claim.contact?.id.rawValue else {
            throw StoreFailure(.notFound, "delivery \(claim.delivery.id) has no contact to remember this for")
        }
        return contact
    }

    package func closeGate(_ scope: GateScope, until: Date) async throws(StoreFailure) {
        try await change { db in
            try db.run(
                """
                INSERT INTO gates (scope, until) VALUES (?, ?)
                ON CONFLICT (scope) DO UPDATE SET until = max(until, excluded.until)
                """, [scope.stored, until.milliseconds])
        }
    }

    /// The helpdesk accounts that the installation ?1 is on and was on; of a delivery that nobody owns, its own.
    static let helpdeskAccounts = """
        SELECT helpdesk_account FROM installations WHERE id = ?1
        UNION ALL SELECT value ->> 'helpdesk' FROM installations, json_each(former) WHERE installations.id = ?1
        UNION ALL SELECT ?1
        """

    package func delivery(
        thatBecame message: HelpdeskMessageID, of installation: InstallationID
    ) async throws(StoreFailure) -> DeliveryID? {
        try await read { db in
            // The ids of agents' replies are in the same table; those came from there, and didn't become it.
            let row = try db.row(
                """
                SELECT outbox.id FROM message_ids JOIN outbox ON outbox.id = message_ids.delivery
                WHERE message_ids.scope IN (\(Self.helpdeskAccounts)) AND message_ids.side = 'helpdesk' AND message_id = ?2
                    AND outbox.direction = 'inbound'
                UNION ALL
                SELECT delivery FROM past_message_ids
                WHERE account IN (\(Self.helpdeskAccounts)) AND message_id = ?2 AND direction = 'inbound'
                """, [installation.rawValue, message.rawValue])
            return try row.map { DeliveryID(rawValue: try $0.integer(0)) }
        }
    }

    package func agentName(
        _ agent: AgentID, of installation: InstallationID, notBefore: Date
    ) async throws(StoreFailure) -> String?? {
        try await read { db in
            let row = try db.row(
                "SELECT name FROM agents WHERE installation = ? AND id = ? AND learned_at >= ?",
                [installation.rawValue, agent.rawValue, notBefore.milliseconds])
            guard let row else { return nil }
            return .some(try row.textIfAny(0))
        }
    }

    package func remember(
        agent: AgentID, name: String?, of installation: InstallationID, now: Date
    ) async throws(StoreFailure) {
        try await change { db in
            try db.run(
                """
                INSERT INTO agents (installation, id, name, learned_at) VALUES (?, ?, ?, ?)
                ON CONFLICT (installation, id) DO UPDATE SET name = excluded.name, learned_at = excluded.learned_at
                """, [installation.rawValue, agent.rawValue, name, now.milliseconds])
        }
    }
}
