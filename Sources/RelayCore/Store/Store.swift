package import FoundationEssentials

/// The data store, in the words of the design and not in SQL: what the workers share.
///
/// The front half's functions block the calling thread until the commit is on disk; they are for request threads, never
/// for the cooperative pool. The back half's are async. Every function that changes something is one transaction and is
/// durable when it returns. Requests that are made at the same moment may share a commit.
package protocol Store:
    InstallationStore, AccountStore, IntakeStore, OutboxStore, OutboxAdministration, MessageBrowsing,
    ReconciliationStore,
    ProfileStore, RetentionStore, WorkerStore, MetricsStore
{}

/// What the front half needs.
package protocol IntakeStore: Sendable {
    /// The installations as they are now, at the price of one small read when nothing has changed.
    func directory() throws(StoreFailure) -> InstallationDirectory

    /// Accepts what one webhook told: everything of it or nothing, each event at most once.
    ///
    /// Events whose key is known are repeats and change nothing. Freshchat's find their installation by ``ReplyOwner``, and
    /// their contact by conversation, else by user, else by reference; without any they are accepted for the relay to find
    /// out. A message that no installation owns for certain becomes a delivery of the helpdesk account: its
    /// ``Delivery/installation`` is the account's id.
    ///
    /// - Throws: `notFound` if the account has been removed.
    func accept(_ acceptance: Acceptance) throws(StoreFailure) -> AcceptanceResult

    /// Keeps events for an address that once had an installation, for ``Parking/time``. Repeats of a channel's events are
    /// absorbed.
    ///
    /// - Returns: the fates, each ``ArrivalFate/parked``, or ``ArrivalFate/foreign`` if the address never had an installation.
    func park(
        _ arrivals: [Acceptance.Arrival], account: ChannelAccountID, address: Address, now: Date
    ) throws(StoreFailure) -> [ArrivalFate]

    /// Makes a durable write of no consequence.
    ///
    /// - Throws: what keeps the store from accepting: a full disk, a read-only directory, a lock that isn't released.
    func probe() throws(StoreFailure)
}

/// What one webhook, or one look into a conversation, told of an account.
package struct Acceptance: Sendable {
    package enum Content: Hashable, Sendable {
        case message(IncomingPayload)
        case reply(HelpdeskMessage)
        /// The note is left for the agents when the receipt says `failed` and the message was an agent's reply. A receipt
        /// that is here before the message's id is known is kept, and its note is left when the id becomes known.
        case receipt(Receipt, note: String?)
        case subscription(SubscriptionChange)
        case status(conversation: HelpdeskConversationID, isResolved: Bool)
        /// A message of the agents' side that doesn't go to the customer, because nobody knows its kind. It is counted, and a
        /// repeat isn't.
        case withheld(kind: String, of: HelpdeskConversationID)
    }

    package struct Arrival: Hashable, Sendable {
        package var dedupeKey: DedupeKey
        package var content: Content
        /// The topic that Freshchat's event names; `nil` for a channel's event, and if it names none.
        package var topic: TopicID?

        package init(dedupeKey: DedupeKey, content: Content, topic: TopicID? = nil) {
            self.dedupeKey = dedupeKey
            self.content = content
            self.topic = topic
        }
    }

    /// Whose webhook it was. Within one account, an event's name means one event.
    package var account: AccountID
    /// A channel's events: the one installation that they are for. Freshchat's: the installations of the account, of which
    /// ``ReplyOwner`` finds each event's owner.
    package var routes: [Route]
    package var arrivals: [Arrival]
    package var at: Date
    /// How Freshchat's messages among them came; `nil` for a channel's webhook.
    package var source: ReplySource?

    package init(
        account: AccountID, routes: [Route], arrivals: [Arrival], at: Date, source: ReplySource? = nil
    ) {
        self.account = account
        self.routes = routes
        self.arrivals = arrivals
        self.at = at
        self.source = source
    }
}

