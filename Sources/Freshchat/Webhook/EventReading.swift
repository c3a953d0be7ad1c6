// What the conversation webhook and the product event have in common: their events, under the same keys.

import FoundationEssentials
import RelayCore

extension WebhookRequest {
    func fields() throws(WebhookRefusal) -> JSONFields {
        guard let fields = JSONFields(body) else {
            throw WebhookRefusal(.malformed, "The body is not a JSON object.")
        }
        return fields
    }
}

extension HelpdeskEvent {
    /// - Returns: `nil` without the ids that identify the message.
    init?(_ object: MessageObject, reference: String? = nil, actorName: String? = nil) {
        guard let id = object.id, let conversation = object.conversation else { return nil }
        // A customer's text returns exactly as written; only an editor makes tags.
        let message =
            object.actor == .user
            ? Message(parts: object.parts, sentAt: object.createdAt)
            : Message(agentParts: object.parts, sentAt: object.createdAt)
        self.init(
            dedupeKey: EventKeys.message(id), topic: object.topic,
            content: .message(
                HelpdeskMessage(
                    id: id, conversation: conversation, user: object.customer, reference: reference,
                    actor: object.actor, actorID: object.actorID, actorName: actorName, isPrivate: object.isPrivate,
                    unknownKind: object.unknownKind, message: message)))
    }
}

extension WebhookReading<HelpdeskEvent> {
    /// A conversation that was resolved or reopened.
    ///
    /// - Parameter time: `nil` if the event has none: then that of its receipt counts.
    static func status(
        of conversation: HelpdeskConversationID, isResolved: Bool, at time: Date?, key: DedupeKey, topic: TopicID?,
        _ request: WebhookRequest
    ) -> Self {
        Self(events: [
            HelpdeskEvent(
                dedupeKey: key, topic: topic,
                content: .status(conversation: conversation, isResolved: isResolved, at: time ?? request.receivedAt))
        ])
    }

    /// - Parameter name: of the kind of event, for its key.
    static func ignored(
        _ name: String, _ reason: String, topic: TopicID?, _ request: WebhookRequest
    ) -> Self {
        Self(events: [
            HelpdeskEvent(
                dedupeKey: EventKeys.unnamed(name, body: request.body), topic: topic, content: .ignored(reason: reason))
        ])
    }
}
