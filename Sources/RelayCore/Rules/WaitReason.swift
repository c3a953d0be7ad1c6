package import FoundationEssentials

/// Why a waiting delivery isn't made yet.
package enum WaitReason: Hashable, Sendable {
    /// A worker makes it now.
    case underWay(since: Date)
    /// An earlier delivery of its conversation comes first.
    case behind(DeliveryID)
    /// Its installation is paused.
    case paused(reason: String, since: Date)
    /// The account that it goes to is paused, because its credential was refused.
    case accountPaused(Side, reason: String, since: Date)
    /// Nothing goes to this service before then: it asked for a pause, or byoc leaves it alone for so long.
    case gateClosed(Side, until: Date)
    /// The service fails for everyone, so that byoc tries one delivery at a time.
    ///
    /// - Parameter nextProbe: when the next one is tried; `nil` if one is tried now, or as soon as a worker looks.
    case breakerOpen(Side, nextProbe: Date?)
    /// It is tried again then, or earlier when the customer writes.
    case retry(at: Date, orWhenCustomerWrites: Bool)
    /// It is due, and the next free worker takes it.
    case due
    /// No worker runs that could take it.
    case noWorker
}

/// What a store knows of a waiting delivery's place in the queue.
package struct WaitFacts: Hashable, Sendable {
    package var id: DeliveryID
    package var nextAttemptAt: Date
    package var side: Side
    /// The first waiting delivery with the same ordering key; `nil` if the store finds none.
    package var head: DeliveryID?
    /// Since when a worker makes it; `nil` if none does.
    package var underWaySince: Date?
    /// The installation's own.
    package var installation: Installation.State
    /// That of the account on its side.
    package var account: AccountState
    /// Until when the gate of its side is closed; `nil` if it never was.
    package var gate: Date?
    package var isBreakerOpen: Bool
    package var wakesOnContact: Bool
    package var hasWorker: Bool

    package init(
        id: DeliveryID, nextAttemptAt: Date, side: Side, head: DeliveryID?, underWaySince: Date? = nil,
        installation: Installation.State = .active, account: AccountState = .active, gate: Date? = nil,
        isBreakerOpen: Bool = false,
        wakesOnContact: Bool = false, hasWorker: Bool = true
    ) {
        self.id = id
        self.nextAttemptAt = nextAttemptAt
        self.side = side
        self.head = head
        self.underWaySince = underWaySince
        self.installation = installation
        self.account = account
        self.gate = gate
        self.isBreakerOpen = isBreakerOpen
        self.wakesOnContact = wakesOnContact
        self.hasWorker = hasWorker
    }
}

extension WaitReason {
    /// Decides what holds it up: of several things the one that has to change first. A time is never in the past.
    package init(_ facts: WaitFacts, now: Date) {
        let gate = facts.gate.flatMap { $0 > now ? $0 : nil }
        if let since = facts.underWaySince {
            self = .underWay(since: since)
        } else if case .paused(let reason, let since, _) = facts.installation {
            self = .paused(reason: reason, since: since)
        } else if case .paused(let reason, let since) = facts.account {
            self = .accountPaused(facts.side, reason: reason, since: since)
        } else if !facts.hasWorker {
            self = .noWorker
        } else if let head = facts.head, head != facts.id {
            self = .behind(head)
        } else if facts.nextAttemptAt > now, facts.nextAttemptAt > gate ?? .distantPast {
            self = .retry(at: facts.nextAttemptAt, orWhenCustomerWrites: facts.wakesOnContact)
        } else if facts.isBreakerOpen {
            self = .breakerOpen(facts.side, nextProbe: gate)
        } else if let gate {
            self = .gateClosed(facts.side, until: gate)
        } else {
            self = .due
        }
    }
}
