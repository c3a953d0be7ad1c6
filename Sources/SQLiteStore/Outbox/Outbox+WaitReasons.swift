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
            var looks = WaitLooks(db: db, hasWorker: try self.hasWorker(in: db))
            var reasons: [DeliveryID: WaitReason] = [:]
            for id in deliveries {
                if let facts = try looks.facts(of: id) { reasons[id] = WaitReason(facts, now: now) }
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
private struct WaitLooks {
    let db: Database
    let hasWorker: Bool
    private var states: [String: Installation.State] = [:]
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
        let side = try row.word(1, Direction.self).side
        let lane = try lane(try row.text(2))
        let gate = try gate(LaneGroup(installation: installation, side: side.rawValue))
        return WaitFacts(
            id: id, nextAttemptAt: try row.date(3), side: side, head: lane.head,
            underWaySince: lane.delivery == id ? lane.since : nil, installation: try state(of: installation),
            gate: gate.until, isBreakerOpen: gate.isProbed, wakesOnContact: lane.wakesOnContact, hasWorker: hasWorker)
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
        let row = try db.row(
            "SELECT until, opened_at FROM gates WHERE installation = ? AND side = ?", [group.installation, group.side])
        let gate = (until: try row?.date(0), isProbed: try row?.integerIfAny(1) != nil)
        gates[group] = gate
        return gate
    }

    private mutating func state(of installation: String) throws -> Installation.State {
        if let known = states[installation] { return known }
        let row = try db.row(
            "SELECT state, paused_reason, paused_since FROM installations WHERE id = ?", [installation])
        let state: Installation.State =
            switch try row?.text(0) {
            case "paused": .paused(reason: try row?.textIfAny(1) ?? "", since: try row?.dateIfAny(2) ?? .distantPast)
            case "active": .active
            default: .removed
            }
        states[installation] = state
        return state
    }
}
