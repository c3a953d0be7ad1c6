import FoundationEssentials
import GRDB
import RelayCore

/// The lanes that go to one side of one installation: what a pause or a rate gate holds up together. Replies that nobody
/// owns yet are a group of their helpdesk account, and its side.
struct LaneGroup: Hashable, Comparable, Sendable {
    var installation: String
    var side: String

    static func < (left: LaneGroup, right: LaneGroup) -> Bool {
        (left.installation, left.side) < (right.installation, right.side)
    }
}

extension OrderingKey {
    static func inbound(_ contact: Int64) -> OrderingKey { OrderingKey("in/\(contact)") }

    static func outbound(_ contact: Int64) -> OrderingKey { OrderingKey("out/\(contact)") }

    /// For a reply whose contact isn't known yet.
    static func outbound(_ installation: InstallationID, _ conversation: HelpdeskConversationID) -> OrderingKey {
        OrderingKey("out/\(installation)/\(conversation)")
    }

    /// For a reply whose owner isn't known yet.
    static func outbound(_ account: HelpdeskAccountID, _ conversation: HelpdeskConversationID) -> OrderingKey {
        OrderingKey("out/\(account)/\(conversation)")
    }

    /// Whether replies may be on it that nobody owns yet.
    func mayBeUndecided(_ name: String) -> Bool { rawValue.utf8.starts(with: "out/\(name)/".utf8) }

    static func note(_ installation: InstallationID, _ conversation: HelpdeskConversationID) -> OrderingKey {
        OrderingKey("\(notePrefix)\(installation)/\(conversation)")
    }

    /// Keys of private notes are at least this.
    static let notePrefix = "note/"
    /// Keys of private notes are less than this.
    static let noteEnd = "note0"
}

/// A lane is an ordering key in use: its row is there while a delivery of it waits or is being made. Outside of a lease its
/// `ready_at` is the `next_attempt_at` of its head, the waiting delivery that was accepted first.
extension SQLiteStore {
    /// Puts a delivery at the end of its lane. The caller counts it as accepted.
    ///
    /// - Parameter side: of a lane that is new; `nil`: the direction tells.
    static func enqueue(
        _ payload: Data, of installation: InstallationID, _ direction: Direction, key: OrderingKey, contact: Int64?,
        side: Side? = nil, source: ReplySource? = nil, now: Int64, in db: Database
    ) throws -> DeliveryID {
        try db.run(
            """
            INSERT INTO outbox
                (installation, direction, ordering_key, contact, payload, accepted_at, next_attempt_at, source)
            VALUES (?, ?, ?, ?, ?, ?6, ?6, ?)
            """, [installation.rawValue, direction.rawValue, key.rawValue, contact, payload, now, source?.rawValue])
        let id = DeliveryID(rawValue: db.lastInsertedRowID)
        try openLane(key, of: installation, side ?? direction.side, readyAt: now, in: db)
        return id
    }

    /// Makes the lane's row when there is none.
    static func openLane(
        _ key: OrderingKey, of installation: InstallationID, _ side: Side, readyAt: Int64, in db: Database
    ) throws {
        try db.run(
            """
            INSERT INTO lanes (ordering_key, installation, side, ready_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (ordering_key) DO NOTHING
            """, [key.rawValue, installation.rawValue, side.rawValue, readyAt])
    }

    /// Which delivery is next on a lane, and what has to let it through.
    static func head(
        of key: OrderingKey, in db: Database
    ) throws -> (id: Int64, dueAt: Int64, group: LaneGroup)? {
        let row = try db.row(
            """
            SELECT id, next_attempt_at, installation, direction FROM outbox
            WHERE ordering_key = ? AND state = 'waiting' ORDER BY id LIMIT 1
            """, [key.rawValue])
        guard let row else { return nil }
        let installation = try row.text(2)
        var side = try row.word(3, Direction.self).side
        if key.mayBeUndecided(installation), try isHelpdeskAccount(installation, in: db) { side = .helpdesk }
        return (
            try row.integer(0), try row.integer(1), LaneGroup(installation: installation, side: side.rawValue)
        )
    }

    /// Whether a delivery of this name is nobody's yet.
    static func isHelpdeskAccount(_ name: String, in db: Database) throws -> Bool {
        try db.exists("SELECT 1 FROM helpdesk_accounts WHERE id = ?", [name])
    }

    /// Makes the lane's row if something waits on it and there is none.
    static func restoreLane(_ key: OrderingKey, in db: Database) throws {
        guard let head = try head(of: key, in: db) else { return }
        try db.run(
            """
            INSERT INTO lanes (ordering_key, installation, side, ready_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (ordering_key) DO NOTHING
            """, [key.rawValue, head.group.installation, head.group.side, head.dueAt])
    }

    /// Ends the lease, if there is one, and brings the row to what waits now; without anything it goes.
    ///
    /// - Parameter waking: the delivery that becomes due when the contact writes, and that contact.
    static func freeLane(
        _ key: OrderingKey, waking: (delivery: Int64, contact: Int64)? = nil, in db: Database
    ) throws {
        guard let head = try head(of: key, in: db) else {
            try db.run("DELETE FROM lanes WHERE ordering_key = ?", [key.rawValue])
            return
        }
        let contact = waking?.delivery == head.id ? waking?.contact : nil
        try db.run(
            """
            UPDATE lanes SET owner = NULL, leased_until = NULL, delivery = NULL, ready_at = ?, wakes_on_contact = ?,
                installation = ?, side = ?
            WHERE ordering_key = ?
            """, [head.dueAt, contact, head.group.installation, head.group.side, key.rawValue])
    }

