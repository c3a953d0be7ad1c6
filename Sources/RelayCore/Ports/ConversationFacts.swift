/// Whose a conversation is, as Freshchat says.
package struct ConversationFacts: Hashable, Sendable {
    package var topic: TopicID?
    package var user: HelpdeskUserID?
    /// The `reference_id` of that user; `nil` if it has none.
    package var reference: Reference?

    package init(topic: TopicID?, user: HelpdeskUserID?, reference: Reference?) {
        self.topic = topic
        self.user = user
        self.reference = reference
    }
}
