package import FoundationEssentials
import GRDB
package import RelayCore
import Synchronization

/// The installations as this process last read them.
struct KnownInstallations: Sendable {
    var version: Int64
    var directory: InstallationDirectory
}

extension SQLiteStore {
    package func directory() throws(StoreFailure) -> InstallationDirectory {
        do {
            // One statement, so no transaction around it.
            let version =
                try versions?.read { db in try Self.installationsVersion(db) }
                ?? database.unsafeRead { db in try Self.installationsVersion(db) }
            if let known = knownInstallations.withLock({ $0 }), known.version == version { return known.directory }
            let known = try database.read { db in
                KnownInstallations(
                    version: try Self.installationsVersion(db), directory: try Self.directory(db, key: self.key))
            }
            knownInstallations.withLock { present in
                // Another thread may have read a newer one meanwhile.
                if (present?.version ?? -1) < known.version { present = known }
            }
            return known.directory
        } catch {
            throw StoreFailure(error, path: files.database)
        }
    }

    package func currentDirectory() async throws(StoreFailure) -> InstallationDirectory {
        try await onReadingThread { try self.directory() }
    }

    package func installations() async throws(StoreFailure) -> [Installation] {
        try await read { [key] db in try Self.directory(db, key: key).all }
    }

    package func installation(_ id: InstallationID) async throws(StoreFailure) -> Installation? {
        try await currentDirectory()[id]
    }

    @discardableResult
    package func save(
        _ installation: Installation, replacing before: Installation?, now: Date
    ) async throws(StoreFailure) -> Installation {
        try await changeCounting { [key] db, tally in
            var saved = installation
            if let before, try Self.directory(db, key: key)[before.id] != before {
                throw StoreFailure(.conflict, "the installation \(before.id) was changed meanwhile")
            }
            if saved.channel.id.rawValue.isEmpty {
                saved.channel.id = try Accounts.freshChannel(saved.channel.kind, in: db)
            }
            if saved.helpdesk.id.rawValue.isEmpty { saved.helpdesk.id = try Accounts.freshHelpdesk(in: db) }
            if saved.accepts {
                try Self.requireFree(saved.address, of: saved.channel.id, for: saved.id, in: db)
            }
            try Accounts.write(saved.channel, key: key, in: db)
            try Accounts.write(saved.helpdesk, key: key, in: db)
            try InstallationRow(saved).write(saved.channel.kind, in: db)
            try Self.settle(saved.id, now: now, in: db, counting: &tally)
            try Self.forgetUnusedAccounts(now: now, in: db)
            try Self.bumpInstallations(db)
            saved.channel = try Accounts.channel(saved.channel.id, key: key, in: db)
            saved.helpdesk = try Accounts.helpdesk(saved.helpdesk.id, key: key, in: db)
            return saved
        }
    }

    package func pause(
        _ installation: InstallationID, by cause: Installation.PauseCause, reason: String, now: Date
    ) async throws(StoreFailure) {
        try await change { db in
            let state = try Self.installationState(db, installation)
            if state == "active" {
                try db.run(
                    """
                    UPDATE installations SET state = 'paused', paused_reason = ?, paused_since = ?, paused_by = ?
                    WHERE id = ?
                    """, [reason, now.milliseconds, cause.rawValue, installation.rawValue])
            } else {
                guard cause == .person else { return }
                try db.run(
                    "UPDATE installations SET paused_reason = ? WHERE id = ? AND paused_by = ?",
                    [reason, installation.rawValue, cause.rawValue])
                guard db.changesCount > 0 else { return }
            }
            try Self.bumpInstallations(db)
        }
    }

