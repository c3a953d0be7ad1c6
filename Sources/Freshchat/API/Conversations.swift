import FoundationEssentials
import HTTPTypes
import RelayCore

/// A conversation as Freshchat gives it (freshchat.md §1.9).
struct ConversationObject: FreshchatAnswer, Sendable {
    var id: HelpdeskConversationID
    /// The number that some accounts want in paths instead of the id (freshchat.md §1.6).
    var internalID: HelpdeskConversationID?
    var topic: TopicID?
    var status: String
    var user: HelpdeskUserID?
    var createdAt: Date?
    var updatedAt: Date?
    var messages: [MessageObject]

    init?(_ fields: JSONFields) {
        guard !fields.isError, let id = fields.firstID("conversation_id", "id") else { return nil }
        self.id = HelpdeskConversationID(id)
        internalID = fields.firstID("conversation_internal_id", "freshchat_conversation_id").map { .init($0) }
        topic = fields.id("channel_id").map { TopicID($0) }
        status = fields.text("status") ?? ""
        let members = fields.objects("users").compactMap(UserObject.init)
        user = fields.id("user_id").map { HelpdeskUserID($0) } ?? (members.count == 1 ? members[0].id : nil)
        createdAt = fields.date("created_time")
        updatedAt = fields.date("updated_time")
        messages = fields.objects("messages").map(MessageObject.init)
    }

    /// The one status with a meaning that all accounts share; the others are their own (freshchat.md §1.9).
    var isResolved: Bool { status.lowercased() == "resolved" }

    /// Whether it goes by this id, or by this number (freshchat.md §1.6).
    func isNamed(_ name: HelpdeskConversationID) -> Bool { id == name || internalID == name }

    /// Why Freshchat did not take the message that the conversation was made with: a 2xx may say so (freshchat.md §1.9).
    func failure(of message: NewMessage) -> String? {
        messages.last { $0.failure != nil && (messages.count == 1 || message.isOfKind($0) && message.says($0.text)) }?
            .failure
    }

    func isNewer(than other: ConversationObject) -> Bool {
        func order(_ one: Date?, _ two: Date?) -> Bool? {
            let (one, two) = (one ?? .distantPast, two ?? .distantPast)
            return one == two ? nil : one > two
        }
        return order(updatedAt, other.updatedAt) ?? order(createdAt, other.createdAt)
            ?? (id.rawValue > other.id.rawValue)
    }
}

/// A message on its way into a conversation (freshchat.md §1.10).
struct NewMessage: Encodable {
    struct Part: Encodable {
        struct Text: Encodable { var content: String }
        var text: Text
    }

    var message_parts: [Part]
    var message_type: String
    var actor_type: String
    var actor_id: HelpdeskUserID?
    var user_id: HelpdeskUserID?
    var channel_id: TopicID?

    /// What a customer says.
    static func fromCustomer(_ text: String, user: HelpdeskUserID) -> NewMessage {
        NewMessage(
            message_parts: [Part(text: .init(content: text))], message_type: "normal", actor_type: "user",
            actor_id: user,
            user_id: user)
    }

    /// What only agents see. Its author needs no id (freshchat.md §1.10).
    static func note(_ text: String, from actor: String) -> NewMessage {
        NewMessage(message_parts: [Part(text: .init(content: text))], message_type: "private", actor_type: actor)
    }

    var text: String { message_parts.map(\.text.content).joined(separator: "\n") }

    /// Whether a text of Freshchat's is this one, for all that Freshchat may do to it.
    func says(_ other: String) -> Bool { text == other || SentText(text).isSame(as: other) }

    /// Whether one that Freshchat has is of the same kind, and by whom this one is. A note's author may be either of those
    /// that leave notes.
    func isOfKind(_ found: MessageObject) -> Bool {
        guard message_type == "private" else {
            return found.actor == .user && !found.isPrivate
                && (found.actorID == nil || found.actorID?.rawValue == actor_id?.rawValue)
        }
        return found.isPrivate && (found.actor == .bot || found.actor == .system)
    }
}

