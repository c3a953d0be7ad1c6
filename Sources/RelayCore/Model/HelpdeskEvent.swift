package import FoundationEssentials

/// One thing that Freshchat told us.
package struct HelpdeskEvent: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case message(HelpdeskMessage)
        case status(conversation: HelpdeskConversationID, isResolved: Bool, at: Date)
        case ignored(reason: String)
    }

    package var dedupeKey: DedupeKey
    /// The topic it belongs to; `nil` where the payload doesn't say.
    package var topic: TopicID?
    package var content: Content

    package init(dedupeKey: DedupeKey, topic: TopicID?, content: Content) {
        self.dedupeKey = dedupeKey
        self.topic = topic
        self.content = content
    }
}