/// What became of one event.
package enum ArrivalFate: Hashable, Sendable {
    /// It was new. The delivery is `nil` for what becomes none.
    case accepted(InstallationID, DeliveryID?)
    /// It was known, or is an echo of ours.
    case repeated(InstallationID?)
    /// It is kept as a delivery of the helpdesk account, until Freshchat has said whose it is.
    case unresolved(DeliveryID)
    /// It is for an address that once had an installation: kept for ``Parking/time``, for the installation that comes.
    case parked
    /// No installation's. Nothing of it was recorded.
    case foreign
    /// A line of Freshchat's own, which its installation doesn't forward. Nothing of it was recorded.
    case systemLine(InstallationID)

    /// The installation that it turned out to be for; `nil` if none.
    package var installation: InstallationID? {
        switch self {
        case .accepted(let installation, _), .systemLine(let installation): installation
        case .repeated(let installation): installation
        case .unresolved, .parked, .foreign: nil
        }
    }

    package var delivery: DeliveryID? {
        switch self {
        case .accepted(_, let delivery): delivery
        case .unresolved(let delivery): delivery
        case .repeated, .parked, .foreign, .systemLine: nil
        }
    }
}

package struct AcceptanceResult: Sendable {
    /// Events that were new.
    package var accepted: Int
    /// Events that were known, and our own echoes.
    package var repeated: Int
    /// The outbox rows made.
    package var deliveries: [DeliveryID]
    /// The replies that were new.
    package var replies: [HelpdeskMessageID] = []
    /// The kinds of the messages that were new and withheld, with whose they are.
    package var withheld: [(installation: InstallationID, kind: String)] = []
    /// What became of each event, in their order.
    package var fates: [ArrivalFate] = []

    package init(accepted: Int = 0, repeated: Int = 0, deliveries: [DeliveryID] = []) {
        self.accepted = accepted
        self.repeated = repeated
        self.deliveries = deliveries
    }
}

