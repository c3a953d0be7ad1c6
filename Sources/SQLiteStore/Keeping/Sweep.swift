import FoundationEssentials
import GRDB
import RelayCore

/// One step of the sweep.
struct Sweep: Sendable {
    /// What a step found, and where the next one begins.
    struct Scan: Sendable {
        var stage: SweepPosition.Stage
        /// Row ids that are old enough.
        var numbers: [Int64] = []
        /// The same of the tables without them: installation or account, and name.
        var names: [[String]] = []
        /// `nil`: this was the last step.
        var next: SweepPosition?

        var count: Int { numbers.count + names.count }
    }

    /// Rows that one step looks at, and those that it removes. With what goes along with them, 200 deliveries hold the
    /// lock for some milliseconds.
    static let scanLimit = 2000
    static let batchLimit = 200
    /// Free pages that stay in the file for what comes next, and those that one step gives back: moving each costs about
    /// as much as writing it.
    static let sparePages = 1024
    static let pagesPerStep = 128

    /// Milliseconds since 1970, as all of these: what is from then or before is old enough.
    let attempts: Int64
    let deliveries: Int64
    let names: Int64
    let now: Int64
    let rest: Int64

    init(_ ages: RetentionAges, now: Date) {
        let now = now.milliseconds
        attempts = now - ages.attempts.milliseconds
        deliveries = now - ages.delivered.milliseconds
        names = now - max(ages.dedupe, RetentionAges.shortestDedupe).milliseconds
        self.now = now
        rest = ages.rest.milliseconds
    }

    func scan(from position: SweepPosition, in db: Database) throws -> Scan {
        switch position.stage {
        case .attempts:
            try scan(
                from: position, in: db, until: attempts,
                """
                SELECT attempts.id, attempts.started_at, outbox.state, attempts.started_at
                FROM attempts CROSS JOIN outbox ON outbox.id = attempts.delivery
                WHERE attempts.id > ? ORDER BY attempts.id LIMIT ?
                """)
        case .deliveries:
            try scan(
                from: position, in: db, until: deliveries,
                "SELECT id, accepted_at, state, finished_at FROM outbox WHERE id > ? ORDER BY id LIMIT ?")
        case .receipts:
            try scanNames(
                from: position, in: db, until: deliveries,
                """
                SELECT installation, message_id, at, EXISTS (
                    SELECT 1 FROM message_ids WHERE message_ids.scope = receipts.installation
                        AND side = 'channel' AND message_ids.message_id = receipts.message_id)
                FROM receipts WHERE (installation, message_id) > (?, ?) ORDER BY installation, message_id LIMIT ?
                """)
        case .messageIDs:
            try scanNames(
                from: position, in: db, until: names,
                """
                SELECT account, message_id, at, 0 FROM past_message_ids
                WHERE (account, message_id) > (?, ?) ORDER BY account, message_id LIMIT ?
                """)
        case .dedupeKeys:
            try scanNames(
                from: position, in: db, until: names,
                """
                SELECT account, key, accepted_at, 0 FROM dedupe
                WHERE (account, key) > (?, ?) ORDER BY account, key LIMIT ?
                """)
        case .space:
            Scan(stage: .space, next: try Self.spareFreePages(in: db) > Self.pagesPerStep ? position : nil)
        }
    }

