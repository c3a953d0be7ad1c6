package import FoundationEssentials
import GRDB
import Glibc
package import RelayCore

extension SQLiteStore {
    package func count(_ counter: Counter, _ flow: Flow, by amount: Int) async throws(StoreFailure) {
        try await change { db in try Counters.add(counter, flow, by: amount, in: db) }
    }

    package func add(_ tally: IntakeTally) async throws(StoreFailure) {
        try await change { db in try Counters.add(tally, in: db) }
    }

    package func metrics() throws(StoreFailure) -> StoreMetrics {
        do {
            return try database.read { db in
                var metrics = StoreMetrics()
                metrics.size = self.size()
                metrics.alarms = try Self.alarms(db)
                metrics.breakers = try Self.openBreakers(db)
                for breaker in metrics.breakers {
                    metrics.breakerReasons[breaker] = try Self.reason(for: breaker, in: db)
                }
                for row in try db.rows(
                    """
                    SELECT installations.id, installations.state, installations.paused_reason,
                        webhook_public_key <> '' OR spare_public_keys <> '[]',
                        iif(channel_accounts.state = 'paused', channel_accounts.paused_reason,
                            iif(helpdesk_accounts.state = 'paused', helpdesk_accounts.paused_reason, NULL))
                    FROM installations
                    JOIN channel_accounts ON channel_accounts.id = channel_account
                    JOIN helpdesk_accounts ON helpdesk_accounts.id = helpdesk_account
                    WHERE installations.state <> 'removed' ORDER BY installations.number
                    """)
                {
                    // As Installation.state says.
                    let reason: String? =
                        switch try row.text(1) {
                        case "paused": try row.textIfAny(2) ?? ""
                        case "active": try row.textIfAny(4)
                        default: nil
                        }
                    metrics.installations.append(
                        .init(id: try row.id(0), pausedReason: reason, hasWebhookKey: try row.flag(3)))
                }
                try Counters.read(into: &metrics, from: db)
                for installation in metrics.installations.map(\.id) {
                    try Counters.readSilence(
                        of: installation, into: &metrics.helpdesk[installation, default: .init()], from: db)
                }
                try Self.readOutbox(into: &metrics, from: db)
                try Self.readNotes(into: &metrics, from: db)
                metrics.relay.dueSince = try Self.nextDue(in: db)
                metrics.relay.leaseEndsIn = try self.leaseEnd(in: db)
                return metrics
            }
        } catch {
            throw StoreFailure(error, path: files.database)
        }
    }

    package func currentMetrics() async throws(StoreFailure) -> StoreMetrics {
        try await onReadingThread { try self.metrics() }
    }

    private static func readOutbox(into metrics: inout StoreMetrics, from db: Database) throws {
        let states = try db.rows(
            """
            SELECT installation, direction, state, count(*), min(accepted_at) FROM outbox INDEXED BY outbox_unfinished
            WHERE state IN ('waiting', 'held', 'dead') GROUP BY installation, direction, state
            """)
        for row in states {
            let flow = Flow(try row.id(0), try row.word(1))
            var outbox = metrics.outbox[flow] ?? .init()
            switch try row.word(2, Delivery.State.self) {
            case .waiting:
                outbox.waiting = try row.integer(3)
                outbox.oldestWaiting = try row.dateIfAny(4)
            case .held: outbox.held = try row.integer(3)
            case .dead: outbox.dead = try row.integer(3)
            case .delivered, .discarded: break
            }
            metrics.outbox[flow] = outbox
        }
        let doubts = try db.rows(
            """
            SELECT installation, direction, count(*) FROM outbox INDEXED BY outbox_in_doubt
            WHERE doubt_since IS NOT NULL AND +state = 'waiting' GROUP BY installation, direction
            """)
        for row in doubts {
            metrics.outbox[Flow(try row.id(0), try row.word(1)), default: .init()].inDoubt = try row.integer(2)
        }
    }

