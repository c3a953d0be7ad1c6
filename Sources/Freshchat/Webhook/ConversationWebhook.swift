import FoundationEssentials
import RelayCore

/// The conversation webhook, whose signature was verified (freshchat.md §2).
enum ConversationWebhook {
    static func read(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        let envelope = Envelope(try request.fields())
        guard let action = envelope.action else {
            return .ignored(
                "unnamed", "an event without an action: \(envelope.eventType ?? "no name")", topic: nil, request)
        }
        switch action {
        case "message_create":
            guard var message = envelope.message else {
                throw WebhookRefusal(.malformed, "A message_create without a message.")
            }
            if let actor = envelope.actor { message.take(actor) }
            guard let event = HelpdeskEvent(message) else {
                throw WebhookRefusal(.malformed, "A message without an id or a conversation.")
            }
            return WebhookReading(events: [event])
        case "conversation_resolution", "conversation_reopen":
            guard let change = envelope.change, let conversation = change.conversation else {
                throw WebhookRefusal(.malformed, "A \(action) without a conversation.")
            }
            return .status(
                of: conversation, isResolved: action == "conversation_resolution", at: envelope.actionTime,
                key: EventKeys.event(
                    action, conversation: conversation.rawValue, interaction: change.interaction,
                    time: envelope.actionTimeText, body: request.body),
                topic: change.topic, request)
        case "conversation_assignment":
            return .ignored(action, "assignments don't concern the customer", topic: envelope.change?.topic, request)
        default:
            return .ignored("unknown", "an unknown action: \(action.truncated(to: 60))", topic: nil, request)
        }
    }
}

private struct Envelope {
    var action: String?
    var actor: EventActor?
    /// The field that other kinds of bodies have instead of an action (freshchat.md §1.12).
    var eventType: String?
    var actionTimeText: String?
    var actionTime: Date?
    var message: MessageObject?
    var change: Change?

    init(_ fields: JSONFields) {
        action = fields.id("action")
        actor = fields.object("actor").map(EventActor.init)
        eventType = fields.id("event_type").map { $0.truncated(to: 60) }
        actionTimeText = fields.text("action_time")
        actionTime = fields.date("action_time")
        let data = fields.object("data")
        message = data?.object("message").map(MessageObject.init)
        change = (data?.object("resolve") ?? data?.object("reopen") ?? data?.object("assignment")).map(Change.init)
    }
}

private struct Change {
    var conversation: HelpdeskConversationID?
    var topic: TopicID?
    var interaction: String?

    init(_ fields: JSONFields) {
        let inner = fields.object("conversation")
        conversation = (inner?.id("conversation_id") ?? fields.id("conversation_id")).map { .init($0) }
        topic = (inner?.id("channel_id") ?? fields.id("channel_id")).map { .init($0) }
        interaction = fields.id("interaction_id") ?? inner?.id("interaction_id")
    }
}
