import FoundationEssentials
import GRDB
import RelayCore

/// What is forgotten with an installation, and of accounts and places that no installation needs any more.
extension SQLiteStore {
    /// Forgets the places whose time is over. One in a helpdesk account that others are on stays: the conversations there are
    /// the installation's for as long as the account is known.
    static func endFormerPlaces(now: Date, in db: Database) throws -> Bool {
        let rows = try InstallationRow.all(in: db)
        let present = Set(rows.map(\.helpdesk))
        var hasEnded = false
        for row in rows {
            var row = row
            let former = row.former.filter { place in
                place.until > now || place.helpdesk.map { present.contains($0) } ?? false
            }
            if former.count == row.former.count { continue }
            row.former = former
            try db.run(
                "UPDATE installations SET former = ? WHERE id = ?", [try String(list: former), row.id.rawValue])
            hasEnded = true
        }
        return hasEnded
    }

    static func forget(
        _ installation: InstallationID, keepingHistory: Bool, now: Date, in db: Database
    ) throws {
        let id = installation.rawValue
        try db.run(
            """
            UPDATE installations SET state = 'removed', paused_reason = NULL, paused_since = ?, paused_by = NULL,
                former = '[]'
            WHERE id = ? AND state <> 'removed'
            """, [now.milliseconds, id])
        try db.run("DELETE FROM poll_pace WHERE installation = ?", [id])
        try db.run("DELETE FROM profile_pace WHERE installation = ?", [id])
        try discardWaiting(of: id, keepingHistory: keepingHistory, now: now, in: db)
    }

    /// What waits is discarded.
    ///
    /// - Parameter name: of an installation, or of a helpdesk account.
    private static func discardWaiting(
        of name: String, keepingHistory: Bool, now: Date, in db: Database
    ) throws {
        for row in try db.rows("SELECT delivery, owner FROM lanes WHERE installation = ? AND owner IS NOT NULL", [name])
        {
            guard let delivery = try row.integerIfAny(0), let owner = try row.textIfAny(1) else { continue }
            try doubtOpenAttempts(of: delivery, by: WorkerID(owner), now: now.milliseconds, in: db)
        }
        // A lane may have the deliveries of several on it: those of a conversation whose owner became known.
        let keys = try db.rows(
            """
            SELECT DISTINCT ordering_key FROM outbox
            WHERE installation = ? AND state = 'waiting' AND ordering_key LIKE 'out/%/%'
            """, [name]
        ).map { row -> OrderingKey in try row.id(0) }
        try db.run("DELETE FROM lanes WHERE installation = ?", [name])
        try Counters.addDiscarded(waitingOf: InstallationID(name), in: db)
        if keepingHistory {
            try db.run(
                """
                UPDATE outbox SET state = 'discarded', finished_at = ?, doubt_since = NULL
                WHERE installation = ? AND state = 'waiting'
                """, [now.milliseconds, name])
        } else {
            try db.run("DELETE FROM outbox WHERE installation = ? AND state = 'waiting'", [name])
        }
        for key in keys { try restoreLane(key, in: db) }
    }

    /// Forgets the accounts that no installation is on any more, with their secrets and URLs.
    ///
    /// - Parameter removed: goes in any case; any other stays while events are parked for it.
    /// - Returns: which.
    @discardableResult
    static func forgetUnusedAccounts(
        removed: ChannelAccountID? = nil, now: Date, in db: Database
    ) throws -> [AccountID] {
        let rows = try InstallationRow.all(in: db)
        let places = rows.flatMap(\.former).filter { $0.until > now }
        let channels = Set(rows.map(\.channel) + places.compactMap(\.channel))
        let helpdesks = Set(rows.map(\.helpdesk) + places.compactMap(\.helpdesk))
        var gone: [AccountID] = []
        for row in try db.rows("SELECT id FROM channel_accounts") {
            let id: ChannelAccountID = try row.id(0)
            if channels.contains(id) { continue }
            if id != removed, try db.exists("SELECT 1 FROM parked WHERE account = ?", [id.rawValue]) { continue }
            try forget(id, in: db)
            gone.append(.channel(id))
        }
        for row in try db.rows("SELECT id FROM helpdesk_accounts WHERE state <> 'removed'") {
            let id: HelpdeskAccountID = try row.id(0)
            if helpdesks.contains(id) { continue }
            try forget(id, now: now, in: db)
            gone.append(.helpdesk(id))
        }
        return gone
    }

    private static func forget(_ account: ChannelAccountID, in db: Database) throws {
        let id = account.rawValue
        for table in ["channel_accounts WHERE id", "addresses WHERE account", "parked WHERE account"] {
            try db.run("DELETE FROM \(table) = ?", [id])
        }
        try openGates(of: .channel(account), in: db)
    }

    private static func forget(_ account: HelpdeskAccountID, now: Date, in db: Database) throws {
        let id = account.rawValue
        try discardWaiting(of: id, keepingHistory: true, now: now, in: db)
        try openGates(of: .helpdesk(account), in: db)
        try db.run("DELETE FROM user_locks WHERE account = ?", [id])
        // Nobody can look into what is there any more.
        try db.run(
            "UPDATE conversations SET look_base = NULL WHERE look_base IS NOT NULL AND helpdesk_account = ?", [id])
        try db.run(
            "DELETE FROM alarms WHERE name = ? AND subject = ?", [Alarm.Name.replyUndecided.rawValue, id])
        if try db.exists("SELECT 1 FROM outbox WHERE installation = ?", [id]) {
            try db.run(
                """
                UPDATE helpdesk_accounts SET state = 'removed', identity = NULL, webhook_public_key = '',
                    spare_public_keys = '[]', paused_reason = NULL, paused_since = NULL, secrets = NULL, key_id = NULL
                WHERE id = ?
                """, [id])
        } else {
            try db.run("DELETE FROM helpdesk_accounts WHERE id = ?", [id])
        }
    }
}