    /// The private notes among what isn't finished. Along indexes by ordering key: there are few.
    private static func readNotes(into metrics: inout StoreMetrics, from db: Database) throws {
        let notes = "ordering_key >= '\(OrderingKey.notePrefix)' AND ordering_key < '\(OrderingKey.noteEnd)'"
        let waiting = try db.rows(
            """
            SELECT installation, direction, count(*) FROM outbox INDEXED BY outbox_waiting
            WHERE state = 'waiting' AND \(notes) GROUP BY installation, direction
            """)
        for row in waiting {
            metrics.outbox[Flow(try row.id(0), try row.word(1)), default: .init()].waitingNotes = try row.integer(2)
        }
        let dead = try db.rows(
            """
            SELECT installation, direction, count(*) FROM outbox INDEXED BY outbox_given_up
            WHERE state IN ('dead', 'held') AND +state = 'dead' AND \(notes) GROUP BY installation, direction
            """)
        for row in dead {
            metrics.outbox[Flow(try row.id(0), try row.word(1)), default: .init()].deadNotes = try row.integer(2)
        }
    }

    private func leaseEnd(in db: Database) throws -> Duration? {
        try db.row("SELECT min(leased_until) FROM lanes INDEXED BY lanes_leased WHERE owner IS NOT NULL")?
            .integerIfAny(0).map { .milliseconds($0) - self.configuration.bootClock.now() }
    }

    package func load(waitingUpTo limit: Int) async throws(StoreFailure) -> StoreLoad {
        // Reading goes on in files that nobody else finds any more. The writer says what is wrong, and saves what it can.
        if watch.obstacle() != nil { try await change { _ in } }
        let free = files.freeBytes
        let waiting = try await read { db in
            // Left to itself, SQLite would look through all that was ever delivered.
            try db.row(
                """
                SELECT count(*) FROM
                    (SELECT 1 FROM outbox INDEXED BY outbox_waiting WHERE state = 'waiting' LIMIT ?)
                """, [limit])?.int(0) ?? 0
        }
        return StoreLoad(waiting: waiting, free: free)
    }

    private func size() -> StoreSize {
        var size = StoreSize()
        size.database = files.databaseSize ?? 0
        size.log = files.logSize
        size.free = files.freeBytes
        return size
    }

    // MARK: Alarms

    package func alarms() async throws(StoreFailure) -> [RaisedAlarm] {
        try await read { db in try Self.alarms(db) }
    }

    package func raise(_ alarm: Alarm, because reason: String, now: Date) async throws(StoreFailure) -> Bool {
        try await change { db in
            try db.run(
                """
                INSERT OR IGNORE INTO alarms (name, installation, subject, reason, raised_at) VALUES (?, ?, ?, ?, ?)
                """,
                [
                    alarm.name.rawValue, alarm.installation?.rawValue ?? "", alarm.subject, reason, now.milliseconds,
                ])
            return db.changesCount > 0
        }
    }

    package func clear(_ alarm: Alarm) async throws(StoreFailure) -> Bool {
        try await change { db in
            try db.run(
                "DELETE FROM alarms WHERE name = ? AND installation = ? AND subject = ?",
                [alarm.name.rawValue, alarm.installation?.rawValue ?? "", alarm.subject])
            return db.changesCount > 0
        }
    }

    /// Those that this version knows.
    private static func alarms(_ db: Database) throws -> [RaisedAlarm] {
        let rows = try db.rows(
            "SELECT name, installation, subject, reason, raised_at FROM alarms ORDER BY name, installation, subject")
        return try rows.compactMap { row in
            guard let name = Alarm.Name(rawValue: try row.text(0)) else { return nil }
            let installation = try row.text(1)
            return RaisedAlarm(
                Alarm(
                    name, of: installation.isEmpty ? nil : InstallationID(installation), subject: try row.text(2)),
                reason: try row.text(3), since: try row.date(4))
        }
    }
}

extension DataDirectory {
    /// The size of the write-ahead log in bytes.
    var logSize: Int64 {
        var status = stat()
        return stat(database + "-wal", &status) == 0 ? Int64(status.st_size) : 0
    }

    /// What is free for us on the file system, in bytes; `nil` when it doesn't tell.
    var freeBytes: Int64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let (bytes, overflow) = Int64(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int64(clamping: status.f_frsize))
        return overflow ? .max : bytes
    }
}
