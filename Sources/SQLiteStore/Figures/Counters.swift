import FoundationEssentials
import GRDB
import RelayCore

/// What the changes of one transaction count, so that each counter is written once and not once for each of them.
struct CounterTally {
    private var amounts: [Flow: [String: Int64]] = [:]

    mutating func add(_ counter: Counter, _ flow: Flow, by amount: Int = 1) {
        add(counter.rawValue, flow, by: Int64(amount))
    }

    /// A delivery is made: counted, with how long it took since it was accepted.
    mutating func addDelivered(_ delivery: Delivery, now: Int64) {
        let flow = Flow(delivery.installation, delivery.direction)
        let time = max(0, now - delivery.acceptedAt.milliseconds) * 1000
        let kind = Histogram.Kind.delivery
        add(.delivered, flow)
        if delivery.isNote { add(.notesDelivered, flow) }
        add(Counters.bucketName(kind, bound: (kind.bounds + [Int64.max])[kind.bucket(of: time)]), flow, by: 1)
        add(Counters.sumName(kind), flow, by: time)
        if delivery.isLate { add(.late, flow) }
    }

    private mutating func add(_ name: String, _ flow: Flow, by amount: Int64) {
        amounts[flow, default: [:]][name, default: 0] += amount
    }

    /// Calls with each counter and how much there is to add.
    func forEach(_ body: (_ flow: Flow, _ name: String, _ amount: Int64) throws -> Void) rethrows {
        for (flow, counters) in amounts {
            for (name, amount) in counters { try body(flow, name, amount) }
        }
    }
}

/// Counts inside of the transaction that makes what is counted: what isn't committed isn't counted, and nothing is
/// counted twice. What happens by the thousand goes through a ``CounterTally``.
enum Counters {
    private static let insert = "INSERT INTO counters (installation, direction, name, value)"
    private static let adding =
        "ON CONFLICT (installation, direction, name) DO UPDATE SET value = value + excluded.value"

    static func add(_ counter: Counter, _ flow: Flow, by amount: Int = 1, in db: Database) throws {
        try add(counter.rawValue, flow, by: Int64(amount), in: db)
    }

    static func add(_ tally: CounterTally, in db: Database) throws {
        try tally.forEach { flow, name, amount in try add(name, flow, by: amount, in: db) }
    }

    /// For where only the delivery's number is at hand.
    static func add(_ counter: Counter, ofDelivery delivery: Int64, by amount: Int, in db: Database) throws {
        try db.run(
            "\(insert) SELECT installation, direction, ?, ? FROM outbox WHERE id = ? \(adding)",
            [counter.rawValue, amount, delivery])
    }

    /// One delivery is discarded. A reply that is still the helpdesk account's wasn't counted as accepted before.
    static func addDiscarded(_ flow: Flow, in db: Database) throws {
        try add(.discarded, flow, in: db)
        if flow.direction == .outbound, try SQLiteStore.isHelpdeskAccount(flow.installation.rawValue, in: db) {
            try add(.accepted, flow, in: db)
        }
    }

    /// What waits for an installation, or a helpdesk account, is about to be discarded with it.
    static func addDiscarded(waitingOf installation: InstallationID, in db: Database) throws {
        if try SQLiteStore.isHelpdeskAccount(installation.rawValue, in: db) {
            try db.run(
                """
                \(insert)
                SELECT installation, direction, ?, count(*) FROM outbox
                WHERE installation = ? AND state = 'waiting' AND direction = 'outbound' GROUP BY installation, direction
                \(adding)
                """, [Counter.accepted.rawValue, installation.rawValue])
        }
        try db.run(
            """
            \(insert)
            SELECT installation, direction, ?, count(*) FROM outbox
            WHERE installation = ? AND state = 'waiting' GROUP BY installation, direction
            \(adding)
            """, [Counter.discarded.rawValue, installation.rawValue])
    }

    static func add(_ tally: IntakeTally, in db: Database) throws {
        for (flow, histogram) in tally.acknowledgements {
            for (bound, count) in histogram.counts where count > 0 {
                try add(bucketName(histogram.kind, bound: bound), flow, by: count, in: db)
            }
            try add(sumName(histogram.kind), flow, by: histogram.sum, in: db)
        }
        for (flow, instant) in tally.lastAt { try note(lastWebhook, flow, at: instant.milliseconds, in: db) }
        for (installation, instant) in tally.heardAt {
            try noteHeard(installation, at: instant.milliseconds, in: db)
        }
        for (flow, count) in tally.foreign { try add(Counter.foreign.rawValue, flow, by: count, in: db) }
        for (flow, signatures) in tally.signatures {
            if signatures.failures > 0 {
                try add(Counter.signatureFailures.rawValue, flow, by: signatures.failures, in: db)
            }
            for (name, row) in [(asciiRow, signatures.ascii), (otherRow, signatures.other)] {
                if row.isFresh {
                    try db.run(
                        """
                        UPDATE counters SET value = 0
                        WHERE installation = ? AND direction = ? AND name = ? AND value <> 0
                        """, [flow.installation.rawValue, flow.direction.rawValue, name])
                }
                if row.failures > 0 { try add(name, flow, by: row.failures, in: db) }
            }
        }
    }

