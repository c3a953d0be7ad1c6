package import FoundationEssentials
import GRDB
import Glibc
package import RelayCore
import Synchronization

extension SQLiteStore {
    package func waitReasons(
        of deliveries: [DeliveryID], now: Date
    ) async throws(StoreFailure) -> [DeliveryID: WaitReason] {
        guard !deliveries.isEmpty else { return [:] }
        return try await read { db in
            var lookup = WaitReasonLookup(db: db, hasWorker: try self.hasWorker(in: db))
            var reasons: [DeliveryID: WaitReason] = [:]
            for id in deliveries {
                if let facts = try lookup.facts(of: id) { reasons[id] = WaitReason(facts, now: now) }
            }
            return reasons
        }
    }

    /// Whether a worker lives. One that has ended without saying so still has its row, but nobody holds its lock.
    private func hasWorker(in db: Database) throws -> Bool {
        if workerLocks.withLock({ !$0.isEmpty }) { return true }
        return try db.rows("SELECT id FROM workers").contains { row in
            let path = lockFile(of: try row.id(0))
            // No lock is made where there is none, and one that is nobody's is given back at once.
            guard access(path, F_OK) == 0, let lock = try? KernelLock(path: path) else { return false }
            guard try lock.tryAcquire() else { return true }
            lock.release()
            return false
        }
    }
}

/// Looks up what holds waiting deliveries up; what is the same for many is looked up once.
private struct WaitReasonLookup {
    let db: Database
    let hasWorker: Bool
    private var states: [LaneGroup: (installation: Installation.State, account: AccountState)] = [:]
    private var gates: [LaneGroup: (until: Date?, isProbed: Bool)] = [:]
    private var lanes: [String: Lane] = [:]

    private struct Lane {
        var head: DeliveryID?
        /// What a worker makes, and since when.
        var delivery: DeliveryID?
        var since: Date?
        var wakesOnContact = false
    }

    init(db: Database, hasWorker: Bool) {
        self.db = db
        self.hasWorker = hasWorker
    }

    /// - Returns: `nil` for a delivery that doesn't wait.
    mutating func facts(of id: DeliveryID) throws -> WaitFacts? {
        guard
            let row = try db.row(
                """
                SELECT installation, direction, ordering_key, next_attempt_at FROM outbox
                WHERE id = ? AND state = 'waiting'
                """, [id.rawValue])
        else { return nil }
        let installation = try row.text(0)
        var side = try row.word(1, Direction.self).side
        let key: OrderingKey = try row.id(2)
        if key.mayBeUndecided(installation), try SQLiteStore.isHelpdeskAccount(installation, in: db) {
            side = .helpdesk
        }
        let lane = try lane(key.rawValue)
        let group = LaneGroup(installation: installation, side: side.rawValue)
        let gate = try gate(group)
        let state = try state(of: group)
        return WaitFacts(
            id: id, nextAttemptAt: try row.date(3), side: side, head: lane.head,
            underWaySince: lane.delivery == id ? lane.since : nil, installation: state.installation,
            account: state.account, gate: gate.until, isBreakerOpen: gate.isProbed, wakesOnContact: lane.wakesOnContact,
            hasWorker: hasWorker)
    }

    private mutating func lane(_ key: String) throws -> Lane {
        if let known = lanes[key] { return known }
        var lane = Lane()
        lane.head = try SQLiteStore.head(of: OrderingKey(key), in: db).map { DeliveryID(rawValue: $0.id) }
        let row = try db.row(
            """
            SELECT lanes.delivery, (SELECT max(started_at) FROM attempts
                WHERE attempts.delivery = lanes.delivery AND outcome IS NULL), wakes_on_contact
            FROM lanes WHERE ordering_key = ?
            """, [key])
        if let row {
            lane.delivery = try row.integerIfAny(0).map(DeliveryID.init(rawValue:))
            lane.since = try row.dateIfAny(1)
            lane.wakesOnContact = try row.integerIfAny(2) != nil
        }
        lanes[key] = lane
        return lane
    }

    private mutating func gate(_ group: LaneGroup) throws -> (until: Date?, isProbed: Bool) {
        if let known = gates[group] { return known }
        let found = try SQLiteStore.gate(of: group, in: db)
        let until = found.flatMap { $0.until > 0 ? Date(milliseconds: $0.until) : nil }
        let gate = (until: until, isProbed: found?.isProbed ?? false)
        gates[group] = gate
        return gate
    }

    /// The installation's own state, and that of its account on this side.
    private mutating func state(
        of group: LaneGroup
    ) throws -> (installation: Installation.State, account: AccountState) {
        if let known = states[group] { return known }
        let account: AccountID = group.side == Side.channel.rawValue ? .channel("") : .helpdesk("")
        let own = try db.row(
            """
            SELECT installations.state, installations.paused_reason, installations.paused_since, installations.paused_by,
                accounts.state, accounts.paused_reason, accounts.paused_since
            FROM installations JOIN \(account.table) AS accounts ON accounts.id = \(account.column)
            WHERE installations.id = ?
            """, [group.installation])
        let row =
            try own
            ?? db.row(
                """
                SELECT 'active', NULL, NULL, NULL, state, paused_reason, paused_since FROM helpdesk_accounts
                WHERE id = ? AND state <> 'removed'
                """, [group.installation])
        let state =
            try row.map { (installation: try Installation.State($0, from: 0), account: try AccountState($0, from: 4)) }
            ?? (.removed, .active)
        states[group] = state
        return state
    }
}
