import Synchronization

// The conversation webhook (freshchat.md §2): all actors, all topics, one URL.
extension FreshchatSimulator {
    /// Sends the events of a new message.
    func emit(
        _ message: FreshchatMessage, _ conversation: FreshchatConversation, delay: Duration, _ state: inout State,
        waiter: WebhookWaiter?
    ) {
        let actor = Actor(type: message.actorType, id: message.actorID)
        emit(
            "message_create", ["message": webhookJSON(message, conversation, state.knobs)], conversation, by: actor,
            reference: message.id, created: message.created, delay: delay, &state, waiter: waiter)
        emitProductEvent(message, conversation, by: actor, &state)
    }

    private func webhookJSON(
        _ message: FreshchatMessage, _ conversation: FreshchatConversation, _ knobs: FreshchatKnobs
    ) -> JSON {
        var json = json(message, conversation, knobs)
        switch knobs.payloadFlavour {
        case .full, .omni: break
        case .v2018:
            json["message_parts"] = nil
            json["msg_parts"] = .array(message.parts.map(Self.oldPart))
        case .v2019:
            if message.actorType == "user" { json["user_id"] = nil }
        case .v2022:
            json["message_type"] = nil
            // Without the type only this tells a note from a reply.
            json["botsPrivateNote"] = .bool(message.messageType == "private")
        }
        return json
    }

    private static func oldPart(_ part: JSON) -> JSON {
        guard let member = part.object?.members.first else { return part }
        if member.key == "text" {
            return ["part_type": "text", "properties": ["text": member.value["content"] ?? ""]]
        }
        return ["part_type": .string(member.key), "properties": member.value]
    }

    private func eventJSON(_ conversation: FreshchatConversation, status: String) -> JSON {
        .object([
            "conversation_id": .string(conversation.id), "app_id": .string(account.appID), "status": .string(status),
            "channel_id": .string(conversation.topicID),
            "assigned_agent_id": conversation.assignedAgentID.map { .string($0) },
            "assigned_group_id": conversation.assignedGroupID.map { .string($0) },
            "skill_id": 0, "sla_policy_id": 0, "sla_breached": false,
        ])
    }

    func resolve(_ conversation: FreshchatConversation, by actor: Actor, _ state: State) -> JSON {
        [
            "resolve": .object([
                "resolver": .string(actor.type), "resolver_id": .string(actor.id),
                "interaction_id": .string(conversation.interactionID),
                "conversation": eventJSON(conversation, status: "resolved"),
                "user": state.users[conversation.userID].map(json),
            ])
        ]
    }

    func reopen(_ conversation: FreshchatConversation, by actor: Actor, _ state: State) -> JSON {
        let status = state.knobs.payloadFlavour == .v2018 ? "reopen" : "reopened"
        return [
            "reopen": [
                "reopener": .string(actor.type), "reopener_id": .string(actor.id),
                "interaction_id": .string(conversation.interactionID),
                "conversation": eventJSON(conversation, status: status),
            ]
        ]
    }

    func assignment(_ conversation: FreshchatConversation, from old: FreshchatConversation, by actor: Actor) -> JSON {
        [
            "assignment": [
                "assignor": .string(actor.type), "assignor_id": .string(actor.id),
                "to_agent_id": .string(conversation.assignedAgentID ?? ""),
                "to_group_id": .string(conversation.assignedGroupID ?? ""),
                "from_agent_id": .string(old.assignedAgentID ?? ""),
                "from_group_id": .string(old.assignedGroupID ?? ""),
                "interaction_id": .string(conversation.interactionID),
                "conversation": eventJSON(conversation, status: "assigned"),
            ]
        ]
    }

    /// Sends an event of a conversation. Its time is a little later than what it tells of (§2.1).
    func emit(
        _ action: String, _ data: JSON, _ conversation: FreshchatConversation, by actor: Actor, reference: String = "",
        created: Timestamp = .now, delay: Duration = .zero, _ state: inout State, waiter: WebhookWaiter? = nil
    ) {
        guard state.webhookURL != nil else { return }
        let event: JSON = [
            "actor": ["actor_type": .string(actor.type), "actor_id": .string(actor.id)],
            "action": .string(action), "action_time": .string(created.adding(milliseconds: 12).iso8601), "data": data,
        ]
        var disturbance = state.knobs.webhooks.roll(&state.random)
        disturbance.delay = max(disturbance.delay, delay)
        var delivery = WebhookDelivery(
            lane: "freshchat \(conversation.id)", side: .freshchat, name: action, subject: conversation.id,
            reference: reference, target: { [weak self] in self?.webhookURL },
            headers: { [weak self] in self?.signatureHeaders(for: $0) ?? [] }, attemptHeader: "X-Retry-Count",
            body: event.bytes, policy: Self.retries(state.knobs, state.knobs.webhookRetries), disturbance: disturbance)
        if let waiter {
            waiter.begin()
            delivery.onFirstAttempt = { waiter.end() }
        }
        dispatcher.enqueue(delivery)
    }

    private func signatureHeaders(for body: [UInt8]) -> [(String, String)] {
        [("X-Freshchat-Signature", signature(of: body)), ("X-Freshchat-Payload-Version", "1.0")]
    }

    /// Repeats after 1, 2, 4, … seconds; any 2xx counts (§2.3).
    static func retries(_ knobs: FreshchatKnobs, _ count: Int) -> RetryPolicy {
        RetryPolicy(
            timeoutMilliseconds: knobs.webhookTimeoutMilliseconds,
            waits: (0..<max(0, count)).map { .seconds(Double(1 << min($0, 16)) * knobs.timeScale) },
            accepts: { (200..<300).contains($0) })
    }
}
