package import FoundationEssentials
import GRDB
package import RelayCore
import Synchronization

extension SQLiteStore {
    /// Costs a look at each installation that has something waiting, and nothing for what it holds. The installations
    /// take turns: first an equal share each, and each call begins behind the one where the last call ended.
    package func claim(
        by worker: WorkerID, limit: Int, lease: Duration, now: Date
    ) async throws(StoreFailure) -> [Claim] {
        guard limit > 0 else { return [] }
        return try await change { db in
            let uptime = self.configuration.bootClock.now()
            _ = try Self.freeExpiredLeases(now: now.milliseconds, uptime: uptime, in: db)
            let groups = try self.openGroups(now: now.milliseconds, in: db)
            guard !groups.isEmpty else { return [] }
            var taker = try Taker(worker: worker, leasedUntil: uptime + lease, now: now, db: db)
            let share = max(1, limit / groups.count)
            for bound in [share, limit] {
                for (group, isProbed) in groups where taker.claims.count < limit {
                    if isProbed, try Self.hasLease(group, in: db) { continue }
                    let wanted = isProbed ? 1 : min(bound, limit - taker.claims.count)
                    if try taker.take(from: group, atMost: wanted) > 0 { self.rotation.withLock { $0 = group } }
                }
            }
            return try taker.finish()
        }
    }

    package func nextDue(now: Date) async throws(StoreFailure) -> Date? {
        try await read { db in try Self.nextDue(in: db) }
    }

    static func nextDue(in db: Database) throws -> Date? {
        var earliest: Int64?
        for (group, readyAt) in try laneGroups(in: db) {
            guard let gate = try gate(of: group, in: db) else { continue }
            if gate.isProbed, try hasLease(group, in: db) { continue }
            let due = max(readyAt, gate.until)
            earliest = min(earliest ?? due, due)
        }
        return earliest.map(Date.init(milliseconds:))
    }

    /// Those from which something may be taken now, in the order of their turns.
    private func openGroups(now: Int64, in db: Database) throws -> [(group: LaneGroup, isProbed: Bool)] {
        var groups: [(group: LaneGroup, isProbed: Bool)] = []
        for (group, readyAt) in try Self.laneGroups(in: db) where readyAt <= now {
            if let gate = try Self.gate(of: group, in: db), gate.until <= now { groups.append((group, gate.isProbed)) }
        }
        if let last = rotation.withLock({ $0 }), let next = groups.firstIndex(where: { last < $0.group }) {
            groups = Array(groups[next...] + groups[..<next])
        }
        // What says most of whether the service is well is a message: those that nobody owns yet only ask.
        let asking = try groups.filter { try $0.isProbed && Self.isHelpdeskAccount($0.group.installation, in: db) }
        if asking.isEmpty { return groups }
        return groups.filter { group in !asking.contains { $0.group == group.group } } + asking
    }

    /// Ends leases whose time is over; what they made is in doubt.
    static func freeExpiredLeases(now: Int64, uptime: Duration, in db: Database) throws -> Int {
        let rows = try db.rows(
            """
            SELECT ordering_key, delivery FROM lanes INDEXED BY lanes_leased
            WHERE owner IS NOT NULL AND leased_until <= ?
            """, [uptime.milliseconds])
        return try freeLeases(rows, now: now, in: db)
    }

    /// - Parameter rows: ordering key and delivery of each.
    static func freeLeases(_ rows: [SQLRow], now: Int64, in db: Database) throws -> Int {
        for row in rows {
            if let delivery = try row.integerIfAny(1) {
                try doubtOpenAttempts(of: delivery, by: nil, now: now, in: db)
            }
            try freeLane(try row.id(0), in: db)
        }
        return rows.count
    }

    /// The next delivery of a claim's key, when it may be made now: under the same lease, with its attempt started. Else
    /// the lease ends.
    static func handOver(
        after claim: Claim, until leasedUntil: Duration, now: Date, in db: Database
    ) throws -> Claim? {
        let group = LaneGroup(
            installation: claim.delivery.installation.rawValue, side: claim.delivery.direction.side.rawValue)
        let key = claim.delivery.orderingKey
        guard let head = try head(of: key, in: db), head.group == group, head.dueAt <= now.milliseconds,
            let gate = try gate(of: head.group, in: db), gate.until <= now.milliseconds
        else {
            try freeLane(key, in: db)
            return nil
        }
        return try take(
            head.id, from: key, by: claim.worker, fence: claim.fence, until: leasedUntil, now: now, in: db)
    }

