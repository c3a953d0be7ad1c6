package import FoundationEssentials
import GRDB
package import RelayCore

/// What a person decides about a delivery. Each decision is written down by the same commit.
extension SQLiteStore {
    package func redrive(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure) {
        try await change { db in
            let found = try Self.decidable(delivery, by: .retry, in: db)
            try Self.keep(.init(redriving: found), about: found, from: origin, now: now, in: db)
            try Self.putBack(found, now: now.milliseconds, in: db)
            if found.state == .held { try Self.clearUndecided(of: found.installation, in: db) }
        }
    }

    package func confirmArrival(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure) {
        try await change { db in
            let found = try Self.decidable(delivery, by: .confirmedArrival, in: db)
            try Self.keep(.confirmedArrival, about: found, from: origin, now: now, in: db)
            try db.run(
                "UPDATE outbox SET progress = progress + 1, doubt_since = NULL WHERE id = ?", [delivery.rawValue])
            try Self.putBack(found, now: now.milliseconds, in: db)
        }
    }

    package func discard(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure) {
        try await change { db in
            let found = try Self.decidable(delivery, by: .discard, in: db)
            try Self.keep(.discard, about: found, from: origin, now: now, in: db)
            try db.run(
                "UPDATE outbox SET state = 'discarded', finished_at = ?, doubt_since = NULL, cause = NULL WHERE id = ?",
                [now.milliseconds, delivery.rawValue])
            try Counters.addDiscarded(Flow(found.installation, found.direction), in: db)
            try Self.refreshLane(found.orderingKey, in: db)
            if found.state == .held { try Self.clearUndecided(of: found.installation, in: db) }
        }
    }

    package func refusals(
        of decision: DeliveryDecision.Kind, about deliveries: [DeliveryID]
    ) async throws(StoreFailure) -> [DeliveryID: StoreFailure] {
        try await read { db in
            var refusals: [DeliveryID: StoreFailure] = [:]
            for id in deliveries {
                do {
                    _ = try Self.decidable(id, by: decision, in: db)
                } catch let failure as StoreFailure {
                    refusals[id] = failure
                }
            }
            return refusals
        }
    }

    package func decisions(of delivery: DeliveryID) async throws(StoreFailure) -> [DeliveryDecision] {
        try await read { db in
            let rows = try db.rows(
                "SELECT kind, piece, at, origin, address FROM decisions WHERE delivery = ? ORDER BY id",
                [delivery.rawValue])
            // One of a kind that only a newer version knows hides no other.
            return try rows.compactMap { row in
                guard let kind = DeliveryDecision.Kind(rawValue: try row.text(0)) else { return nil }
                let isCommand = try row.text(3) == Self.command
                return DeliveryDecision(
                    kind, piece: try row.int(1), at: try row.date(2),
                    from: isCommand ? .command : .pages(address: try row.textIfAny(4)))
            }
        }
    }

    // MARK: Parts of these

    private static let command = "command"
    private static let pages = "pages"

    private static func keep(
        _ kind: DeliveryDecision.Kind, about delivery: Delivery, from origin: DeliveryDecision.Origin, now: Date,
        in db: Database
    ) throws {
        let (word, address): (String, String?) =
            switch origin {
            case .command: (command, nil)
            case .pages(let address): (pages, address)
            }
        try db.run(
            "INSERT INTO decisions (delivery, kind, piece, at, origin, address) VALUES (?, ?, ?, ?, ?, ?)",
            [delivery.id.rawValue, kind.rawValue, delivery.progress, now.milliseconds, word, address])
    }

    /// It waits again, due now, in its place.
    private static func putBack(_ delivery: Delivery, now: Int64, in db: Database) throws {
        try db.run(
            """
            UPDATE outbox SET doubt_since = iif(state = 'held', NULL, doubt_since), state = 'waiting', attempts = 0,
                next_attempt_at = ?, finished_at = NULL, reason = '', detail = '', cause = NULL,
                -- A later one that is being made at this moment goes out before it too.
                is_late = is_late OR EXISTS (SELECT 1 FROM lanes WHERE lanes.ordering_key = outbox.ordering_key
                    AND owner IS NOT NULL AND lanes.delivery > outbox.id)
            WHERE id = ?
            """, [now, delivery.id.rawValue])
        try restoreLane(delivery.orderingKey, in: db)
        try refreshLane(delivery.orderingKey, in: db)
    }

    /// A delivery that a person may decide about in this way.
    private static func decidable(
        _ id: DeliveryID, by decision: DeliveryDecision.Kind, in db: Database
    ) throws -> Delivery {
        let delivery = try idle(id, in: db)
        guard decision == .confirmedArrival else { return delivery }
        guard delivery.doubtSince != nil else { throw StoreFailure(.conflict, "delivery \(id) isn't in doubt") }
        guard case .reply = delivery.payload else {
            throw StoreFailure(.conflict, "delivery \(id) isn't a reply: byoc looks it up by itself")
        }
        return delivery
    }

    /// A delivery that a person may still decide about.
    private static func idle(_ id: DeliveryID, in db: Database) throws -> Delivery {
        guard let row = try db.row("SELECT \(Delivery.columns) FROM outbox WHERE id = ?", [id.rawValue]) else {
            throw StoreFailure(.notFound, "there is no delivery \(id)")
        }
        let delivery = try Delivery(row)
        switch delivery.state {
        case .waiting, .held, .dead: break
        case .delivered, .discarded:
            throw StoreFailure(.conflict, "delivery \(id) is \(delivery.state.rawValue) already")
        }
        do {
            if try !Accounts.exists(.helpdesk(HelpdeskAccountID(delivery.installation.rawValue)), in: db) {
                _ = try installationState(db, delivery.installation)
            }
        } catch {
            throw StoreFailure(.conflict, "the installation of delivery \(id) is removed")
        }
        let isUnderWay = try db.exists(
            "SELECT 1 FROM lanes WHERE ordering_key = ? AND owner IS NOT NULL AND delivery = ?",
            [delivery.orderingKey.rawValue, id.rawValue])
        if isUnderWay {
            throw StoreFailure(.conflict, "delivery \(id) is being made at this moment: try again when it has ended")
        }
        return delivery
    }

    /// Brings a lane's row to what waits now, unless a worker has it: then the end of the lease does that.
    static func refreshLane(_ key: OrderingKey, in db: Database) throws {
        if try db.exists("SELECT 1 FROM lanes WHERE ordering_key = ? AND owner IS NULL", [key.rawValue]) {
            try freeLane(key, in: db)
        }
    }
}
