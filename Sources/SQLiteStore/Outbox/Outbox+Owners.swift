package import FoundationEssentials
import GRDB
package import RelayCore

/// Replies whose owner only Freshchat can tell, and the locks under which users are created there.
extension SQLiteStore {
    package func settleOwner(
        _ claim: Claim, found: ConversationFacts?, routes: [Route], note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> ReplyOwner {
        try await change { db in
            try Self.requireLease(claim, in: db)
            guard try Self.isHelpdeskAccount(claim.delivery.installation.rawValue, in: db) else {
                throw StoreFailure(.conflict, "it is known already whose delivery \(claim.delivery.id) is")
            }
            try Self.strikeOutAttempt(of: claim, in: db)
            // Freshchat has answered.
            try Self.noteSuccess(of: claim, in: db)
            let account = HelpdeskAccountID(claim.delivery.installation.rawValue)
            guard let found, case .reply(let reply) = claim.delivery.payload else {
                try Self.end(
                    claim, as: .discarded, reason: ReplyOwner.none.reason ?? "", detail: "", note: nil,
                    now: now.milliseconds, in: db)
                return .none
            }
            let search = OwnerSearch(account: account, routes: routes, db: db)
            let subject = OwnerSearch.Subject(
                conversation: reply.conversation, topic: found.topic, user: found.user ?? reply.user,
                reference: found.reference ?? reply.reference.map { Reference($0) }, isLookedUp: true)
            let (owner, known) = try search.owner(of: subject)
            switch owner {
            case .one(let installation):
                if reply.actor == .system, search.route(of: installation)?.forwardsSystemLines != true {
                    try Self.end(
                        claim, as: .discarded, reason: ReplyOwner.none.reason ?? "", detail: "", note: nil,
                        now: now.milliseconds, in: db)
                    return .none
                }
                let scope = try search.account(of: known, owner: installation)
                let contact = try search.contact(of: subject, owner: installation, known: known, scope: scope, now: now)
                // Those behind it belong to the same conversation, and keep their place behind it.
                try db.run(
                    """
                    UPDATE outbox SET installation = ?1, contact = coalesce(contact, ?2), next_attempt_at = min(next_attempt_at, ?3)
                    WHERE ordering_key = ?4 AND state = 'waiting' AND installation = ?5
                    """,
                    [
                        installation.rawValue, contact, now.milliseconds, claim.delivery.orderingKey.rawValue,
                        account.rawValue,
                    ])
                try Counters.add(.accepted, Flow(installation, .outbound), by: db.changesCount, in: db)
                try Self.watch(reply.conversation, of: installation, now: now.milliseconds, in: db)
                try Self.freeLane(claim.delivery.orderingKey, in: db)
            case .several, .unknown:
                let reason = owner.reason ?? ""
                try db.run("UPDATE outbox SET doubt_since = NULL WHERE id = ?", [claim.delivery.id.rawValue])
                try Self.end(
                    claim, as: .held, reason: reason, detail: "", note: note, now: now.milliseconds, in: db)
                try db.run(
                    """
                    INSERT OR IGNORE INTO alarms (name, installation, subject, reason, raised_at) VALUES (?, '', ?, ?, ?)
                    """, [Alarm.Name.replyUndecided.rawValue, account.rawValue, reason, now.milliseconds])
            case .none:
                try Self.end(
                    claim, as: .discarded, reason: owner.reason ?? "", detail: "", note: nil, now: now.milliseconds,
                    in: db)
            }
            return owner
        }
    }

    /// The alarm of replies without an owner ends with the last one that is held.
    ///
    /// - Parameter name: of the delivery that is held no more.
    static func clearUndecided(of name: InstallationID, in db: Database) throws {
        try db.run(
            """
            DELETE FROM alarms WHERE name = ?1 AND installation = '' AND subject = ?2
                AND NOT EXISTS (SELECT 1 FROM outbox WHERE installation = ?2 AND state = 'held')
            """, [Alarm.Name.replyUndecided.rawValue, name.rawValue])
    }

    package func lockUser(_ reference: Reference, for claim: Claim, now: Date) async throws(StoreFailure) -> Bool {
        try await change { [bootClock = configuration.bootClock] db in
            try Self.requireLease(claim, in: db)
            guard
                let account = try db.row(
                    "SELECT helpdesk_account FROM installations WHERE id = ?", [claim.delivery.installation.rawValue])?
                    .text(0)
            else { throw StoreFailure(.notFound, "there is no installation \(claim.delivery.installation)") }
            // Those whose leases have ended are nobody's.
            try db.run(
                """
                DELETE FROM user_locks WHERE NOT EXISTS (
                    SELECT 1 FROM lanes WHERE lanes.ordering_key = user_locks.ordering_key AND owner IS NOT NULL
                        AND lanes.fence = user_locks.fence AND lanes.delivery = user_locks.delivery AND leased_until > ?)
                """, [bootClock.now().milliseconds])
            try db.run(
                """
                INSERT OR IGNORE INTO user_locks (account, reference, ordering_key, fence, delivery) VALUES (?, ?, ?, ?, ?)
                """,
                [
                    account, reference.text, claim.delivery.orderingKey.rawValue, claim.fence,
                    claim.delivery.id.rawValue,
                ])
            return try db.exists(
                """
                SELECT 1 FROM user_locks
                WHERE account = ? AND reference = ? AND ordering_key = ? AND fence = ? AND delivery = ?
                """,
                [
                    account, reference.text, claim.delivery.orderingKey.rawValue, claim.fence,
                    claim.delivery.id.rawValue,
                ])
        }
    }
}
