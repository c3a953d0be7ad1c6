import FoundationEssentials
import GRDB
package import RelayCore

extension SQLiteStore {
    package func deliveries(_ filter: DeliveryFilter) async throws(StoreFailure) -> [Delivery] {
        guard filter.limit > 0 else { return [] }
        return try await read { db in
            var found: [Delivery] = []
            for query in try Self.queries(filter, in: db) {
                for row in try db.rows(query.sql, query.arguments) {
                    // A row that is broken beyond its payload hides no other.
                    if let delivery = try? Delivery(row) { found.append(delivery) }
                }
            }
            return Array(found.sorted { $0.id > $1.id }.prefix(filter.limit))
        }
    }

    /// One query for each installation and state, so that each is a walk along an index: the newest of all are among the
    /// newest of each.
    private static func queries(
        _ filter: DeliveryFilter, in db: Database
    ) throws -> [(sql: String, arguments: SQLArguments)] {
        let before = filter.before?.rawValue ?? .max
        let select = "SELECT \(Delivery.columns) FROM outbox WHERE"
        let page = "id < ? ORDER BY id DESC LIMIT ?"
        if filter.installation == nil, filter.states.isEmpty, !filter.onlyInDoubt {
            return [("\(select) \(page)", [before, filter.limit])]
        }
        let installations = try installationNames(filter.installation, in: db)
        let states = filter.states.isEmpty ? Delivery.State.allCases : Array(filter.states)
        return installations.flatMap { installation in
            states.map { state in
                let arguments: SQLArguments = [installation, state.rawValue, before, filter.limit]
                return filter.onlyInDoubt
                    ? ("\(select) installation = ? AND doubt_since IS NOT NULL AND +state = ? AND \(page)", arguments)
                    : ("\(select) installation = ? AND state = ? AND \(page)", arguments)
            }
        }
    }

    /// Also those of helpdesk accounts, for what nobody owns.
    private static func installationNames(_ installation: InstallationID?, in db: Database) throws -> [String] {
        if let installation { return [installation.rawValue] }
        return try db.rows(
            """
            SELECT id FROM (SELECT id, number FROM installations ORDER BY number)
            UNION ALL SELECT id FROM helpdesk_accounts
            """
        ).map { try $0.text(0) }
    }

    package func counts(of installation: InstallationID?) async throws(StoreFailure) -> OutboxCounts {
        try await read { db in
            var counts = OutboxCounts()
            for name in try Self.installationNames(installation, in: db) {
                let rows = try db.rows(
                    "SELECT state, count(*) FROM outbox WHERE installation = ? GROUP BY state", [name])
                for row in rows {
                    switch try row.word(0, Delivery.State.self) {
                    case .waiting: counts.waiting += try row.int(1)
                    case .held: counts.held += try row.int(1)
                    case .dead: counts.dead += try row.int(1)
                    case .delivered: counts.delivered += try row.int(1)
                    case .discarded: break
                    }
                }
                counts.inDoubt +=
                    try db.row(
                        """
                        SELECT count(*) FROM outbox
                        WHERE installation = ? AND doubt_since IS NOT NULL AND +state = 'waiting'
                        """, [name])?.int(0) ?? 0
                let oldest = try db.row(
                    "SELECT accepted_at FROM outbox WHERE installation = ? AND state = 'waiting' ORDER BY id LIMIT 1",
                    [name])
                if let date = try oldest?.date(0) { counts.oldestWaiting = min(counts.oldestWaiting ?? date, date) }
            }
            return counts
        }
    }

    package func attempts(of delivery: DeliveryID) async throws(StoreFailure) -> [Attempt] {
        try await read { db in
            let rows = try db.rows(
                """
                SELECT piece, worker, started_at, finished_at, outcome, detail FROM attempts WHERE delivery = ? ORDER BY id
                """, [delivery.rawValue])
            let attempts = try rows.map { row in
                Attempt(
                    delivery: delivery, piece: try row.int(0), worker: try row.id(1), startedAt: try row.date(2),
                    finishedAt: try row.dateIfAny(3),
                    outcome: try row.textIfAny(4).flatMap(Attempt.Outcome.init(rawValue:)), detail: try row.text(5))
            }
            return Attempt.numbered(attempts)
        }
    }

    package func attemptCounts(of deliveries: [DeliveryID]) async throws(StoreFailure) -> [DeliveryID: Int] {
        try await read { db in
            var counts: [DeliveryID: Int] = [:]
            for id in deliveries {
                let count = try db.row("SELECT count(*) FROM attempts WHERE delivery = ?", [id.rawValue])?.int(0)
                if let count, count > 0 { counts[id] = count }
            }
            return counts
        }
    }

    package func receipts(of delivery: DeliveryID) async throws(StoreFailure) -> [Receipt] {
        try await read { db in
            let rows = try db.rows(
                """
                SELECT receipts.message_id, receipts.state, receipts.at, receipts.reason
                FROM message_ids
                JOIN receipts ON receipts.installation = message_ids.scope
                    AND receipts.message_id = message_ids.message_id
                WHERE message_ids.delivery = ? AND message_ids.side = 'channel'
                ORDER BY receipts.message_id
                """, [delivery.rawValue])
            return try rows.map { row in
                Receipt(
                    messageID: try row.id(0), state: try row.word(1), at: try row.date(2),
                    reason: try row.textIfAny(3))
            }
        }
    }

    package func contact(_ id: ContactID) async throws(StoreFailure) -> Contact? {
        try await read { db in try Self.contact(id.rawValue, in: db) }
    }
}
