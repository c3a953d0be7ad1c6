package import FoundationEssentials
import GRDB
package import RelayCore

/// Installations that go: to another place, or for good.
extension SQLiteStore {
    package func move(
        _ installation: InstallationID, to target: MoveTarget, now: Date
    ) async throws(StoreFailure) {
        try await changeCounting { [key] db, tally in
            var row = try InstallationRow.one(installation, in: db)
            let old = row
            let until = now + Endpoint.timeAfterMove
            if let helpdesk = target.helpdesk, helpdesk != row.helpdesk {
                // In its order: the topics of the old account mean nothing in the new one.
                try Self.enter(helpdesk, key: key, in: db)
                row.former.removeAll { $0.helpdesk == helpdesk || $0.helpdesk == row.helpdesk }
                row.former.append(FormerPlace(helpdesk: row.helpdesk, until: until))
                row.helpdesk = helpdesk
                row.formerTopics = []
                try Self.forgetUsers(of: installation, in: db)
            } else if let topic = target.topic, topic != row.topic {
                row.formerTopics.removeAll { $0 == topic || $0 == row.topic }
                row.formerTopics.append(row.topic)
            }
            if let topic = target.topic {
                if topic != row.topic || target.topicName != nil { row.topicName = target.topicName }
                row.topic = topic
            }
            let channel = target.channel ?? row.channel
            let address = target.address ?? row.address
            if channel != row.channel || address != row.address {
                switch row.state {
                case .active, .paused: try Self.requireFree(address, of: channel, for: installation, in: db)
                case .draining, .removed: break
                }
                if channel != row.channel { try Self.enter(channel, key: key, in: db) }
                row.former.removeAll { place in
                    (place.channel == channel && place.address == address)
                        || (place.channel == row.channel && place.address == row.address)
                }
                row.former.append(FormerPlace(channel: row.channel, address: row.address, until: until))
                row.channel = channel
                row.address = address
            }
            // What an earlier version sealed with the account's secrets is the name of the topic that it had then.
            if row.topicName == nil, row.topic == old.topic, old.helpdesk == row.helpdesk {
                row.topicName = try Accounts.earlierTopicNames(key: key, in: db)[installation]
            }
            let kind = try Accounts.channel(row.channel, key: key, in: db).kind
            try row.write(kind, in: db)
            for account in [AccountID.channel(old.channel), .helpdesk(old.helpdesk)] {
                try Self.endEndpoints(ofLeft: account, at: until, key: key, in: db)
            }
            try Self.settle(installation, now: now, in: db, counting: &tally)
            try Self.bumpInstallations(db)
        }
    }

    package func drain(_ installation: InstallationID, now: Date) async throws(StoreFailure) {
        try await change { db in
            guard try Self.installationState(db, installation) != "draining" else { return }
            try db.run(
                "UPDATE installations SET state = 'draining', paused_reason = NULL, paused_since = ? WHERE id = ?",
                [now.milliseconds, installation.rawValue])
            try Self.bumpInstallations(db)
        }
    }

    package func finishDraining(now: Date) async throws(StoreFailure) -> [InstallationID] {
        // Most calls find nothing, and then need no commit.
        let hasWork = try await read { db in
            try db.exists(
                """
                SELECT 1 FROM installations WHERE state = 'draining' OR (state <> 'removed' AND former <> '[]')
                UNION ALL SELECT 1 FROM parked
                UNION ALL SELECT 1 FROM channel_accounts
                    WHERE id NOT IN (SELECT channel_account FROM installations WHERE state <> 'removed')
                UNION ALL SELECT 1 FROM helpdesk_accounts WHERE state <> 'removed'
                    AND id NOT IN (SELECT helpdesk_account FROM installations WHERE state <> 'removed')
                LIMIT 1
                """)
        }
        guard hasWork else { return [] }
        return try await change { db in
            var finished: [InstallationID] = []
            for row in try db.rows(
                """
                SELECT id FROM installations WHERE state = 'draining' AND NOT EXISTS (
                    SELECT 1 FROM outbox WHERE outbox.installation = installations.id AND outbox.state = 'waiting')
                ORDER BY number
                """)
            {
                let id: InstallationID = try row.id(0)
                try Self.forget(id, keepingHistory: true, now: now, in: db)
                finished.append(id)
            }
            let hasEnded = try Self.endFormerPlaces(now: now, in: db)
            try db.run(
                "DELETE FROM parked WHERE at <= ?",
                [now.milliseconds - Duration.seconds(Int64(Parking.time)).milliseconds])
            let gone = try Self.forgetUnusedAccounts(now: now, in: db)
            if !finished.isEmpty || hasEnded || !gone.isEmpty { try Self.bumpInstallations(db) }
            return finished
        }
    }