    /// When the latest attempt in doubt of the piece it has reached was broken off.
    private static func doubtEnd(of delivery: Delivery, in db: Database) throws -> Date? {
        try db.row(
            "SELECT max(finished_at) FROM attempts WHERE delivery = ? AND piece = ? AND outcome = 'in_doubt'",
            [delivery.id.rawValue, delivery.progress])?.dateIfAny(0)
    }

    /// Gives a worker the lease of a key, for its head.
    static func take(
        _ head: Int64, from key: OrderingKey, by worker: WorkerID, fence: Int64, until leasedUntil: Duration, now: Date,
        in db: Database
    ) throws -> Claim? {
        let clock = now.milliseconds
        // A lease that ended in any orderly way left no attempt open; this is for what ended in none.
        try doubtOpenAttempts(of: head, by: nil, now: clock, in: db)
        guard let row = try db.row("SELECT \(Delivery.columns) FROM outbox WHERE id = ?", [head]) else { return nil }
        let delivery = try Delivery(row)
        let attempt = try startAttempt(of: head, piece: delivery.progress, by: worker, now: clock, in: db)
        try db.run(
            """
            UPDATE lanes SET owner = ?, fence = ?, leased_until = ?, delivery = ?, wakes_on_contact = NULL
            WHERE ordering_key = ?
            """, [worker.rawValue, fence, leasedUntil.milliseconds, head, key.rawValue])
        return Claim(
            delivery: delivery, contact: try delivery.contact.flatMap { try contact($0.rawValue, in: db) },
            worker: worker, fence: fence, attempt: attempt, startedAt: Date(milliseconds: clock),
            leasedUntil: leasedUntil,
            doubtEndedAt: delivery.doubtSince == nil ? nil : try doubtEnd(of: delivery, in: db),
            conversationAccount: try conversationAccount(of: delivery, in: db))
    }

    /// The account that the conversation of a reply or a note is in; `nil` if that isn't known.
    private static func conversationAccount(of delivery: Delivery, in db: Database) throws -> HelpdeskAccountID? {
        let conversation: HelpdeskConversationID
        switch delivery.payload {
        case .reply(let reply): conversation = reply.conversation
        case .note(_, let noted): conversation = noted
        case .message, nil: return nil
        }
        let row = try db.row(
            """
            SELECT helpdesk_account FROM conversations WHERE id = ?1 AND installation = ?2
            UNION ALL SELECT id FROM helpdesk_accounts WHERE id = ?2
            """, [conversation.rawValue, delivery.installation.rawValue])
        return try row?.id(0)
    }
}

/// Takes lanes for one call of a worker.
private struct Taker {
    let worker: WorkerID
    let leasedUntil: Duration
    let now: Date
    let db: Database
    var claims: [Claim] = []
    /// The number of the newest lease there has ever been.
    private var fence: Int64

    init(worker: WorkerID, leasedUntil: Duration, now: Date, db: Database) throws {
        self.worker = worker
        self.leasedUntil = leasedUntil
        self.now = now
        self.db = db
        fence = try db.row("SELECT number FROM meta WHERE name = 'fence'")?.integer(0) ?? 0
    }

    /// - Returns: how many were taken.
    mutating func take(from group: LaneGroup, atMost limit: Int) throws -> Int {
        let before = claims.count
        let rows = try db.rows(
            """
            SELECT ordering_key FROM lanes INDEXED BY lanes_ready
            WHERE installation = ? AND side = ? AND owner IS NULL AND ready_at <= ?
            ORDER BY ready_at LIMIT ?
            """, [group.installation, group.side, now.milliseconds, limit])
        for row in rows {
            let key: OrderingKey = try row.id(0)
            fence += 1
            if let head = try SQLiteStore.head(of: key, in: db),
                let claim = try SQLiteStore.take(
                    head.id, from: key, by: worker, fence: fence, until: leasedUntil, now: now, in: db)
            {
                claims.append(claim)
            } else {
                try SQLiteStore.freeLane(key, in: db)
            }
        }
        return claims.count - before
    }

    func finish() throws -> [Claim] {
        // Nothing taken: nothing is written, and no disk waited for.
        guard !claims.isEmpty else { return [] }
        try db.run("UPDATE meta SET number = ? WHERE name = 'fence'", [fence])
        return claims
    }
}
