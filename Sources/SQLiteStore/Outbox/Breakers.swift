import FoundationEssentials
import GRDB
package import RelayCore

/// The breakers are kept beside the rate gates: both say when a side is left alone.
extension SQLiteStore {
    package func openBreakers() async throws(StoreFailure) -> [OpenBreaker] {
        try await read { db in try Self.openBreakers(db) }
    }

    static func openBreakers(_ db: Database) throws -> [OpenBreaker] {
        let rows = try db.rows(
            """
            SELECT installation, side, opened_at, openings FROM gates WHERE opened_at IS NOT NULL
            ORDER BY installation, side
            """)
        return try rows.map { row in
            OpenBreaker(
                installation: try row.id(0), side: try row.word(1), openedAt: try row.date(2), openings: try row.int(3))
        }
    }

    /// The reason of the delivery whose failure opened it, as long as that waits.
    static func reason(for breaker: OpenBreaker, in db: Database) throws -> String? {
        let reason = try db.row(
            """
            SELECT outbox.reason FROM gates
            JOIN outbox ON outbox.ordering_key = gates.last_key AND outbox.state = 'waiting'
            WHERE gates.installation = ? AND gates.side = ? ORDER BY outbox.id LIMIT 1
            """, [breaker.installation.rawValue, breaker.side.rawValue])?.text(0)
        return reason.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// An attempt has failed.
    ///
    /// - Returns: the breaker, when this failure opened it.
    static func noteFailure(
        _ failure: DeliveryFailure, of claim: Claim, now: Date, in db: Database
    ) throws -> OpenBreaker? {
        if failure.showsThatSideWorks { try noteSuccess(of: claim, in: db) }
        guard failure.mayConcernEveryone else { return nil }
        let (installation, side) = (claim.delivery.installation, failure.side(of: claim.delivery))
        let row = try db.row(
            "SELECT failures, last_key, openings, opened_at FROM gates WHERE installation = ? AND side = ?",
            [installation.rawValue, side.rawValue])
        let known = try row.map { row in
            Breaker(
                failures: try row.int(0), lastKey: try row.textIfAny(1).map(OrderingKey.init(rawValue:)),
                openings: try row.int(2), openedAt: try row.dateIfAny(3))
        }
        var breaker = known ?? Breaker()
        let rest = breaker.fail(claim.delivery.orderingKey, startedAt: claim.startedAt, now: now)
        guard breaker != known else { return nil }
        let until = rest.map { now.milliseconds + $0.milliseconds } ?? 0
        try db.run(
            """
            INSERT INTO gates (installation, side, until, failures, last_key, openings, opened_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (installation, side) DO UPDATE SET until = max(until, excluded.until),
                failures = excluded.failures, last_key = excluded.last_key, openings = excluded.openings,
                opened_at = excluded.opened_at
            """,
            [
                installation.rawValue, side.rawValue, until, breaker.failures, breaker.lastKey?.rawValue,
                breaker.openings, breaker.openedAt?.milliseconds,
            ])
        guard rest != nil else { return nil }
        return OpenBreaker(installation: installation, side: side, openedAt: now, openings: breaker.openings)
    }

    /// The far side works: what failed before was not for everyone, or is over.
    static func noteSuccess(of claim: Claim, in db: Database) throws {
        try db.run(
            """
            UPDATE gates SET failures = 0, last_key = NULL, openings = 0, opened_at = NULL
            WHERE installation = ? AND side = ? AND failures > 0
            """, [claim.delivery.installation.rawValue, claim.delivery.direction.side.rawValue])
    }

    /// Whether a delivery to this side is under way.
    static func hasLease(_ group: LaneGroup, in db: Database) throws -> Bool {
        // There are no more leases than deliveries under way, so they are looked through.
        try db.exists(
            """
            SELECT 1 FROM lanes INDEXED BY lanes_by_owner
            WHERE owner IS NOT NULL AND installation = ? AND side = ? LIMIT 1
            """, [group.installation, group.side])
    }
}
