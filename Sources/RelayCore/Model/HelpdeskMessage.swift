/// A message of a Freshchat conversation, by any author.
package struct HelpdeskMessage: Hashable, Codable, Sendable {
    /// Who wrote it. Anything the API doesn't list counts as `system`, which never reaches a customer unless enabled.
    package enum Actor: String, Codable, Sendable {
        case user, agent, bot, system
    }

    package var id: HelpdeskMessageID
    package var conversation: HelpdeskConversationID
    package var user: HelpdeskUserID?
    /// Our `reference_id` of that user, where the event tells it (freshchat.md §3.5).
    package var reference: String?
    package var actor: Actor
    package var actorID: AgentID?
    package var actorName: String?
    package var isPrivate: Bool
    /// The kind of message that it is, if the helpdesk's contract doesn't list it; `nil` for an ordinary message and for a
    /// private note. Nobody knows whether it is meant for the customer.
    package var unknownKind: String?
    package var message: Message

    package init(
        id: HelpdeskMessageID, conversation: HelpdeskConversationID, user: HelpdeskUserID?, reference: String? = nil,
        actor: Actor, actorID: AgentID?, actorName: String? = nil, isPrivate: Bool, unknownKind: String? = nil,
        message: Message
    ) {
        self.id = id
        self.conversation = conversation
        self.user = user
        self.reference = reference
        self.actor = actor
        self.actorID = actorID
        self.actorName = actorName?.asName
        self.isPrivate = isPrivate
        self.unknownKind = unknownKind
        self.message = message
    }
}
