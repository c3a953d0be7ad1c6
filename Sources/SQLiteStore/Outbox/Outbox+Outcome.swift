package import FoundationEssentials
import GRDB
package import RelayCore

/// What became of a claim. Each of these is refused when the lease is somebody else's by now, and changes nothing then.
extension SQLiteStore {
    package func advance(
        _ claim: Claim, delivered: PieceOutcome, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim {
        try await change { [bootClock = configuration.bootClock] db in
            try Self.requireLease(claim, in: db)
            let clock = now.milliseconds
            try Self.endAttempt(claim.attempt, .delivered, detail: "", now: clock, in: db)
            try Self.keepMessageID(delivered, of: claim, now: clock, in: db)
            var next = claim
            next.delivery.progress += 1
            next.delivery.attempts = 0
            next.delivery.doubtSince = nil
            next.delivery.reason = ""
            next.delivery.detail = ""
            try db.run(
                """
                UPDATE outbox SET progress = ?, attempts = 0, doubt_since = NULL, reason = '', detail = '' WHERE id = ?
                """, [next.delivery.progress, claim.delivery.id.rawValue])
            try Self.noteSuccess(of: claim, in: db)
            next.attempt = try Self.startAttempt(
                of: claim.delivery.id.rawValue, piece: next.delivery.progress, by: claim.worker, now: clock, in: db)
            let leasedUntil = bootClock.now() + lease
            try db.run(
                "UPDATE lanes SET leased_until = ? WHERE ordering_key = ?",
                [leasedUntil.milliseconds, claim.delivery.orderingKey.rawValue])
            next.startedAt = Date(milliseconds: clock)
            next.leasedUntil = leasedUntil
            // With what this piece has found out: the user, the conversation.
            next.contact = try claim.delivery.contact.flatMap { try Self.contact($0.rawValue, in: db) }
            return next
        }
    }

    package func complete(
        _ claim: Claim, delivered: PieceOutcome?, note: NoteDraft?, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim? {
        try await changeCounting { [bootClock = configuration.bootClock] db, tally in
            try Self.requireLease(claim, in: db)
            let clock = now.milliseconds
            if delivered == nil {
                try Self.strikeOutAttempt(of: claim, in: db)
            } else {
                try Self.endAttempt(claim.attempt, .delivered, detail: "", now: clock, in: db)
            }
            try db.run(
                """
                UPDATE outbox SET state = 'delivered', progress = ?, finished_at = ?, doubt_since = NULL, reason = '',
                    detail = ''
                WHERE id = ?
                """, [claim.delivery.progress + (delivered == nil ? 0 : 1), clock, claim.delivery.id.rawValue])
            tally.addDelivered(claim.delivery, now: clock)
            if let delivered {
                try Self.keepMessageID(delivered, of: claim, now: clock, in: db)
                try Self.noteSuccess(of: claim, in: db)
            }
            try Self.noteOvertaking(by: claim, in: db)
            if case .message = claim.delivery.payload { try Self.watchCurrent(of: claim, now: clock, in: db) }
            if let note {
                try Self.enqueueNote(
                    note, of: claim.delivery.installation, contact: claim.delivery.contact?.rawValue, now: clock, in: db
                )
            }
            return try Self.handOver(after: claim, until: bootClock.now() + lease, now: now, in: db)
        }
    }

    @discardableResult
    package func retry(
        _ claim: Claim, after failure: DeliveryFailure, at: Date, counting: Bool, wakesOnContact: Bool, now: Date
    ) async throws(StoreFailure) -> OpenBreaker? {
        try await change { db in
            try Self.requireLease(claim, in: db)
            if failure.sentNothing {
                try Self.strikeOutAttempt(of: claim, in: db)
            } else {
                try Self.endAttempt(claim, failure, now: now.milliseconds, in: db)
            }
            try db.run(
                "UPDATE outbox SET next_attempt_at = ?, attempts = attempts + ?, reason = ?, detail = ? WHERE id = ?",
                [at.milliseconds, counting ? 1 : 0, failure.reason, failure.detail, claim.delivery.id.rawValue])
            try Counters.add(.retried, claim.flow, in: db)
            let waking = wakesOnContact ? claim.contact.map { (claim.delivery.id.rawValue, $0.id.rawValue) } : nil
            try Self.freeLane(claim.delivery.orderingKey, waking: waking, in: db)
            return try Self.noteFailure(failure, of: claim, now: now, in: db)
        }
    }

    @discardableResult
    package func markDead(
        _ claim: Claim, because failure: DeliveryFailure, note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> Bool {
        try await change { db in
            try Self.requireLease(claim, in: db)
            try Self.endAttempt(claim, failure, now: now.milliseconds, in: db)
            _ = try Self.noteFailure(failure, of: claim, now: now, in: db)
            let id = claim.delivery.id.rawValue
            let noted = try db.row("SELECT noted FROM outbox WHERE id = ?", [id])?.textIfAny(0)
            let note = noted == failure.noteKey ? nil : note
            try db.run(
                "UPDATE outbox SET cause = ?, noted = ? WHERE id = ?",
                [failure.deadLetterCause.rawValue, note == nil ? noted : failure.noteKey, id])
            try Self.end(
                claim, as: .dead, reason: failure.reason, detail: failure.detail, note: note, now: now.milliseconds,
                in: db)
            return note != nil
        }
    }

    package func hold(_ claim: Claim, reason: String, note: NoteDraft?, now: Date) async throws(StoreFailure) {
        try await change { db in
            try Self.requireLease(claim, in: db)
            let clock = now.milliseconds
            try Self.strikeOutAttempt(of: claim, in: db)
            try Self.doubt(claim, in: db)
            try Self.end(
                claim, as: .held, reason: reason, detail: claim.delivery.detail, note: note, now: clock, in: db)
        }
    }

    package func dismiss(_ claim: Claim, reason: String, now: Date) async throws(StoreFailure) {
        try await change { db in
            try Self.requireLease(claim, in: db)
            let clock = now.milliseconds
            try Self.strikeOutAttempt(of: claim, in: db)
            try db.run("UPDATE outbox SET doubt_since = NULL WHERE id = ?", [claim.delivery.id.rawValue])
            try Self.end(claim, as: .discarded, reason: reason, detail: "", note: nil, now: clock, in: db)
        }
    }

    package func release(_ claim: Claim, now: Date) async throws(StoreFailure) {
        try await change { db in
            try Self.requireLease(claim, in: db)
            try Self.strikeOutAttempt(of: claim, in: db)
            try Self.freeLane(claim.delivery.orderingKey, in: db)
        }
    }

    // MARK: Parts of these

    /// - Throws: `leaseLost` unless the claim's lease is its key's present one, for the claim's delivery.
    static func requireLease(_ claim: Claim, in db: Database) throws {
        let isHeld = try db.exists(
            "SELECT 1 FROM lanes WHERE ordering_key = ? AND owner = ? AND fence = ? AND delivery = ?",
            [
                claim.delivery.orderingKey.rawValue, claim.worker.rawValue, claim.fence, claim.delivery.id.rawValue,
            ])
        guard isHeld else {
            throw StoreFailure(
                .leaseLost, "delivery \(claim.delivery.id) isn't worker \(claim.worker)'s to record any more")
        }
    }

    /// Those of the same key that were given up on, dead or held, have been overtaken now: should a person try them again,
    /// they are late.
    private static func noteOvertaking(by claim: Claim, in db: Database) throws {
        try db.run(
            "UPDATE outbox SET is_late = 1 WHERE ordering_key = ? AND state IN ('dead', 'held') AND is_late = 0",
            [claim.delivery.orderingKey.rawValue])
    }

    /// Nothing was sent, so the claim was no attempt.
    static func strikeOutAttempt(of claim: Claim, in db: Database) throws {
        try db.run("DELETE FROM attempts WHERE id = ?", [claim.attempt])
    }

    private static func endAttempt(_ claim: Claim, _ failure: DeliveryFailure, now: Int64, in db: Database) throws {
        let outcome: Attempt.Outcome = failure.isCertain ? .failed : .inDoubt
        try endAttempt(claim.attempt, outcome, detail: failure.description, now: now, in: db)
        guard outcome == .inDoubt else { return }
        try Counters.add(.inDoubt, claim.flow, in: db)
        try doubt(claim, in: db)
    }

    /// The delivery is in doubt since this attempt began, unless it was before.
    private static func doubt(_ claim: Claim, in db: Database) throws {
        try db.run(
            "UPDATE outbox SET doubt_since = min(coalesce(doubt_since, ?1), ?1) WHERE id = ?2",
            [claim.startedAt.milliseconds, claim.delivery.id.rawValue])
    }

    /// The delivery no longer waits, and its lane moves on.
    static func end(
        _ claim: Claim, as state: Delivery.State, reason: String, detail: String, note: NoteDraft?, now: Int64,
        in db: Database
    ) throws {
        try db.run(
            "UPDATE outbox SET state = ?, finished_at = ?, reason = ?, detail = ? WHERE id = ?",
            [state.rawValue, now, reason, detail, claim.delivery.id.rawValue])
        if state == .discarded {
            try Counters.addDiscarded(claim.flow, in: db)
        } else if let counter = state.counter {
            try Counters.add(counter, claim.flow, in: db)
        }
        if state == .dead, claim.delivery.isNote { try Counters.add(.notesDead, claim.flow, in: db) }
        try freeLane(claim.delivery.orderingKey, in: db)
        if let note {
            try enqueueNote(
                note, of: claim.delivery.installation, contact: claim.delivery.contact?.rawValue, now: now, in: db)
        }
    }
}