    /// The customer wrote: what waited for that is due.
    static func wakeLanes(of contact: Int64, now: Int64, in db: Database) throws {
        for row in try db.rows(
            "SELECT ordering_key FROM lanes WHERE wakes_on_contact = ? AND owner IS NULL", [contact])
        {
            let key: OrderingKey = try row.id(0)
            if let head = try head(of: key, in: db), head.dueAt > now {
                try db.run("UPDATE outbox SET next_attempt_at = ? WHERE id = ?", [now, head.id])
            }
            try freeLane(key, in: db)
        }
    }

    /// The groups that have a lane to be taken now or later, with the time at which the first of each is due. Costs one
    /// look into the index for each group, however many lanes there are.
    static func laneGroups(in db: Database) throws -> [(group: LaneGroup, readyAt: Int64)] {
        var groups: [(group: LaneGroup, readyAt: Int64)] = []
        var last = LaneGroup(installation: "", side: "")
        // Two statements, because SQLite would look through the whole group for what follows a pair of values.
        while let row = try db.row(
            """
            SELECT installation, side, ready_at FROM lanes INDEXED BY lanes_ready
            WHERE owner IS NULL AND installation = ? AND side > ? ORDER BY side, ready_at LIMIT 1
            """, [last.installation, last.side])
            ?? db.row(
                """
                SELECT installation, side, ready_at FROM lanes INDEXED BY lanes_ready
                WHERE owner IS NULL AND installation > ? ORDER BY installation, side, ready_at LIMIT 1
                """, [last.installation])
        {
            last = LaneGroup(installation: try row.text(0), side: try row.text(1))
            groups.append((last, try row.integer(2)))
        }
        return groups
    }

    /// Until when the group's gates are closed, and whether one delivery at a time is to be tried; `nil` if the installation, or
    /// its account on this side, is paused or gone.
    static func gate(of group: LaneGroup, in db: Database) throws -> (until: Int64, isProbed: Bool)? {
        let row =
            if group.side == Side.channel.rawValue {
                try db.row(
                    """
                    SELECT of_account.until, of_account.opened_at, of_address.until
                    FROM installations
                    JOIN channel_accounts ON channel_accounts.id = channel_account AND channel_accounts.state = 'active'
                    LEFT JOIN gates AS of_account ON of_account.scope = 'channel/' || channel_account
                    LEFT JOIN gates AS of_address ON of_address.scope = 'address/' || channel_account || '/' || address
                    WHERE installations.id = ? AND installations.state IN ('active', 'draining')
                    """, [group.installation])
            } else {
                try db.row(
                    """
                    SELECT until, opened_at, NULL
                    FROM installations
                    JOIN helpdesk_accounts ON helpdesk_accounts.id = helpdesk_account AND helpdesk_accounts.state = 'active'
                    LEFT JOIN gates ON scope = 'helpdesk/' || helpdesk_account
                    WHERE installations.id = ? AND installations.state IN ('active', 'draining')
                    """, [group.installation])
                    ?? db.row(
                        """
                        SELECT until, opened_at, NULL FROM helpdesk_accounts LEFT JOIN gates ON scope = 'helpdesk/' || id
                        WHERE id = ? AND state = 'active'
                        """, [group.installation])
            }
        return try row.map { row in
            (max(try row.integerIfAny(0) ?? 0, try row.integerIfAny(2) ?? 0), try row.integerIfAny(1) != nil)
        }
    }

    // MARK: Attempts

    /// Records that an attempt begins.
    static func startAttempt(
        of delivery: Int64, piece: Int, by worker: WorkerID, now: Int64, in db: Database
    ) throws -> Int64 {
        try db.run(
            "INSERT INTO attempts (delivery, piece, worker, started_at) VALUES (?, ?, ?, ?)",
            [delivery, piece, worker.rawValue, now])
        return db.lastInsertedRowID
    }

    static func endAttempt(
        _ id: Int64, _ outcome: Attempt.Outcome, detail: String, now: Int64, in db: Database
    ) throws {
        try db.run(
            "UPDATE attempts SET finished_at = ?, outcome = ?, detail = ? WHERE id = ?",
            [now, outcome.rawValue, detail, id])
    }

    /// Nobody will tell how the attempts under way ended: they, and their delivery, are in doubt.
    ///
    /// - Parameter worker: only those of this one; `nil`: all.
    static func doubtOpenAttempts(of delivery: Int64, by worker: WorkerID?, now: Int64, in db: Database) throws {
        let open = try db.row(
            """
            SELECT min(started_at) FROM attempts
            WHERE delivery = ?1 AND outcome IS NULL AND (?2 IS NULL OR worker = ?2)
            """, [delivery, worker?.rawValue])
        guard let since = try open?.integerIfAny(0) else { return }
        try db.run(
            """
            UPDATE attempts SET outcome = 'in_doubt', finished_at = ?1, detail = 'the worker ended, or took too long'
            WHERE delivery = ?2 AND outcome IS NULL AND (?3 IS NULL OR worker = ?3)
            """, [now, delivery, worker?.rawValue])
        try Counters.add(.inDoubt, ofDelivery: delivery, by: db.changesCount, in: db)
        try db.run(
            "UPDATE outbox SET doubt_since = min(coalesce(doubt_since, ?1), ?1) WHERE id = ?2 AND state = 'waiting'",
            [since, delivery])
    }
}