    /// The state changes at once and in one commit; the history, which may be long, goes in small steps afterwards. When
    /// that is interrupted, the installation is removed all the same, and removing it again removes the rest.
    package func remove(
        _ installation: InstallationID, keepingHistory: Bool, now: Date
    ) async throws(StoreFailure) {
        let id = installation.rawValue
        let accounts = try await change { db in
            guard let row = try db.row("SELECT channel_account, helpdesk_account FROM installations WHERE id = ?", [id])
            else { throw StoreFailure(.notFound, "there is no installation \(id)") }
            try Self.forget(installation, keepingHistory: keepingHistory, now: now, in: db)
            let channel: ChannelAccountID = try row.id(0)
            try Self.forgetUnusedAccounts(removed: channel, now: now, in: db)
            try Self.bumpInstallations(db)
            return [AccountID.channel(channel), .helpdesk(try row.id(1))]
        }
        guard !keepingHistory else { return }
        // Attempts, message ids and conversations go with their rows.
        for statement in [
            "DELETE FROM receipts WHERE installation = ?1 AND message_id IN (SELECT message_id FROM receipts",
            "DELETE FROM agents WHERE installation = ?1 AND id IN (SELECT id FROM agents",
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox",
            "DELETE FROM contacts WHERE id IN (SELECT id FROM contacts",
        ] {
            try await repeatedly(statement + " WHERE installation = ?1 LIMIT 1000)", id)
        }
        // By what repeats are recognised belongs to the accounts; others may be on them.
        for account in accounts {
            guard try await read({ db in try !Accounts.exists(account, in: db) }) else { continue }
            for statement in [
                "DELETE FROM dedupe WHERE account = ?1 AND key IN (SELECT key FROM dedupe",
                "DELETE FROM past_message_ids WHERE account = ?1 AND message_id IN (SELECT message_id FROM past_message_ids",
            ] {
                try await repeatedly(statement + " WHERE account = ?1 LIMIT 1000)", account.rawValue)
            }
        }
    }

    private func repeatedly(_ statement: String, _ name: String) async throws(StoreFailure) {
        while try await change({ db in
            try db.run(statement, [name])
            return db.changesCount > 0
        }) {}
    }

    // MARK: Moving

    /// An installation comes to a helpdesk account: that stays.
    private static func enter(_ id: HelpdeskAccountID, key: EncryptionKey, in db: Database) throws {
        var account = try Accounts.helpdesk(id, key: key, in: db)
        guard account.endpoints.contains(where: { $0.endsAt != nil }) else { return }
        for index in account.endpoints.indices { account.endpoints[index].endsAt = nil }
        try Accounts.write(account, key: key, in: db)
    }

    private static func enter(_ id: ChannelAccountID, key: EncryptionKey, in db: Database) throws {
        var account = try Accounts.channel(id, key: key, in: db)
        guard account.endpoints.contains(where: { $0.endsAt != nil }) else { return }
        for index in account.endpoints.indices { account.endpoints[index].endsAt = nil }
        try Accounts.write(account, key: key, in: db)
    }

    /// The URLs of an account that no installation is on any more work for a while.
    private static func endEndpoints(
        ofLeft account: AccountID, at end: Date, key: EncryptionKey, in db: Database
    ) throws {
        let isUsed = try db.exists(
            "SELECT 1 FROM installations WHERE \(account.column) = ? AND state <> 'removed'", [account.rawValue])
        if isUsed { return }
        switch account {
        case .channel(let id):
            var account = try Accounts.channel(id, key: key, in: db)
            for index in account.endpoints.indices { account.endpoints[index].endsAt = end }
            try Accounts.write(account, key: key, in: db)
        case .helpdesk(let id):
            var account = try Accounts.helpdesk(id, key: key, in: db)
            for index in account.endpoints.indices { account.endpoints[index].endsAt = end }
            try Accounts.write(account, key: key, in: db)
        }
    }

    /// Its customers are nobody in another helpdesk account.
    private static func forgetUsers(of installation: InstallationID, in db: Database) throws {
        try db.run(
            """
            UPDATE contacts SET helpdesk_user = NULL, is_written = 0, written_name = NULL, written_avatar_url = NULL,
                written_language = NULL, written_country = NULL, written_phone_number = NULL, profile_updated_at = NULL,
                profile_due_at = NULL, profile_failures = 0
            WHERE installation = ? AND (helpdesk_user IS NOT NULL OR is_written = 1 OR profile_due_at IS NOT NULL)
            """, [installation.rawValue])
    }

    // MARK: Forgetting

    /// Forgets the places whose time is over. One in a helpdesk account that others are on stays: the conversations there are
    /// the installation's for as long as the account is known.
    private static func endFormerPlaces(now: Date, in db: Database) throws -> Bool {
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

    private static func forget(
        _ installation: InstallationID, keepingHistory: Bool, now: Date, in db: Database
    ) throws {
        let id = installation.rawValue
        try db.run(
            """
            UPDATE installations SET state = 'removed', paused_reason = NULL, paused_since = ?, former = '[]'
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
