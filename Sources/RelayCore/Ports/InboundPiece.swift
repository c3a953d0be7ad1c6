/// One post into a customer's conversation.
package struct InboundPiece: Sendable {
    package var message: Message
    package var profile: ContactProfile
    /// What Freshchat knows the customer by, as it was when the contact was created.
    package var reference: Reference
    /// The inbox that a new conversation is opened in.
    package var topic: TopicID
    package var resolvedPolicy: Installation.ResolvedPolicy
    /// The channel's name, kept as a property of the Freshchat user.
    package var channelName: String
    package var user: HelpdeskUserID?
    /// The customer's current conversation on the installation's topic.
    package var conversation: HelpdeskConversationID?
    package var doubt: Doubt?
    /// Asked while a doubt is looked up, and of an answer that may be another message's: a message that belongs to another
    /// delivery is not this one, though it says the same. Customers write "ok" twice.
    package var isKnown: KnownMessages

    package init(
        message: Message, profile: ContactProfile, reference: Reference, topic: TopicID,
        resolvedPolicy: Installation.ResolvedPolicy = .reopen, channelName: String, user: HelpdeskUserID?,
        conversation: HelpdeskConversationID?, doubt: Doubt?, isKnown: @escaping KnownMessages
    ) {
        self.message = message
        self.profile = profile
        self.reference = reference
        self.topic = topic
        self.resolvedPolicy = resolvedPolicy
        self.channelName = channelName
        self.user = user
        self.conversation = conversation
        self.doubt = doubt
        self.isKnown = isKnown
    }
}

/// Says whether the store already has this message's id recorded for another delivery.
package typealias KnownMessages = @Sendable (HelpdeskMessageID) async throws(DeliveryFailure) -> Bool
