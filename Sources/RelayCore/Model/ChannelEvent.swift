/// One thing that a channel's webhook told us.
package struct ChannelEvent: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case message(InboundMessage)
        case receipt(Receipt)
        case subscription(SubscriptionChange)
        /// Nothing for us, but a rightful call: answered 200 with the reason in the log, so that it isn't sent again.
        case ignored(reason: String)
    }

    /// The event's own name; equal for each repeat of it and for nothing else of this account.
    package var dedupeKey: DedupeKey
    /// What it is for within the account.
    package var address: Address
    package var content: Content

    package init(dedupeKey: DedupeKey, address: Address = .only, content: Content) {
        self.address = address
        self.dedupeKey = dedupeKey
        self.content = content
    }
}

/// A customer's message as the channel told it.
package struct InboundMessage: Hashable, Sendable {
    package var from: ContactProfile
    package var message: Message
    package var id: ChannelMessageID

    package init(from: ContactProfile, message: Message, id: ChannelMessageID) {
        self.from = from
        self.message = message
        self.id = id
    }
}
