package import FoundationEssentials

/// What is over goes after a while, so that the store doesn't grow for ever.
package protocol RetentionStore: Sendable {
    /// Takes one step of a sweep through what is over, and removes what is older than its age: a small batch, in a change
    /// of its own, so that nobody waits for it noticeably. Where the sweep stands outlives the process.
    ///
    /// What waits, is held or is dead stays, however old it is, with its attempts. A removed delivery's Freshchat ids are
    /// remembered for as long as dedupe keys are. Only one worker sweeps at a time, and a sweep that came to its end is
    /// followed by a rest.
    func sweep(_ ages: RetentionAges, now: Date) async throws(StoreFailure) -> SweepResult
}

/// For how long what is over is kept.
package struct RetentionAges: Hashable, Sendable {
    /// Deliveries that are delivered or discarded, since they are; and what the channel reported of them.
    package var delivered: Duration = .seconds(30 * 86_400)
    /// Attempts of deliveries that are delivered or discarded, since they began.
    package var attempts: Duration = .seconds(14 * 86_400)
    /// By what repeats are recognised: dedupe keys, and ids of Freshchat's messages. Never less than ``shortestDedupe``.
    package var dedupe: Duration = .seconds(60 * 86_400)

    /// Providers repeat a webhook for days, and people restore backups.
    package static let shortestDedupe: Duration = .seconds(30 * 86_400)

    package init() {}

    /// How long a sweep that came to its end is followed by none: an hour, and less when something is to go sooner.
    package var rest: Duration { max(.seconds(10), min(.seconds(3600), min(delivered, attempts) / 24)) }
}

/// What one step removed.
package struct SweepResult: Hashable, Sendable {
    package var deliveries = 0
    package var attempts = 0
    package var receipts = 0
    /// Ids of Freshchat's messages whose deliveries were removed earlier.
    package var messageIDs = 0
    package var dedupeKeys = 0
    /// Bytes by which the store became smaller.
    package var freedBytes: Int64 = 0
    /// Whether the sweep goes on with another step; not when it rests, or is another worker's.
    package var hasMore = false

    package init() {}

    package var removed: Int { deliveries + attempts + receipts + messageIDs + dedupeKeys }

    package static func += (left: inout SweepResult, right: SweepResult) {
        left.deliveries += right.deliveries
        left.attempts += right.attempts
        left.receipts += right.receipts
        left.messageIDs += right.messageIDs
        left.dedupeKeys += right.dedupeKeys
        left.freedBytes += right.freedBytes
        left.hasMore = right.hasMore
    }
}
