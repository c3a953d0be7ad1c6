import FoundationEssentials
import RelayCore

/// A message as Freshchat gives it, in answers, webhooks and product events (freshchat.md §1.10, §2.1, §3.5).
struct MessageObject: Sendable {
    var id: HelpdeskMessageID?
    var conversation: HelpdeskConversationID?
    var topic: TopicID?
    var user: HelpdeskUserID?
    var actor: HelpdeskMessage.Actor
    var actorID: AgentID?
    var isPrivate: Bool
    var createdAt: Date?
    /// Texts as they came, and after the message's own parts the answers that it offers.
    var parts: [Part]
    /// Why Freshchat didn't take it, though it lists it; `nil` for a message that is none the worse.
    var failure: String?

    init(_ fields: JSONFields) {
        id = fields.firstID("id", "message_id").map { .init($0) }
        conversation = fields.id("conversation_id").map { .init($0) }
        topic = fields.id("channel_id").map { .init($0) }
        user = fields.id("user_id").map { .init($0) }
        actorID = fields.id("actor_id").map { .init($0) }
        createdAt = fields.date("created_time")
        failure = Refusal.words(ofMessage: fields)

        let kind = fields.text("message_type")?.lowercased()
        isPrivate = kind == "private" || fields.flag("botsPrivateNote") == true
        // A line of Freshchat's own can come in the guise of a message ("Conversation was reopened by …").
        let marks = fields.object("meta_data")
        let isStatusLine =
            kind == "system" || marks?.flag("isResolved") == true || marks?.flag("isReopen") == true
        // Rows of bots and of the system may lack the actor: what nobody is named for is nobody's message.
        actor =
            isStatusLine
            ? .system : fields.text("actor_type").flatMap { .init(rawValue: $0.lowercased()) } ?? .system

        parts = ["message_parts", "msg_parts", "reply_parts"]
            .flatMap { (name: StaticString) in fields.objects(name) }.flatMap { MessagePart($0).parts }
    }

    /// The customer it belongs to: older payloads leave `user_id` out of what he wrote himself (freshchat.md §2.1).
    var customer: HelpdeskUserID? {
        user ?? (actor == .user ? actorID.map { HelpdeskUserID($0.rawValue) } : nil)
    }

    var text: String {
        parts.compactMap { if case .text(let text) = $0 { text } else { nil } }.joined(separator: "\n")
    }
}