    package func resume(_ installation: InstallationID, now: Date) async throws(StoreFailure) {
        try await change { db in
            let row = try InstallationRow.one(installation, in: db)
            try db.run(
                """
                UPDATE installations SET state = 'active', paused_reason = NULL, paused_since = NULL, paused_by = NULL
                WHERE id = ? AND state = 'paused'
                """, [installation.rawValue])
            for account in [AccountID.channel(row.channel), .helpdesk(row.helpdesk)] {
                if try Self.isPaused(account, in: db) { try Self.resume(account, now: now.milliseconds, in: db) }
                try Self.openGate(.account(account), in: db)
            }
            try Self.openGate(.address(row.channel, row.address), in: db)
            try Self.makeDue(installation.rawValue, now: now.milliseconds, in: db)
            try Self.bumpInstallations(db)
        }
    }

    // MARK: Parts of these

    /// - Throws: `conflict` if another installation takes in what comes for the address.
    static func requireFree(
        _ address: Address, of account: ChannelAccountID, for installation: InstallationID, in db: Database
    ) throws {
        let other = try db.row(
            """
            SELECT id FROM installations
            WHERE channel_account = ? AND address = ? AND state IN ('active', 'paused') AND id <> ?
            """, [account.rawValue, address.rawValue, installation.rawValue])
        guard let other else { return }
        throw StoreFailure(
            .conflict,
            "installation \(try other.text(0)) has that address of channel account \(account) already. Remove it first, or "
                + "choose another address.")
    }

    /// An installation is at its address from now on: what was parked there is accepted.
    static func settle(
        _ installation: InstallationID, now: Date, in db: Database, counting tally: inout CounterTally
    ) throws {
        let row = try InstallationRow.one(installation, in: db)
        switch row.state {
        case .active, .paused: break
        case .draining, .removed: return
        }
        try db.run(
            "INSERT OR IGNORE INTO addresses (account, address) VALUES (?, ?)",
            [row.channel.rawValue, row.address.rawValue])
        try acceptParked(for: row, now: now, in: db, counting: &tally)
    }

    /// What waits, in both directions, is due.
    ///
    /// - Parameter name: of an installation, or of a helpdesk account for what nobody owns yet.
    static func makeDue(_ name: String, now: Int64, in db: Database) throws {
        try db.run(
            """
            UPDATE outbox SET next_attempt_at = ?1
            WHERE installation = ?2 AND state = 'waiting' AND next_attempt_at > ?1
            """, [now, name])
        try db.run(
            """
            UPDATE lanes SET ready_at = ?1, wakes_on_contact = NULL
            WHERE installation = ?2 AND side IN ('channel', 'helpdesk') AND owner IS NULL AND ready_at > ?1
            """, [now, name])
    }

    // MARK: Reading

    private static func installationsVersion(_ db: Database) throws -> Int64 {
        try db.row("SELECT number FROM meta WHERE name = 'installations_version'")?.integer(0) ?? 0
    }

    static func bumpInstallations(_ db: Database) throws {
        try db.run("UPDATE meta SET number = number + 1 WHERE name = 'installations_version'")
    }

    static func directory(_ db: Database, key: any SecretSealing) throws -> InstallationDirectory {
        let channels = try Accounts.channels(key: key, in: db)
        let helpdesks = try Accounts.helpdesks(key: key, in: db)
        let topicNames = try Accounts.earlierTopicNames(key: key, in: db)
        let installations = try InstallationRow.all(in: db).map { row in
            guard
                var installation = row.installation(
                    channel: channels.first { $0.id == row.channel },
                    helpdesk: helpdesks.first { $0.id == row.helpdesk })
            else {
                throw StoreFailure(
                    .damaged, "installation \(row.id) belongs to an account that isn't there. Put a backup in place.")
            }
            installation.topicName = installation.topicName ?? topicNames[row.id]
            return installation
        }
        return InstallationDirectory(installations, channels: channels, helpdesks: helpdesks)
    }

    /// - Throws: `notFound` when there is none, or it is removed.
    static func installationState(_ db: Database, _ installation: InstallationID) throws -> String {
        let row = try db.row("SELECT state FROM installations WHERE id = ?", [installation.rawValue])
        guard let state = try row?.text(0), state != "removed" else {
            throw StoreFailure(.notFound, "there is no installation \(installation)")
        }
        return state
    }
}
