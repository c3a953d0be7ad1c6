import FoundationEssentials
import GRDB
package import RelayCore

/// The breakers are kept beside the rate gates: both say when a side is left alone.
extension SQLiteStore {
    package func openBreakers() async throws(StoreFailure) -> [OpenBreaker] {
        try await read { db in try Self.openBreakers(db) }
    }

    /// One for each installation on the account whose breaker it is.
    static func openBreakers(_ db: Database) throws -> [OpenBreaker] {
        let rows = try db.rows(
            """
            SELECT installations.id, 'channel', opened_at, openings FROM gates
            JOIN installations ON scope = 'channel/' || channel_account
            WHERE opened_at IS NOT NULL AND state <> 'removed'
            UNION ALL
            SELECT installations.id, 'helpdesk', opened_at, openings FROM gates
            JOIN installations ON scope = 'helpdesk/' || helpdesk_account
            WHERE opened_at IS NOT NULL AND state <> 'removed'
            ORDER BY 1, 2
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
            WHERE gates.scope = ? ORDER BY outbox.id LIMIT 1
            """, [try scope(of: breaker.installation.rawValue, breaker.side, in: db)])?.text(0)
        return reason.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The account that a breaker belongs to, as the gates are stored.
    ///
    /// - Parameter name: of an installation, or of the helpdesk account itself.
    private static func scope(of name: String, _ side: Side, in db: Database) throws -> String {
        let row = try db.row(
            side == .channel
                ? "SELECT 'channel/' || channel_account FROM installations WHERE id = ?"
                : "SELECT 'helpdesk/' || helpdesk_account FROM installations WHERE id = ?", [name])
        return try row?.text(0) ?? "\(side.rawValue)/\(name)"
    }

    private static func scope(of claim: Claim, _ side: Side, in db: Database) throws -> String {
        if side == .helpdesk, let account = claim.conversationAccount {
            return GateScope.account(.helpdesk(account)).stored
        }
        return try scope(of: claim.delivery.installation.rawValue, side, in: db)
    }

    /// An attempt has failed.
    ///
    /// - Returns: the breaker, when this failure opened it.
    static func noteFailure(
        _ failure: DeliveryFailure, of claim: Claim, now: Date, in db: Database
    ) throws -> OpenBreaker? {
        if failure.showsThatSideWorks { try noteSuccess(of: claim, in: db) }
        guard failure.mayConcernEveryone else { return nil }
        let side = claim.isUndecided ? .helpdesk : failure.side(of: claim.delivery)
        let scope = try scope(of: claim, side, in: db)
        let row = try db.row(
            "SELECT failures, last_key, openings, opened_at FROM gates WHERE scope = ?", [scope])
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
            INSERT INTO gates (scope, until, failures, last_key, openings, opened_at)
            VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (scope) DO UPDATE SET until = max(until, excluded.until), failures = excluded.failures,
                last_key = excluded.last_key, openings = excluded.openings, opened_at = excluded.opened_at
            """,
            [
                scope, until, breaker.failures, breaker.lastKey?.rawValue, breaker.openings,
                breaker.openedAt?.milliseconds,
            ])
        guard rest != nil else { return nil }
        return OpenBreaker(
            installation: claim.delivery.installation, side: side, openedAt: now, openings: breaker.openings)
    }

    /// The far side works: what failed before was not for everyone, or is over.
    static func noteSuccess(of claim: Claim, in db: Database) throws {
        let side: Side = claim.isUndecided ? .helpdesk : claim.delivery.direction.side
        let account: GateScope? =
            side == .helpdesk ? claim.conversationAccount.map { .account(.helpdesk($0)) } : nil
        let present =
            side == .channel
            ? "SELECT 'channel/' || channel_account FROM installations WHERE id = ?2"
            : "SELECT 'helpdesk/' || helpdesk_account FROM installations WHERE id = ?2"
        try db.run(
            """
            UPDATE gates SET failures = 0, last_key = NULL, openings = 0, opened_at = NULL
            WHERE scope = coalesce(?1, (\(present)), '') AND failures > 0
            """, [account?.stored, claim.delivery.installation.rawValue])
    }

    /// Whether a delivery to the account of this group is under way, of whichever installation.
    static func hasLease(_ group: LaneGroup, in db: Database) throws -> Bool {
        let column = group.side == Side.channel.rawValue ? "channel_account" : "helpdesk_account"
        // There are no more leases than deliveries under way, so they are looked through.
        return try db.exists(
            """
            SELECT 1 FROM lanes INDEXED BY lanes_by_owner
            LEFT JOIN installations ON installations.id = lanes.installation
            WHERE owner IS NOT NULL AND side = ?2 AND coalesce(\(column), lanes.installation)
                = coalesce((SELECT \(column) FROM installations WHERE id = ?1), ?1)
            LIMIT 1
            """, [group.installation, group.side])
    }
}

extension Claim {
    /// Whether it is of a reply that nobody owns yet: then all that is done is to ask Freshchat.
    var isUndecided: Bool { conversationAccount?.rawValue == delivery.installation.rawValue }
}
