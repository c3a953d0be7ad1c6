import FoundationEssentials
import GRDB
import RelayCore

/// Makes one account of two, inside of a transaction: the older stays.
struct AccountMerge {
    let older: AccountID
    let other: AccountID
    /// The one that was just checked.
    let proven: AccountID
    let db: Database
    /// The installations that were on the other account.
    private(set) var moved: [InstallationID] = []

    init(older: AccountID, other: AccountID, proven: AccountID, db: Database) {
        self.older = older
        self.other = other
        self.proven = proven
        self.db = db
    }

    /// Two installations never have one address by it: the caller has looked.
    mutating func run(key: any SecretSealing, now: Date) throws {
        let wasPaused = try SQLiteStore.isPaused(older, in: db) || SQLiteStore.isPaused(other, in: db)
        switch (older, other) {
        case (.channel(let older), .channel(let other)): try merge(other, into: older, key: key)
        case (.helpdesk(let older), .helpdesk(let other)): try merge(other, into: older, key: key)
        default: return
        }
        try mergeGates(GateScope.account(other).stored, into: GateScope.account(older).stored)
        try moveRows("dedupe")
        // What waited for good credentials has those that were just checked.
        if try wasPaused && !SQLiteStore.isPaused(older, in: db) {
            try SQLiteStore.makeDue(onAccount: older, now: now.milliseconds, in: db)
        }
    }

    // MARK: Channel

    private mutating func merge(
        _ other: ChannelAccountID, into older: ChannelAccountID, key: any SecretSealing
    ) throws {
        let merged = try Accounts.channel(older, key: key, in: db).merging(
            Accounts.channel(other, key: key, in: db), isProven: proven == .channel(other))
        try repoint { place in
            if place.channel == other { place.channel = older }
        }
        try moveRows("addresses")
        try moveRows("parked")
        let prefix = GateScope.address(other, .only).stored
        for row in try db.rows("SELECT scope FROM gates WHERE substr(scope, 1, length(?1)) = ?1", [prefix]) {
            let scope = try row.text(0)
            let address = Address(String(decoding: scope.utf8.dropFirst(prefix.utf8.count), as: UTF8.self))
            try mergeGates(scope, into: GateScope.address(older, address).stored)
        }
        try db.run("DELETE FROM channel_accounts WHERE id = ?", [other.rawValue])
        try Accounts.write(merged, key: key, in: db)
    }

    // MARK: Helpdesk

    private mutating func merge(
        _ other: HelpdeskAccountID, into older: HelpdeskAccountID, key: any SecretSealing
    ) throws {
        let theirs = try Accounts.helpdesk(other, key: key, in: db)
        let merged = try Accounts.helpdesk(older, key: key, in: db).merging(
            theirs, isProven: proven == .helpdesk(other))
        // Sealed again first, so that nothing of an earlier version's secrets goes with the row.
        try Accounts.write(theirs, key: key, in: db)
        try repoint { place in
            if place.helpdesk == other { place.helpdesk = older }
        }
        try moveConversations(from: other.rawValue, to: older.rawValue)
        try moveRows("past_message_ids")
        let arguments: SQLArguments = [older.rawValue, other.rawValue]
        try db.run("UPDATE OR IGNORE message_ids SET scope = ? WHERE scope = ? AND side = 'helpdesk'", arguments)
        try db.run("DELETE FROM message_ids WHERE scope = ? AND side = 'helpdesk'", [other.rawValue])
        try moveRows("user_locks")
        // Replies that nobody owns yet, and those behind them.
        try db.run("UPDATE outbox SET installation = ? WHERE installation = ?", arguments)
        try db.run("UPDATE lanes SET installation = ? WHERE installation = ?", arguments)
        try moveKeys(from: other, to: older)
        try db.run("UPDATE OR IGNORE alarms SET subject = ? WHERE subject = ?", arguments)
        try db.run("DELETE FROM alarms WHERE subject = ?", [other.rawValue])
        try db.run("DELETE FROM helpdesk_accounts WHERE id = ?", [other.rawValue])
        try Accounts.write(merged, key: key, in: db)
    }

