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
                """
                UPDATE installations SET state = 'draining', paused_reason = NULL, paused_since = ?, paused_by = NULL
                WHERE id = ?
                """,
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
            try Self.endParking(now: now, in: db)
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
    private static func enter(_ id: HelpdeskAccountID, key: any SecretSealing, in db: Database) throws {
        var account = try Accounts.helpdesk(id, key: key, in: db)
        guard account.endpoints.contains(where: { $0.endsAt != nil }) else { return }
        for index in account.endpoints.indices { account.endpoints[index].endsAt = nil }
        try Accounts.write(account, key: key, in: db)
    }

    private static func enter(_ id: ChannelAccountID, key: any SecretSealing, in db: Database) throws {
        var account = try Accounts.channel(id, key: key, in: db)
        guard account.endpoints.contains(where: { $0.endsAt != nil }) else { return }
        for index in account.endpoints.indices { account.endpoints[index].endsAt = nil }
        try Accounts.write(account, key: key, in: db)
    }

    /// The URLs of an account that no installation is on any more work for a while.
    private static func endEndpoints(
        ofLeft account: AccountID, at end: Date, key: any SecretSealing, in db: Database
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
}
