import FoundationEssentials
import RelayCore

/// An event of the Freshworks Marketplace platform, sent on to us by an app (freshchat.md §3.5).
enum ProductEvent {
    static func read(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        let envelope = Envelope(try request.fields())
        switch envelope.event {
        case nil:
            throw WebhookRefusal(.malformed, "A product event has its name under \"event\".")
        case "onMessageCreate":
            return try messages(of: envelope, request)
        case "onConversationUpdate":
            return try update(of: envelope, request)
        case .some(let name):
            return .ignored("product", "unsupported event: \(name.truncated(to: 60))", topic: envelope.topic, request)
        }
    }

    private static func messages(
        of envelope: Envelope, _ request: WebhookRequest
    ) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        guard let model = envelope.message else {
            throw WebhookRefusal(.malformed, "An onMessageCreate without data.message.")
        }
        var events: [HelpdeskEvent] = []
        for var message in model.messages {
            message.conversation = message.conversation ?? model.conversation
            message.topic = message.topic ?? model.topic ?? envelope.topic
            message.user = message.user ?? model.user ?? envelope.user?.id
            if let actor = envelope.actor { message.take(actor) }
            // The envelope's names belong only to the actor that it names.
            let reference = message.user == envelope.user?.id ? envelope.user?.reference : nil
            let name = message.actorID == envelope.actor?.id ? envelope.actor?.firstName : nil
            if let event = HelpdeskEvent(message, reference: reference, actorName: name) { events.append(event) }
        }
        guard !events.isEmpty else {
            throw WebhookRefusal(
                .malformed,
                "An onMessageCreate without a message in data.message.messages that has an id and a conversation.")
        }
        // The readable messages are accepted, and the others are logged.
        if events.count < model.messageCount {
            let count = model.messageCount - events.count
            events +=
                WebhookReading.ignored(
                    "product", "unreadable messages: \(count)", topic: envelope.topic, request
                ).events
        }
        return WebhookReading(events: events)
    }

    private static func update(
        of envelope: Envelope, _ request: WebhookRequest
    ) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        guard let model = envelope.conversation, let conversation = model.conversation else {
            throw WebhookRefusal(.malformed, "An onConversationUpdate without a conversation.")
        }
        let topic = model.topic ?? envelope.topic
        guard let status = envelope.newStatus else {
            return .ignored("product", "an update that leaves the status as it is", topic: topic, request)
        }
        return .status(
            of: conversation, isResolved: status.lowercased() == "resolved",
            at: envelope.timestamp.flatMap { Date(freshchatNumber: $0) },
            key: EventKeys.event(
                "onConversationUpdate", conversation: conversation.rawValue, interaction: status,
                time: envelope.timestamp.map { String($0) }, body: request.body),
            topic: topic, request)
    }
}

private struct Envelope {
    struct User {
        var id: HelpdeskUserID?
        var reference: String?

        init(_ fields: JSONFields) {
            id = fields.id("id").map { .init($0) }
            reference = fields.id("reference_id")
        }
    }

    var event: String?
    /// In milliseconds since 1970.
    var timestamp: Int64?
    var actor: EventActor?
    var user: User?
    var topic: TopicID?
    var message: Model?
    var conversation: Model?
    /// The second of the pair is the new one.
    var newStatus: String?

    init(_ fields: JSONFields) {
        event = fields.id("event")
        timestamp = fields.integer("timestamp")
        guard let data = fields.object("data") else { return }
        actor = data.object("actor").map(EventActor.init)
        let associations = data.object("associations")
        user = associations?.object("user").map(User.init)
        topic = associations?.object("channel")?.id("id").map { .init($0) }
        message = data.object("message").map(Model.init)
        conversation = data.object("conversation").map(Model.init)
        if let changes = data.object("changes")?.object("model_changes"), changes.count(of: "status") == 2,
            changes.text("status", at: 0) != changes.text("status", at: 1)
        {
            newStatus = changes.text("status", at: 1)
        }
    }
}

/// `data.message` is a conversation with its new messages in it, not a message.
private struct Model {
    var conversation: HelpdeskConversationID?
    var topic: TopicID?
    var user: HelpdeskUserID?
    var messages: [MessageObject]
    /// Includes unreadable ones.
    var messageCount: Int

    init(_ fields: JSONFields) {
        conversation = fields.id("conversation_id").map { .init($0) }
        topic = fields.id("channel_id").map { .init($0) }
        user = fields.id("user_id").map { .init($0) }
        messages = fields.objects("messages").map(MessageObject.init)
        messageCount = fields.count(of: "messages")
    }
}