    /// What nobody owns has the older account's name by now. Later replies of a conversation look for the earlier ones by the account's name. A key that a worker has keeps its own
    /// until it is done.
    private func moveKeys(from other: HelpdeskAccountID, to older: HelpdeskAccountID) throws {
        let prefix = OrderingKey.outbound(other, "").rawValue
        let rows = try db.rows(
            """
            SELECT DISTINCT ordering_key FROM outbox WHERE installation = ?1 AND substr(ordering_key, 1, length(?2)) = ?2
                AND NOT EXISTS (
                    SELECT 1 FROM lanes WHERE lanes.ordering_key = outbox.ordering_key AND owner IS NOT NULL)
            UNION SELECT ordering_key FROM lanes WHERE owner IS NULL AND substr(ordering_key, 1, length(?2)) = ?2
            """, [older.rawValue, prefix])
        for row in rows {
            let key = try row.text(0)
            let conversation = String(decoding: key.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
            let new = OrderingKey.outbound(older, HelpdeskConversationID(conversation))
            try db.run(
                "UPDATE outbox SET ordering_key = ? WHERE ordering_key = ? AND state IN ('waiting', 'held', 'dead')",
                [new.rawValue, key])
            try db.run("DELETE FROM lanes WHERE ordering_key = ?", [key])
            try SQLiteStore.restoreLane(new, in: db)
            try SQLiteStore.refreshLane(new, in: db)
        }
    }

    /// Of a conversation that both know the one stays in which something happened last.
    private func moveConversations(from other: String, to older: String) throws {
        for row in try db.rows(
            """
            SELECT theirs.id, coalesce(theirs.active_at, 0) > coalesce(ours.active_at, 0)
            FROM conversations AS theirs
            JOIN conversations AS ours ON ours.id = theirs.id AND ours.helpdesk_account = ?1
            WHERE theirs.helpdesk_account = ?2
            """, [older, other])
        {
            let loser = try row.flag(1) ? older : other
            try db.run(
                "DELETE FROM conversations WHERE id = ? AND helpdesk_account = ?", [try row.text(0), loser])
        }
        // A contact has one current conversation on a topic.
        try db.run(
            """
            UPDATE conversations SET is_current = 0
            WHERE helpdesk_account = ?2 AND is_current = 1 AND EXISTS (
                SELECT 1 FROM conversations AS ours WHERE ours.contact = conversations.contact
                    AND ours.helpdesk_account = ?1 AND ours.topic = conversations.topic AND ours.is_current = 1)
            """, [older, other])
        try db.run(
            "UPDATE conversations SET helpdesk_account = ? WHERE helpdesk_account = ?", [older, other])
    }

    // MARK: Parts of these

    /// The installations of the other account, removed ones too, are on the older one.
    private mutating func repoint(_ change: (inout FormerPlace) -> Void) throws {
        let column = older.column
        moved += try db.rows(
            "SELECT id FROM installations WHERE \(column) = ? AND state <> 'removed' ORDER BY number", [other.rawValue]
        ).map { row -> InstallationID in try row.id(0) }
        try db.run(
            "UPDATE installations SET \(column) = ? WHERE \(column) = ?", [older.rawValue, other.rawValue])
        for row in try InstallationRow.all(in: db) where !row.former.isEmpty {
            var former = row.former
            for index in former.indices { change(&former[index]) }
            // It is there now, or there again.
            former.removeAll { place in
                place.helpdesk == row.helpdesk || (place.channel == row.channel && place.address == row.address)
            }
            guard former != row.former else { continue }
            try db.run(
                "UPDATE installations SET former = ? WHERE id = ?", [try String(list: former), row.id.rawValue])
        }
    }

    /// Rows that both have, by their names, are there once.
    private func moveRows(_ table: String) throws {
        try db.run("UPDATE OR IGNORE \(table) SET account = ? WHERE account = ?", [older.rawValue, other.rawValue])
        try db.run("DELETE FROM \(table) WHERE account = ?", [other.rawValue])
    }

    /// The later gate counts, and the older one's breaker.
    private func mergeGates(_ scope: String, into other: String) throws {
        try db.run(
            """
            INSERT INTO gates (scope, until, failures, last_key, openings, opened_at)
            SELECT ?2, until, failures, last_key, openings, opened_at FROM gates WHERE scope = ?1
            ON CONFLICT (scope) DO UPDATE SET until = max(until, excluded.until)
            """, [scope, other])
        try db.run("DELETE FROM gates WHERE scope = ?", [scope])
    }
}
