package import FoundationEssentials

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
        case message(InboundPayload)
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
    /// For a channel's events, the one installation that they are for. For Freshchat's, the installations of the account:
    /// ``ReplyOwner`` finds each event's owner among them.
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
