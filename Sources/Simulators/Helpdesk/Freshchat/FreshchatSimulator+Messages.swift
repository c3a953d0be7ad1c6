import Synchronization

// Messages (freshchat.md §1.10).
extension FreshchatSimulator {
    /// A message that passed all checks but has no id yet.
    struct Draft: Sendable {
        var parts: [JSON]
        var replyParts: [JSON]
        var messageType: String
        var actorType: String
        var actorID: String
        var source = "api"
        var metaData: JSON?
    }

    /// Counts the first attempts of webhooks that an answer has to wait for.
    final class WebhookWaiter: Sendable {
        private struct Waiting {
            var open = 1
            var continuation: CheckedContinuation<Void, Never>?
        }

        private let state = Mutex(Waiting())

        func begin() { state.withLock { $0.open += 1 } }

        func end() {
            let continuation = state.withLock { state in
                state.open -= 1
                return state.open == 0 ? state.continuation : nil
            }
            continuation?.resume()
        }

        /// To be called once, after the last ``begin()``.
        func wait() async {
            await withCheckedContinuation { continuation in
                state.withLock { $0.continuation = continuation }
                end()
            }
        }
    }

    /// Does something, and where the knob says so answers only after its webhooks were sent.
    func afterWebhooks(_ action: (WebhookWaiter?) throws -> APIResponse) async throws -> APIResponse {
        let waiter = knobs.deliversBeforeAnswer ? WebhookWaiter() : nil
        let answer = try action(waiter)
        await waiter?.wait()
        return answer
    }

    /// What a client says of a message, and after it what Freshchat says: a whole object may be given.
    private static let members: Set<String> = [
        "message_parts", "reply_parts", "message_type", "actor_type", "actor_id", "user_id", "channel_id",
        "conversation_id", "app_id", "id", "created_time", "interaction_id", "message_source", "meta_data",
        "in_reply_to", "org_actor_id",
    ]

    /// Checks a message of a request and fetches its images.
    func draft(_ json: JSON, _ name: String, user: String, topic: String) async throws -> Draft {
        let knobs = self.knobs
        let body = try StrictBody(json, name, only: Self.members)
        if let given = try body.string("channel_id"), given != topic {
            throw FreshchatError.invalid("another channel_id")
        }
        if let given = try body.string("user_id"), given != user { throw FreshchatError.invalid("another user_id") }
        let type = try body.string("message_type") ?? "normal"
        guard ["normal", "private"].contains(type) else { throw FreshchatError.invalid("unknown message_type") }
        let actorType = try body.required("actor_type")
        guard knobs.actorTypes.contains(actorType) else { throw FreshchatError.invalid("unknown actor_type") }
        let actorID = try actorID(body, actorType, user: user)
        if actorType == "user", type == "private" { throw FreshchatError.invalid("a user has no private messages") }
        let parts = try body.array("message_parts") ?? []
        let replyParts = try body.array("reply_parts") ?? []
        try FreshchatPartRules(knobs: knobs).check(parts: parts, replyParts: replyParts)
        var stored: [JSON] = []
        for part in parts {
            let kind = try FreshchatPartRules.kind(of: part)
            stored.append(try await store([kind: part[kind] ?? .null], knobs))
        }
        return Draft(
            parts: stored, replyParts: replyParts, messageType: type, actorType: actorType, actorID: actorID)
    }

    /// Users and agents say who they are; the user must be the conversation's. Bots and the system don't, or say an empty
    /// id, as Freshworks' own SDK does (§1.10).
    private func actorID(_ body: StrictBody, _ type: String, user: String) throws -> String {
        switch type {
        case "user":
            let id = try body.required("actor_id")
            guard id == user else { throw FreshchatError.invalid("the actor is no member of the conversation") }
            return id
        case "agent":
            let id = try body.required("actor_id")
            guard account.agents.contains(where: { $0.id == id }) else { throw FreshchatError.notFound("agent") }
            return id
        default:
            guard try body.string("actor_id") ?? "" == "" else {
                throw FreshchatError.invalid("\(type) has no actor_id")
            }
            return ""
        }
    }

    func createMessage(_ request: APIRequest) async throws -> APIResponse {
        let conversation = try state.withLock { try find(request, &$0) }
        guard let json = try? JSON(parsing: request.body) else { throw FreshchatError.invalid("the body is not JSON") }
        _ = try body(request, only: Self.members)
        let draft = try await draft(json, "body", user: conversation.userID, topic: conversation.topicID)
        return try await afterWebhooks { waiter in
            try self.state.withLock { state in
                let message = try self.post(draft, to: conversation.id, &state, waiter: waiter)
                return APIResponse(
                    json: self.json(message, state.conversations[conversation.id] ?? conversation, state.knobs))
            }
        }
    }