    /// Freshchat told something about an installation: what was accepted until then has had its echo, or will have none.
    ///
    /// A tally comes late, and what was accepted since then is still to be echoed.
    private static func noteHeard(_ installation: InstallationID, at instant: Int64, in db: Database) throws {
        let flow = Flow(installation, .outbound)
        try note(lastHeard, flow, at: instant, in: db)
        let newest = try db.row("SELECT id FROM outbox WHERE accepted_at <= ? ORDER BY id DESC LIMIT 1", [instant])
        try note(heardUpTo, flow, at: newest?.integer(0) ?? 0, in: db)
    }

    /// The poll found a reply that no webhook had brought.
    static func noteFound(_ flow: Flow, at instant: Int64, in db: Database) throws {
        try note(lastFound, flow, at: instant, in: db)
    }

    /// A message was withheld.
    static func noteWithheld(_ flow: Flow, at instant: Int64, in db: Database) throws {
        try note(lastWithheld, flow, at: instant, in: db)
    }

    /// Keeps an instant, or another number that only grows, unless a later one is kept.
    private static func note(_ name: String, _ flow: Flow, at instant: Int64, in db: Database) throws {
        try db.run(
            """
            \(insert) VALUES (?, ?, ?, ?)
            ON CONFLICT (installation, direction, name) DO UPDATE SET value = max(value, excluded.value)
            """, [flow.installation.rawValue, flow.direction.rawValue, name, instant])
    }

    private static func add(_ name: String, _ flow: Flow, by amount: Int64, in db: Database) throws {
        try db.run(
            "\(insert) VALUES (?, ?, ?, ?) \(adding)",
            [flow.installation.rawValue, flow.direction.rawValue, name, amount])
    }

    // MARK: Reading

    /// Puts everything that is counted where it belongs. Names of another version are passed over.
    static func read(into metrics: inout StoreMetrics, from db: Database) throws {
        for row in try db.rows("SELECT installation, direction, name, value FROM counters") {
            let flow = Flow(try row.id(0), try row.word(1))
            let name = try row.text(2)
            let value = try row.integer(3)
            if let counter = Counter(rawValue: name) {
                metrics.counters[flow, default: [:]][counter] = value
            } else if name == lastWebhook {
                metrics.lastWebhooks[flow] = try row.date(3)
            } else if name == lastHeard {
                metrics.helpdesk[flow.installation, default: .init()].lastHeard = try row.date(3)
            } else if name == lastFound {
                metrics.helpdesk[flow.installation, default: .init()].lastFound = try row.date(3)
            } else if name == lastWithheld {
                metrics.lastWithheld[flow] = try row.date(3)
            } else if name == asciiRow {
                metrics.signatures[flow, default: .init()].ascii = value
            } else if name == otherRow {
                metrics.signatures[flow, default: .init()].other = value
            } else if let (kind, part) = histogramPart(name) {
                var histogram = metrics.histograms[kind]?[flow] ?? Histogram(kind)
                if part == sum {
                    histogram.sum = value
                } else if let bound = Int64(part) {
                    histogram.add(value, upTo: bound)
                }
                metrics.histograms[kind, default: [:]][flow] = histogram
            }
        }
    }

    /// What was posted to Freshchat since an installation was last heard of.
    static func readSilence(of installation: InstallationID, into signs: inout HelpdeskSigns, from db: Database) throws
    {
        let bound = try db.row(
            "SELECT value FROM counters WHERE installation = ? AND direction = 'outbound' AND name = ?",
            [installation.rawValue, heardUpTo])?.integer(0)
        // Along the deliveries that were accepted since, and no further than it takes.
        let rows = try db.rows(
            """
            SELECT finished_at FROM outbox INDEXED BY outbox_by_state
            WHERE installation = ? AND state = 'delivered' AND id > ? AND direction = 'inbound'
                AND ordering_key NOT LIKE '\(OrderingKey.notePrefix)%'
            ORDER BY id LIMIT ?
            """, [installation.rawValue, bound ?? 0, HelpdeskSigns.countLimit])
        signs.postsUnheard = rows.count
        signs.firstPostUnheard = try rows.compactMap { try $0.dateIfAny(0) }.min()
    }

    // MARK: Names

    /// Milliseconds since 1970, and no count.
    private static let lastWebhook = "last_webhook"
    private static let lastWithheld = "last_withheld"
    private static let lastHeard = "last_heard"
    private static let lastFound = "last_found"
    /// The id of a delivery, and no count.
    private static let heardUpTo = "heard_up_to"
    private static let asciiRow = "signature_failures_in_a_row/ascii"
    private static let otherRow = "signature_failures_in_a_row/other"
    private static let sum = "sum"

    static func bucketName(_ kind: Histogram.Kind, bound: Int64) -> String { "\(kind.rawValue)/\(bound)" }

    static func sumName(_ kind: Histogram.Kind) -> String { "\(kind.rawValue)/\(sum)" }

    private static func histogramPart(_ name: String) -> (kind: Histogram.Kind, part: Substring)? {
        let parts = name.split(separator: "/")
        guard parts.count == 2, let kind = Histogram.Kind(rawValue: String(parts[0])) else { return nil }
        return (kind, parts[1])
    }
}

extension Claim {
    /// What the claim's figures are counted under.
    var flow: Flow { Flow(delivery.installation, delivery.direction) }
}

extension Delivery.State {
    /// What counts the deliveries that end, or are left to a person, like this; `nil`: counted otherwise, or not at all.
    var counter: Counter? {
        switch self {
        case .dead: .dead
        case .held: .held
        case .discarded: .discarded
        case .waiting, .delivered: nil
        }
    }
}
