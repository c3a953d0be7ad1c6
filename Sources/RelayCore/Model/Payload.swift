/// What is to be delivered.
package enum Payload: Hashable, Codable, Sendable {
    /// A customer's message.
    case message(InboundPayload)
    /// An agent's (or bot's) message.
    case reply(HelpdeskMessage)
    /// A private note of ours for the agents of a conversation.
    case note(text: String, conversation: HelpdeskConversationID)
}

/// A customer's message on its way to the agents.
package struct InboundPayload: Hashable, Codable, Sendable {
    package var id: ChannelMessageID
    package var profile: ContactProfile
    package var message: Message

    package init(id: ChannelMessageID, profile: ContactProfile, message: Message) {
        self.id = id
        self.profile = profile
        self.message = message
    }
}
