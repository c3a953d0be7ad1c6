package import FoundationEssentials
import GRDB
package import RelayCore

/// Which conversations to look into for what a webhook didn't bring.
extension SQLiteStore {
    package func nextPoll(_ pace: PollPace, now: Date) async throws(StoreFailure) -> Date? {
        try await read { db in
            var earliest: Int64?
            for installation in try Self.watchedInstallations(in: db) {
                guard
                    let base = try db.row(
                        """
                        SELECT look_base FROM conversations INDEXED BY conversations_to_look_into
                        WHERE installation = ? AND look_base IS NOT NULL ORDER BY look_base LIMIT 1
                        """, [installation.id])?.integer(0)
                else { continue }
                let due = max(base + pace.interval.milliseconds, installation.readyAt)
                earliest = min(earliest ?? due, due)
            }
            return earliest.map(Date.init(milliseconds:))
        }
    }

    package func takeConversations(
        _ pace: PollPace, now: Date
    ) async throws(StoreFailure) -> [WatchedConversation] {
        try await change { db in
            let clock = now.milliseconds
            var taken: [WatchedConversation] = []
            for installation in try Self.watchedInstallations(in: db) where installation.readyAt <= clock {
                guard let conversation = try Self.firstDue(of: installation, pace, now: clock, in: db) else { continue }
                try db.run(
                    "UPDATE conversations SET look_base = ? WHERE installation = ? AND id = ?",
                    [clock, installation.id, conversation.id.rawValue])
                try Self.keepPace(installation.id, readyAt: clock + pace.spacing.milliseconds, in: db)
                taken.append(conversation)
            }
            return taken
        }
    }

    package func record(
        _ outcome: PollOutcome, of conversation: WatchedConversation, _ pace: PollPace, now: Date
    ) async throws(StoreFailure) {
        let (installation, id) = (conversation.installation.rawValue, conversation.id.rawValue)
        try await change { db in
            let clock = now.milliseconds
            try db.run(
                "UPDATE conversations SET begins_at = ?, seen_until = ? WHERE installation = ? AND id = ?",
                [outcome.beginsAt.milliseconds, outcome.seenUntil?.milliseconds, installation, id])
            let base = outcome.nextPoll.map { clock + $0.milliseconds - pace.interval.milliseconds }
            try db.run(
                """
                UPDATE conversations SET look_base = ?, looks_in_vain = ?
                WHERE installation = ? AND id = ? AND active_at = ?
                """, [base, outcome.emptyPolls, installation, id, conversation.activeAt.milliseconds])
            let further = pace.spacing.milliseconds * Int64(max(0, outcome.calls - 1))
            if further > 0 || outcome.rest > .zero {
                try Self.keepPace(installation, readyAt: clock + max(further, outcome.rest.milliseconds), in: db)
            }
        }
    }

    package func knownMessages(
        among messages: [HelpdeskMessageID], of installation: InstallationID
    ) async throws(StoreFailure) -> Set<HelpdeskMessageID> {
        try await read { db in
            var known: Set<HelpdeskMessageID> = []
            for message in messages
            where try db.exists(
                """
                SELECT 1 FROM message_ids
                WHERE scope IN (\(Self.helpdeskAccounts)) AND side = 'helpdesk' AND message_id = ?2
                """, [installation.rawValue, message.rawValue])
            {
                known.insert(message)
            }
            return known
        }
    }

    // MARK: Noting what happens

    /// Something happened in a conversation, if it is known.
    static func watch(
        _ conversation: HelpdeskConversationID, of installation: InstallationID, now: Int64, in db: Database
    ) throws {
        try db.run(
            """
            UPDATE conversations SET active_at = ?1, looks_in_vain = 0, begins_at = coalesce(begins_at, ?1),
                look_base = min(coalesce(look_base, ?1), ?1)
            WHERE installation = ?2 AND id = ?3
            """, [now, installation.rawValue, conversation.rawValue])
    }

    /// A customer's message came into their current conversation.
    static func watchCurrent(of claim: Claim, now: Int64, in db: Database) throws {
        let installation = claim.delivery.installation
        let row = try db.row(
            """
            SELECT conversations.id FROM conversations
            JOIN installations ON installations.id = ?2 AND installations.topic = conversations.topic
                AND installations.helpdesk_account = conversations.helpdesk_account
            WHERE contact = ?1 AND is_current = 1
            """, [claim.delivery.contact?.rawValue, installation.rawValue])
        if let row { try watch(row.id(0), of: installation, now: now, in: db) }
    }

    // MARK: Parts of these

    /// An installation whose conversations may be looked into, from a time on.
    private struct WatchedInstallation {
        var id: String
        var account: String
        var topics: Set<String>
        var readyAt: Int64
    }

    private static func watchedInstallations(in db: Database) throws -> [WatchedInstallation] {
        try db.rows(
            "SELECT id, helpdesk_account, topic, former_topics FROM installations WHERE state = 'active' ORDER BY number"
        ).compactMap { row in
            let id = try row.text(0)
            // While the breaker is open, only a delivery finds out whether Freshchat is well again.
            guard let gate = try gate(of: LaneGroup(installation: id, side: Side.helpdesk.rawValue), in: db),
                !gate.isProbed
            else { return nil }
            let pace = try db.row("SELECT ready_at FROM poll_pace WHERE installation = ?", [id])?.integer(0)
            let former: [String] = try row.text(3).decodedList()
            return WatchedInstallation(
                id: id, account: try row.text(1), topics: Set(former + [try row.text(2)]),
                readyAt: max(gate.until, pace ?? 0))
        }
    }

    /// The conversation of an installation whose look has been due for the longest. Those that are past being looked into
    /// are let go of on the way.
    private static func firstDue(
        of installation: WatchedInstallation, _ pace: PollPace, now: Int64, in db: Database
    ) throws -> WatchedConversation? {
        let rows = try db.rows(
            """
            SELECT id, helpdesk_account, is_resolved, active_at, looks_in_vain, begins_at, seen_until, topic
            FROM conversations INDEXED BY conversations_to_look_into
            WHERE installation = ? AND look_base <= ? ORDER BY look_base LIMIT 100
            """, [installation.id, now - pace.interval.milliseconds])
        for row in rows {
            // What is in an account that it has left is its own whatever the topic.
            let isOwn = try row.text(1) != installation.account || installation.topics.contains(row.text(7))
            if isOwn, let activeAt = try row.dateIfAny(3),
                let beginsAt = try row.dateIfAny(5), activeAt.milliseconds >= now - pace.watchTime.milliseconds
            {
                return WatchedConversation(
                    installation: InstallationID(installation.id), account: try row.id(1), id: try row.id(0),
                    isResolved: try row.flag(2),
                    activeAt: activeAt, emptyPolls: try row.int(4), beginsAt: beginsAt,
                    seenUntil: try row.dateIfAny(6))
            }
            try db.run(
                "UPDATE conversations SET look_base = NULL WHERE installation = ? AND id = ?",
                [installation.id, try row.text(0)])
        }
        return nil
    }

    private static func keepPace(_ installation: String, readyAt: Int64, in db: Database) throws {
        try db.run(
            """
            INSERT INTO poll_pace (installation, ready_at) VALUES (?, ?)
            ON CONFLICT (installation) DO UPDATE SET ready_at = max(ready_at, excluded.ready_at)
            """, [installation, readyAt])
    }
}