/// What the relay needs.
package protocol OutboxStore: Sendable {
    /// Takes the leases of up to `limit` ordering keys whose first waiting delivery is due, and records the start of an
    /// attempt for each. Paused installations and closed rate gates give nothing.
    ///
    /// Of a side whose ``Breaker`` is open one delivery at a time is given, and none while one is under way.
    ///
    /// - Parameter lease: for how long no other worker touches the key while this one lives, by the ``BootClock``.
    func claim(by worker: WorkerID, limit: Int, lease: Duration, now: Date) async throws(StoreFailure) -> [Claim]

    /// One piece is delivered and another follows: records it and starts the next attempt under the same lease.
    func advance(
        _ claim: Claim, delivered: PieceOutcome, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim

    /// The last piece is delivered. Takes the next delivery of the key along, with its attempt started, when one is due
    /// and its gate is open.
    ///
    /// - Parameters:
    ///   - delivered: `nil` if no piece was left to send: then the claim was no attempt.
    ///   - note: is put into the outbox by the same commit.
    func complete(
        _ claim: Claim, delivered: PieceOutcome?, note: NoteDraft?, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim?

    /// It goes back to wait, and gives the lease back. An attempt in doubt leaves the delivery in doubt; a claim that
    /// ``DeliveryFailure/sentNothing`` is no attempt.
    ///
    /// - Parameters:
    ///   - counting: whether the attempt counts towards giving up.
    ///   - wakesOnContact: whether it becomes due at once when the customer writes.
    /// - Returns: the breaker of that side, when this failure opened it.
    @discardableResult
    func retry(
        _ claim: Claim, after failure: DeliveryFailure, at: Date, counting: Bool, wakesOnContact: Bool, now: Date
    ) async throws(StoreFailure) -> OpenBreaker?

    /// It becomes a dead letter, and gives the lease back. The note, if any, is put into the outbox by the same commit,
    /// unless this delivery died before with the same ``DeliveryFailure/noteKey`` and left one.
    ///
    /// - Returns: whether the note was left.
    @discardableResult
    func bury(
        _ claim: Claim, because failure: DeliveryFailure, note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> Bool

    /// It waits for a person, and gives the lease back. Nothing was sent: the claim is no attempt. The note is put into the
    /// outbox by the same commit.
    func hold(_ claim: Claim, reason: String, note: NoteDraft?, now: Date) async throws(StoreFailure)

    /// It turned out to be none of ours: a reply to somebody who isn't a contact. Discarded with the reason, and the
    /// lease is given back. Nothing was sent: the claim is no attempt.
    func dismiss(_ claim: Claim, reason: String, now: Date) async throws(StoreFailure)

    /// Gives the lease back with nothing sent: the attempt is struck out, as if it had not been claimed.
    func release(_ claim: Claim, now: Date) async throws(StoreFailure)

    /// Remembers the Freshchat user of the claim's contact.
    ///
    /// - Parameter written: what the user was created with; `nil` for one that was there already.
    func remember(
        user: HelpdeskUserID, written: ContactProfile?, for claim: Claim, now: Date
    ) async throws(StoreFailure)

    /// Remembers the current conversation of the claim's contact on the topic.
    func remember(
        conversation: HelpdeskConversationID, topic: TopicID, for claim: Claim, now: Date
    ) async throws(StoreFailure)

    /// Binds an outbound delivery without a contact to the one with this reference, created if need be, and its
    /// conversation too. The returned claim has the contact in it.
    func bind(
        _ claim: Claim, to user: ChannelUserID, reference: Reference, topic: TopicID, now: Date
    ) async throws(StoreFailure) -> Claim

    /// Keeps a reply whose files have been found, or given up on, in the form in which it is sent. The returned claim has
    /// that form. The note is put into the outbox by the same commit.
    func amend(
        _ claim: Claim, to reply: HelpdeskMessage, note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> Claim

    /// Nothing goes there before `until`, for whichever installation. A gate is only ever moved later by this.
    func closeGate(_ scope: GateScope, until: Date) async throws(StoreFailure)

    /// A service refused a credential: pauses its account, unless a spare credential takes over
    /// (``HelpdeskAccount/spareTokens``). An account that is paused keeps the reason it has.
    ///
    /// - Returns: whether the account is paused now.
    @discardableResult
    func refuse(_ account: AccountID, reason: String, now: Date) async throws(StoreFailure) -> Bool

    /// What Freshchat says of the conversation of a claim that is the helpdesk account's: finds its owner by ``ReplyOwner``.
    /// With one, the delivery is that installation's from now on, in its place in the order; with several it is held, an alarm
    /// is raised and a note is left; with none it is discarded. The lease is given back in any case.
    ///
    /// - Parameter found: `nil` if the conversation is gone.
    func settleOwner(
        _ claim: Claim, found: ConversationFacts?, routes: [Route], note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> ReplyOwner

    /// Takes the lock under which a Freshchat user with this reference is created, so that two installations don't create it
    /// twice. It ends with the claim's lease, however that ends.
    ///
    /// - Returns: whether this claim has it now.
    func lockUser(_ reference: Reference, for claim: Claim, now: Date) async throws(StoreFailure) -> Bool

    /// The breakers that are open now.
    func openBreakers() async throws(StoreFailure) -> [OpenBreaker]

    /// The delivery that became this message in Freshchat; `nil`: none that we know of.
    func delivery(
        thatBecame message: HelpdeskMessageID, of installation: InstallationID
    ) async throws(StoreFailure) -> DeliveryID?

    /// When the next waiting delivery that isn't leased becomes due, its gate considered; `nil`: nothing waits.
    func nextDue(now: Date) async throws(StoreFailure) -> Date?

    /// An agent's first name as remembered since `notBefore`. The outer `nil`: not remembered; the inner: there is none.
    func agentName(
        _ agent: AgentID, of installation: InstallationID, notBefore: Date
    ) async throws(StoreFailure) -> String??

    func remember(agent: AgentID, name: String?, of installation: InstallationID, now: Date) async throws(StoreFailure)
}

/// A delivery that is this worker's to make.
package struct Claim: Sendable {
    package var delivery: Delivery
    package var contact: Contact?
    package var worker: WorkerID
    /// Which lease this is. Each one that is taken has a higher number; what is written with a number that isn't the
    /// key's present one is refused with ``StoreFailure/Kind/leaseLost``.
    package var fence: Int64
    /// The row of the attempt that was started.
    package var attempt: Int64
    package var startedAt: Date
    /// By the ``BootClock``.
    package var leasedUntil: Duration
    /// When the latest attempt in doubt of the piece it has reached was broken off; `nil`: none was.
    package var doubtEndedAt: Date?
    /// The account that its conversation is in, for a reply or a note; `nil` if that isn't known. It is another than the
    /// installation's if that has moved since.
    package var conversationAccount: HelpdeskAccountID?

    package init(
        delivery: Delivery, contact: Contact?, worker: WorkerID, fence: Int64, attempt: Int64, startedAt: Date,
        leasedUntil: Duration, doubtEndedAt: Date? = nil, conversationAccount: HelpdeskAccountID? = nil
    ) {
        self.conversationAccount = conversationAccount
        self.delivery = delivery
        self.contact = contact
        self.worker = worker
        self.fence = fence
        self.attempt = attempt
        self.startedAt = startedAt
        self.leasedUntil = leasedUntil
        self.doubtEndedAt = doubtEndedAt
    }

    package var doubt: Doubt? { delivery.doubtSince.map { Doubt(since: $0, endedAt: doubtEndedAt ?? $0) } }
}

extension OutboxStore {
    /// The last piece is delivered, and there is nothing to tell the agents.
    package func complete(
        _ claim: Claim, delivered: PieceOutcome?, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim? {
        try await complete(claim, delivered: delivered, note: nil, lease: lease, now: now)
    }
}

/// What the far side gave back for a piece.
package struct PieceOutcome: Hashable, Sendable {
    package enum MessageID: Hashable, Sendable {
        case channel(ChannelMessageID)
        case helpdesk(HelpdeskMessageID)
    }

    package var messageID: MessageID?

    package init(_ messageID: MessageID?) { self.messageID = messageID }
}

/// A private note that is to be left for the agents of a conversation.
package struct NoteDraft: Hashable, Sendable {
    package var text: String
    package var conversation: HelpdeskConversationID

    package init(text: String, conversation: HelpdeskConversationID) {
        self.text = text
        self.conversation = conversation
    }
}

/// What is known of the workers themselves. Who lives is told by kernel locks, not by heartbeats.
package protocol WorkerStore: Sendable {
    /// Makes this process known, with a lock held until it ends.
    func enlist(now: Date) async throws(StoreFailure) -> WorkerID

    /// Frees the leases of workers that have ended without saying so, and of leases that ran out: their attempts under
    /// way are in doubt.
    ///
    /// - Returns: how many leases were freed.
    func reap(now: Date) async throws(StoreFailure) -> Int

    /// Moves what waits along with the wall clock when that was set. To be called often, with the present time.
    ///
    /// - Returns: how far the clock was set, backwards below zero; `nil`: it wasn't.
    func noticeClock(now: Date) async throws(StoreFailure) -> Duration?

    /// Says goodbye: frees what the worker still holds and lets go of its lock.
    func retire(_ worker: WorkerID, now: Date) async throws(StoreFailure)
}

/// The store refused.
package struct StoreFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// No space, an I/O error, read-only, locked by somebody else: the sender is to try again.
        case unavailable
        /// The files that are open aren't those in the data folder any more: what is written is lost when the process ends.
        /// The sender is to try again.
        case gone
        /// The lease isn't this worker's any more: what it did is somebody else's to judge.
        case leaseLost
        /// There is no such row.
        case notFound
        /// It is there already.
        case conflict
        /// The file is damaged, or from a newer version.
        case damaged
        /// The key that the secrets were encrypted with is another one.
        case wrongKey
    }

    package var kind: Kind
    /// What was wrong and what to do about it, for the operator.
    package var message: String
    /// Whether another process holds the store's lock, so that waiting helps.
    package var isLocked: Bool

    package init(_ kind: Kind, _ message: String, isLocked: Bool = false) {
        self.kind = kind
        self.message = message
        self.isLocked = isLocked
    }

    package var description: String { message }
}