    /// By row id, which is the order of time too: behind what is too young nothing is old enough. What claims to be from
    /// the future, of a clock that was ahead, says nothing of those behind it.
    ///
    /// - Parameter sql: gives id, when it began, the delivery's state, and from when its age counts.
    private func scan(from position: SweepPosition, in db: Database, until end: Int64, _ sql: String) throws -> Scan {
        var scan = Scan(stage: position.stage, next: position.nextStage)
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: sql), arguments: [position.number, Self.scanLimit])
        var looked = 0
        while let row = try rows.next() {
            let began = try row.integer(1)
            if began > end, began <= now { return scan }
            looked += 1
            let isOver = ["delivered", "discarded"].contains(try row.text(2))
            if isOver, let over = try row.integerIfAny(3), over <= end { scan.numbers.append(try row.integer(0)) }
            if looked == Self.scanLimit || scan.numbers.count == Self.batchLimit {
                scan.next = position
                scan.next?.number = try row.integer(0)
                return scan
            }
        }
        return scan
    }

    /// - Parameter sql: gives installation or account, name, time, and whether it is still needed.
    private func scanNames(
        from position: SweepPosition, in db: Database, until end: Int64, _ sql: String
    ) throws -> Scan {
        var scan = Scan(stage: position.stage, next: position.nextStage)
        let rows = try Row.fetchCursor(
            db.cachedStatement(sql: sql), arguments: [position.installation, position.name, Self.scanLimit])
        var looked = 0
        while let row = try rows.next() {
            looked += 1
            let name = [try row.text(0), try row.text(1)]
            if try row.integer(2) <= end, try !row.flag(3) { scan.names.append(name) }
            if looked == Self.scanLimit || scan.names.count == Self.batchLimit {
                scan.next = position
                scan.next?.installation = name[0]
                scan.next?.name = name[1]
                return scan
            }
        }
        return scan
    }

    /// Removes what was found, as far as it is still so.
    func remove(_ scan: Scan, in db: Database) throws -> SweepResult {
        var result = SweepResult()
        switch scan.stage {
        case .attempts:
            result.attempts = try remove(scan, in: db) { id in
                try db.run("DELETE FROM attempts WHERE id = ? AND outcome IS NOT NULL", [id])
            }
        case .deliveries:
            result.deliveries = try remove(scan, in: db) { id in
                try db.run(
                    """
                    INSERT OR IGNORE INTO past_message_ids (account, message_id, delivery, direction, at)
                    SELECT message_ids.scope, message_id, outbox.id, direction, finished_at
                    FROM outbox JOIN message_ids ON message_ids.delivery = outbox.id
                    WHERE outbox.id = ? AND side = 'helpdesk' AND state IN ('delivered', 'discarded')
                    """, [id])
                // Attempts and message ids go with it.
                try db.run("DELETE FROM outbox WHERE id = ? AND state IN ('delivered', 'discarded')", [id])
            }
        case .receipts:
            result.receipts = try remove(
                scan, in: db, "DELETE FROM receipts WHERE installation = ? AND message_id = ? AND at <= ?", deliveries)
        case .messageIDs:
            result.messageIDs = try remove(
                scan, in: db, "DELETE FROM past_message_ids WHERE account = ? AND message_id = ? AND at <= ?",
                names)
        case .dedupeKeys:
            result.dedupeKeys = try remove(
                scan, in: db, "DELETE FROM dedupe WHERE account = ? AND key = ? AND accepted_at <= ?", names)
        case .space:
            let pages = min(try Self.spareFreePages(in: db), Self.pagesPerStep)
            guard pages > 0 else { break }
            let before = try Self.bytes(in: db)
            try db.execute(sql: "PRAGMA incremental_vacuum(\(pages))")
            result.freedBytes = before - (try Self.bytes(in: db))
        }
        return result
    }

    private func remove(_ scan: Scan, in db: Database, _ body: (Int64) throws -> Void) throws -> Int {
        var count = 0
        for number in scan.numbers {
            try body(number)
            count += db.changesCount
        }
        return count
    }

    private func remove(_ scan: Scan, in db: Database, _ sql: String, _ end: Int64) throws -> Int {
        var count = 0
        for name in scan.names {
            try db.run(sql, [name[0], name[1], end])
            count += db.changesCount
        }
        return count
    }

    private static func bytes(in db: Database) throws -> Int64 {
        (try Int64.fetchOne(db, sql: "PRAGMA page_count") ?? 0)
            * (try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
    }

    /// Free pages beyond those that stay; none in a file that can't give any back without being rewritten.
    private static func spareFreePages(in db: Database) throws -> Int {
        guard try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") == 2 else { return 0 }
        return max(0, (try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0) - sparePages)
    }
}
