package import FoundationEssentials

/// What the front half needs.
package protocol IntakeStore: Sendable {
    /// The installations as they are now, at the price of one small read when nothing has changed.
    func directory() throws(StoreFailure) -> InstallationDirectory

    /// Takes in what one webhook told: everything of it or nothing, each event at most once.
    ///
    /// Events whose key is known are repeats and change nothing. The outbound ones find their contact by conversation,
    /// else by user, else by reference; without any they are taken in for the relay to find out.
    func accept(_ acceptance: Acceptance) throws(StoreFailure) -> AcceptanceResult

    /// Makes a durable write of no consequence.
    ///
    /// - Throws: what keeps the store from accepting: a full disk, a read-only directory, a lock that isn't released.
    func probe() throws(StoreFailure)
}

/// One webhook's events for one installation.
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
        case withheld(kind: String)
    }

    package struct Arrival: Hashable, Sendable {
        package var dedupeKey: DedupeKey
        package var content: Content

        package init(dedupeKey: DedupeKey, content: Content) {
            self.dedupeKey = dedupeKey
            self.content = content
        }
    }

    package var installation: InstallationID
    package var topic: TopicID
    /// The prefix of our references, `viber` in `viber:<id>`.
    package var channel: ChannelKind
    package var arrivals: [Arrival]
    package var at: Date
    /// How Freshchat's messages among them came; `nil` for a channel's webhook.
    package var source: ReplySource?

    package init(
        installation: InstallationID, topic: TopicID, channel: ChannelKind, arrivals: [Arrival], at: Date,
        source: ReplySource? = nil
    ) {
        self.installation = installation
        self.topic = topic
        self.channel = channel
        self.arrivals = arrivals
        self.at = at
        self.source = source
    }
}

package struct AcceptanceResult: Hashable, Sendable {
    /// Events that were new.
    package var accepted: Int
    /// Events that were known, and our own echoes.
    package var repeated: Int
    /// The outbox rows made.
    package var deliveries: [DeliveryID]
    /// The replies that were new.
    package var replies: [HelpdeskMessageID] = []
    /// The kinds of the messages that were new and withheld.
    package var withheld: [String] = []

    package init(accepted: Int = 0, repeated: Int = 0, deliveries: [DeliveryID] = []) {
        self.accepted = accepted
        self.repeated = repeated
        self.deliveries = deliveries
    }
}