    /// Adds a message as the API does: a customer's into a resolved conversation goes by the mode (§1.11).
    func post(
        _ draft: Draft, to id: String, _ state: inout State, waiter: WebhookWaiter? = nil
    ) throws -> FreshchatMessage {
        guard let conversation = state.conversations[id], conversation.status == "resolved", draft.actorType == "user"
        else { return append(draft, to: id, &state, waiter: waiter) }
        switch state.knobs.resolvedMode {
        case .latestOnly:
            throw FreshchatError.invalid(state.knobs.notLatestSentence)
        case .fail:
            if conversation.isClosed { throw FreshchatError.invalid(state.knobs.notLatestSentence) }
            throw FreshchatError.invalid("conversation is resolved")
        case .reopen:
            change(id, to: "new", by: Actor(type: "user", id: draft.actorID), &state)
            return append(
                draft, to: id, &state, delay: .milliseconds(state.knobs.reopenGapMilliseconds), waiter: waiter)
        }
    }

    /// Adds a message and sends its events.
    @discardableResult
    func append(
        _ draft: Draft, to id: String, _ state: inout State, delay: Duration = .zero, waiter: WebhookWaiter? = nil
    ) -> FreshchatMessage {
        let message = FreshchatMessage(
            id: state.random.uuid(), conversationID: id, actorType: draft.actorType, actorID: draft.actorID,
            messageType: draft.messageType, parts: draft.parts, replyParts: draft.replyParts, source: draft.source,
            metaData: draft.metaData, created: .now)
        state.messages[id, default: []].append(message)
        state.conversations[id]?.updated = message.created
        let name = message.isSystemLine ? "system.line" : "\(message.actorType).\(message.messageType)"
        log.record(.freshchat, .message, name, subject: id, reference: message.id, text: message.text)
        if let conversation = state.conversations[id] {
            emit(message, conversation, delay: delay, &state, waiter: waiter)
        }
        return message
    }

    /// Newest first (§1.10); `from_time` is inclusive.
    func listMessages(_ request: APIRequest) throws -> APIResponse {
        try checkQuery(request, only: ["page", "items_per_page", "from_time", "created_from"])
        let (page, size) = try paging(request, most: 50)
        let from = try request.item("from_time").map { text throws(FreshchatError) -> Timestamp in
            guard let time = Timestamp(iso8601: text) else { throw .invalid("from_time is not a time") }
            return time
        }
        return try state.withLock { state in
            if state.knobs.refusesLargePages, Int(request.item("items_per_page") ?? "") ?? 0 > 50 {
                throw FreshchatError.invalid("items_per_page is more than 50")
            }
            let conversation = try find(request, &state)
            let messages = state.messages[conversation.id] ?? []
            let start = from.map { from in messages.firstIndex { $0.created >= from } ?? messages.endIndex } ?? 0
            let rest = messages[start...].reversed().dropFirst((page - 1) * size)
            var answer: JSON = [
                "messages": .array(rest.prefix(size).map { json($0, conversation, state.knobs) })
            ]
            if rest.count > size {
                var query = "page=\(page + 1)&items_per_page=\(size)"
                if let from { query += "&from_time=\(from.iso8601)" }
                answer["link"] = ["href": "\(request.path)?\(query)", "rel": "self"]
            }
            return APIResponse(json: answer)
        }
    }

    func json(_ message: FreshchatMessage, _ conversation: FreshchatConversation, _ knobs: FreshchatKnobs) -> JSON {
        let topic = account.topics.first { $0.id == conversation.topicID }
        let isOmni = knobs.payloadFlavour == .omni
        // Rows of bots and the system may come without their actor (§1.10).
        return .object([
            "message_parts": .array(message.parts.map { visible($0, created: message.created, knobs) }),
            "reply_parts": message.replyParts.isEmpty ? nil : .array(message.replyParts),
            "app_id": .string(account.appID), "actor_id": .string(message.actorID), "id": .string(message.id),
            "channel_id": .string(conversation.topicID), "conversation_id": .string(conversation.id),
            "interaction_id": .string(conversation.interactionID), "message_type": .string(message.messageType),
            "actor_type": .string(message.actorType), "created_time": .string(message.created.iso8601),
            "user_id": .string(conversation.userID), "meta_data": message.metaData,
            "message_source": .string(message.source), "restrictResponse": false,
            "botsPrivateNote": .bool(message.actorType == "bot" && message.messageType == "private"),
            "isBotsInput": false,
            "freshchat_conversation_id": isOmni ? .string(String(conversation.internalID)) : nil,
            "freshchat_channel_id": isOmni ? .string(String(topic?.numericID ?? 0)) : nil,
        ])
    }
}