private struct NewConversation: Encodable {
    struct User: Encodable { var id: HelpdeskUserID }

    var status = "new"
    var channel_id: TopicID
    var users: [User]
    var messages: [NewMessage]
}

private struct StatusChange: Encodable { var status: String }

/// The list has ids and nothing else, in no particular order (freshchat.md §1.7).
private struct ConversationIDs: FreshchatAnswer {
    var ids: [HelpdeskConversationID]

    init?(_ fields: JSONFields) {
        guard fields.isList("conversations") else { return nil }
        ids = fields.objects("conversations").compactMap { $0.firstID("id", "conversation_id") }.map { .init($0) }
    }
}

extension FreshchatClient {
    func conversation(_ id: HelpdeskConversationID) async throws(APIFailure) -> ConversationObject? {
        try await find("/conversations/" + id.pathSegment, as: ConversationObject.self)
    }

    /// How many of a customer's conversations are looked at.
    static let conversationLimit = 20

    /// The customer's conversations on a topic, newest first. Those on other topics are left out here, so that nothing
    /// can ever be done with them (freshchat.md §1.11).
    func conversations(
        of user: HelpdeskUserID, on topic: TopicID
    ) async throws(APIFailure) -> [ConversationObject] {
        let ids = try await find("/users/" + user.pathSegment + "/conversations", as: ConversationIDs.self)?.ids ?? []
        var found: [ConversationObject] = []
        for id in ids.prefix(Self.conversationLimit) {
            guard let conversation = try await conversation(id), conversation.topic == topic else { continue }
            found.append(conversation)
        }
        return found.sorted { $0.isNewer(than: $1) }
    }

    /// Makes a conversation on a topic with its first message in it. Perhaps Freshchat gives an open one instead
    /// (freshchat.md §8 Q3); it is ours all the same.
    ///
    /// The message is written as other clients write it: the conversation's members are named once, in `users`
    /// (freshchat.md §1.9).
    func createConversation(
        user: HelpdeskUserID, topic: TopicID, message: NewMessage
    ) async throws(APIFailure) -> ConversationObject {
        var message = message
        message.channel_id = topic
        message.user_id = nil
        let reply = try await call(
            .post, "/conversations",
            body: Self.encode(
                NewConversation(channel_id: topic, users: [.init(id: user)], messages: [message])),
            carriesMessage: true)
        guard let made = Self.read(ConversationObject.self, from: reply) else {
            // Perhaps it is there, with the message, and the next attempt has to find it.
            throw unkept(reply, call: "POST /conversations", carriesMessage: true)
        }
        return made
    }

    /// Opens a resolved conversation again. `new` is the word for it, in some accounts `reopened` (freshchat.md §7).
    ///
    /// The answer promises the conversation (freshchat.md §1.9). Where it is another one, an empty 202 say, the conversation
    /// is looked at.
    ///
    /// - Returns: `false` if Freshchat refuses, or says that it is still resolved.
    /// - Throws: also if it took the change and the conversation is still resolved.
    func reopen(_ id: HelpdeskConversationID) async throws(APIFailure) -> Bool {
        for status in ["new", "reopened"] {
            let path = "/conversations/" + id.pathSegment
            let reply: HTTPReply
            do {
                reply = try await call(.put, path, body: Self.encode(StatusChange(status: status)))
            } catch {
                guard error.maySayMoved else { throw error }
                guard error.status == 400 else { return false }
                continue
            }
            if let changed = Self.read(ConversationObject.self, from: reply), changed.isNamed(id),
                !changed.status.isEmpty
            {
                return !changed.isResolved
            }
            guard let present = try await conversation(id) else { return false }
            guard present.isResolved else { return true }
            throw unkept(reply, call: "PUT \(path)")
        }
        return false
    }
}
