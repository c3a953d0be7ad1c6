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
                    version: try Self.installationsVersion(db),
                    directory: InstallationDirectory(try Self.installations(db, key: self.key)))
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

    package func installations() async throws(StoreFailure) -> [Installation] {
        let key = key
        return try await read { db in try Self.installations(db, key: key) }
    }

    package func installation(_ id: InstallationID) async throws(StoreFailure) -> Installation? {
        try await onReadingThread { try self.directory() }[id]
    }

    package func save(_ installation: Installation, now: Date) async throws(StoreFailure) {
        let row = try InstallationRow(installation, key: key)
        try await change { db in
            try row.write(db)
            try Self.bumpInstallations(db)
        }
    }

    package func pause(_ installation: InstallationID, reason: String, now: Date) async throws(StoreFailure) {
        try await change { db in
            let state = try Self.installationState(db, installation)
            guard state == "active" else { return }
            try db.run(
                "UPDATE installations SET state = 'paused', paused_reason = ?, paused_since = ? WHERE id = ?",
                [reason, now.milliseconds, installation.rawValue])
            try Self.bumpInstallations(db)
        }
    }

    package func resume(_ installation: InstallationID, now: Date) async throws(StoreFailure) {
        try await change { db in
            _ = try Self.installationState(db, installation)
            let id = installation.rawValue
            let now = now.milliseconds
            try db.run(
                """
                UPDATE installations SET state = 'active', paused_reason = NULL, paused_since = NULL WHERE id = ?
                """, [id])
            try db.run("DELETE FROM gates WHERE installation = ?", [id])
            try db.run(
                """
                UPDATE outbox SET next_attempt_at = ?1
                WHERE installation = ?2 AND state = 'waiting' AND next_attempt_at > ?1
                """, [now, id])
            try db.run(
                """
                UPDATE lanes SET ready_at = ?1, wakes_on_contact = NULL
                WHERE installation = ?2 AND side IN ('channel', 'helpdesk') AND owner IS NULL AND ready_at > ?1
                """, [now, id])
            try Self.bumpInstallations(db)
        }
    }

    /// The state changes at once and in one commit; the history, which may be long, goes in small steps afterwards. When
    /// that is interrupted, the installation is removed all the same, and removing it again removes the rest.
    package func remove(
        _ installation: InstallationID, keepingHistory: Bool, now: Date
    ) async throws(StoreFailure) {
        let id = installation.rawValue
        try await change { db in
            guard try db.exists("SELECT 1 FROM installations WHERE id = ?", [id]) else {
                throw StoreFailure(.notFound, "there is no installation \(id)")
            }
            try Self.forget(installation, keepingHistory: keepingHistory, now: now, in: db)
            try Self.bumpInstallations(db)
        }
        guard !keepingHistory else { return }
        // Attempts, message ids and conversations go with their rows.
        for statement in [
            "DELETE FROM receipts WHERE installation = ?1 AND message_id IN (SELECT message_id FROM receipts",
            "DELETE FROM dedupe WHERE installation = ?1 AND key IN (SELECT key FROM dedupe",
            "DELETE FROM past_message_ids WHERE installation = ?1 AND message_id IN (SELECT message_id FROM past_message_ids",
            "DELETE FROM agents WHERE installation = ?1 AND id IN (SELECT id FROM agents",
            "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox",
            "DELETE FROM contacts WHERE id IN (SELECT id FROM contacts",
        ] {
            while try await change({ db in
                try db.run(statement + " WHERE installation = ?1 LIMIT 1000)", [id])
                return db.changesCount > 0
            }) {}
        }
    }

    private static func forget(
        _ installation: InstallationID, keepingHistory: Bool, now: Date, in db: Database
    ) throws {
        let id = installation.rawValue
        try db.run(
            """
            UPDATE installations SET state = 'removed', secrets = NULL, key_id = NULL, channel_settings = '{}',
                paused_reason = NULL, paused_since = NULL
            WHERE id = ?
            """, [id])
        for row in try db.rows("SELECT delivery, owner FROM lanes WHERE installation = ? AND owner IS NOT NULL", [id]) {
            guard let delivery = try row.integerIfAny(0), let owner = try row.textIfAny(1) else { continue }
            try doubtOpenAttempts(of: delivery, by: WorkerID(owner), now: now.milliseconds, in: db)
        }
        try db.run("DELETE FROM lanes WHERE installation = ?", [id])
        try db.run("DELETE FROM gates WHERE installation = ?", [id])
        try db.run("DELETE FROM poll_pace WHERE installation = ?", [id])
        try Counters.addDiscarded(waitingOf: installation, in: db)
        if keepingHistory {
            try db.run(
                """
                UPDATE outbox SET state = 'discarded', finished_at = ?, doubt_since = NULL
                WHERE installation = ? AND state = 'waiting'
                """, [now.milliseconds, id])
        } else {
            try db.run("DELETE FROM outbox WHERE installation = ? AND state = 'waiting'", [id])
        }
    }

    // MARK: Reading

    private static func installationsVersion(_ db: Database) throws -> Int64 {
        try db.row("SELECT number FROM meta WHERE name = 'installations_version'")?.integer(0) ?? 0
    }

    private static func bumpInstallations(_ db: Database) throws {
        try db.run("UPDATE meta SET number = number + 1 WHERE name = 'installations_version'")
    }

    private static func installations(_ db: Database, key: EncryptionKey) throws -> [Installation] {
        try db.rows(InstallationRow.selection).map { try InstallationRow($0).installation(key: key) }
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
