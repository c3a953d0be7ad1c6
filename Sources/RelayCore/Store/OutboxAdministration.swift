package import FoundationEssentials

/// What an operator sees of the outbox and does with it. Safe while workers run.
package protocol OutboxAdministration: Sendable {
    func deliveries(_ filter: DeliveryFilter) async throws(StoreFailure) -> [Delivery]

    func counts(of installation: InstallationID?) async throws(StoreFailure) -> OutboxCounts

    /// The attempts at a delivery, the oldest first, with their numbers.
    func attempts(of delivery: DeliveryID) async throws(StoreFailure) -> [Attempt]

    /// How many attempts were made at each of these deliveries, one under way included. For one page of a list: costs a
    /// look into an index for each.
    func attemptCounts(of deliveries: [DeliveryID]) async throws(StoreFailure) -> [DeliveryID: Int]

    /// What persons have decided about a delivery, the oldest first.
    func decisions(of delivery: DeliveryID) async throws(StoreFailure) -> [DeliveryDecision]

    /// Why each of these deliveries waits, those left out that don't. For one page of a list: costs a few looks into
    /// indexes for each.
    func waitReasons(of deliveries: [DeliveryID], now: Date) async throws(StoreFailure) -> [DeliveryID: WaitReason]

    /// What the channel reported of the messages that the delivery became, newest state of each.
    func receipts(of delivery: DeliveryID) async throws(StoreFailure) -> [Receipt]

    /// Makes a dead, held or waiting delivery due at once, in its place in its key's order, with its attempts counted
    /// from zero. A held one that is retried is no longer in doubt: the person has decided. One that later ones have
    /// overtaken is marked late.
    ///
    /// - Throws: `notFound`; `conflict` for one that is delivered, discarded or under way.
    func redrive(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure)

    /// Discards a dead, held or waiting delivery for good.
    ///
    /// - Throws: as ``redrive(_:from:now:)``.
    func discard(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure)

    /// Records that the piece in doubt of a reply arrived: it isn't sent again, and the pieces behind it are. The delivery
    /// becomes due at once, as by ``redrive(_:from:now:)``.
    ///
    /// - Throws: as ``redrive(_:from:now:)``; `conflict` also for one that isn't in doubt, or is no reply: into Freshchat a
    ///   doubt is looked up, and needs nobody to decide.
    func confirmArrival(
        _ delivery: DeliveryID, from origin: DeliveryDecision.Origin, now: Date
    ) async throws(StoreFailure)

    func contact(_ id: ContactID) async throws(StoreFailure) -> Contact?
}

/// Which deliveries.
package struct DeliveryFilter: Hashable, Sendable {
    package var installation: InstallationID?
    /// Empty: of any state.
    package var states: Set<Delivery.State>
    /// Only those with an attempt in doubt.
    package var onlyInDoubt: Bool
    /// Only those before this one, for reading on page by page.
    package var before: DeliveryID?
    package var limit: Int

    package init(
        installation: InstallationID? = nil, states: Set<Delivery.State> = [], onlyInDoubt: Bool = false,
        before: DeliveryID? = nil, limit: Int = 100
    ) {
        self.installation = installation
        self.states = states
        self.onlyInDoubt = onlyInDoubt
        self.before = before
        self.limit = limit
    }
}

/// How many deliveries there are of each kind.
package struct OutboxCounts: Hashable, Sendable {
    package var waiting = 0
    package var inDoubt = 0
    package var held = 0
    package var dead = 0
    package var delivered = 0
    package var oldestWaiting: Date?

    package init() {}

    /// How many wait for a person: held and dead ones.
    package var needsAttention: Int { held + dead }
}
