import Synchronization

// Product events of the Freshworks Marketplace (freshchat.md §3.5), for the ingress by a Marketplace app.
extension FreshchatSimulator {
    /// `onMessageCreate`: the message sits in `data.message.messages`.
    func emitProductEvent(
        _ message: FreshchatMessage, _ conversation: FreshchatConversation, by actor: Actor, _ state: inout State
    ) {
        guard state.productEventURL != nil else { return }
        var body = conversationBody(conversation)
        body["messages"] = [productJSON(message, conversation, state)]
        send("onMessageCreate", ["message": body], conversation, by: actor, reference: message.id, &state)
    }

    /// `onConversationUpdate`: what changed, old value first.
    func emitConversationUpdate(
        _ conversation: FreshchatConversation, from old: FreshchatConversation, by actor: Actor, _ state: inout State
    ) {
        guard state.productEventURL != nil else { return }
        var changes: JSON = [:]
        if old.status != conversation.status {
            changes["status"] = [.string(old.status), .string(conversation.status)]
        }
        if old.assignedAgentID != conversation.assignedAgentID {
            changes["assigned_agent_id"] = [
                .string(old.assignedAgentID ?? ""), .string(conversation.assignedAgentID ?? ""),
            ]
        }
        let data: JSON = ["conversation": conversationBody(conversation), "changes": ["model_changes": changes]]
        send("onConversationUpdate", data, conversation, by: actor, reference: "", &state)
    }

    private func productJSON(
        _ message: FreshchatMessage, _ conversation: FreshchatConversation, _ state: State
    ) -> JSON {
        var knobs = state.knobs
        knobs.addsNullPartKeys = true
        let isFirst = state.messages[conversation.id]?.first?.id == message.id
        let isNamed = !knobs.omitsProductEventActors
        return .object([
            "id": .string(message.id), "actor_id": isNamed ? .string(message.actorID) : nil,
            "actor_type": isNamed ? .string(message.actorType) : nil,
            "message_type": .string(message.messageType),
            "message_parts": .array(message.parts.map { visible($0, created: message.created, knobs) }),
            "reply_parts": .array(message.replyParts), "message_source": .string(message.source),
            "channel_id": .string(conversation.topicID), "conversation_id": .string(conversation.id),
            "created_time": .string(message.created.iso8601), "interaction_id": .string(conversation.interactionID),
            "user_id": .string(conversation.userID), "is_first_message": .bool(isFirst),
            "is_agent_first_response": false, "meta_data": message.metaData,
        ])
    }

    private func conversationBody(_ conversation: FreshchatConversation) -> JSON {
        [
            "app_id": .string(account.appID), "channel_id": .string(conversation.topicID),
            "conversation_id": .string(conversation.id), "user_id": .string(conversation.userID),
            "status": .string(conversation.status),
            "assigned_agent_id": conversation.assignedAgentID.map { .string($0) } ?? .null,
            "assigned_group_id": conversation.assignedGroupID.map { .string($0) } ?? .null,
            "created_time": .string(conversation.created.iso8601), "assigned_time": .null, "reopened_time": .null,
            "resolved_time": .null, "response_due_type": "NO_RESPONSE_DUE", "source": "WEBCHAT",
            "properties": conversation.properties,
        ]
    }

    private func associations(_ conversation: FreshchatConversation, _ state: State) -> JSON {
        let topic = account.topics.first { $0.id == conversation.topicID }
        let agent = account.agents.first { $0.id == conversation.assignedAgentID }
        return .object([
            "channel": [
                "id": .string(conversation.topicID), "name": .string(topic?.name ?? ""), "enabled": true,
                "public": true,
                "tags": [], "welcome_message": [:],
            ],
            "group": account.groups.first.map { ["id": .string($0.id), "name": .string($0.name)] },
            "user": state.users[conversation.userID].map(json),
            "agent": agent.map(json) ?? [:],
        ])
    }

    private func actorJSON(_ actor: Actor, _ state: State) -> JSON {
        var result: JSON = ["type": .string(actor.type), "sub_entity": .null, "id": .string(actor.id)]
        if let agent = account.agents.first(where: { $0.id == actor.id }) {
            result["first_name"] = .string(agent.firstName)
            result["last_name"] = .string(agent.lastName)
            result["email"] = .string(agent.email)
        } else if let user = state.users[actor.id] {
            result["first_name"] = user.fields["first_name"]
            result["last_name"] = user.fields["last_name"]
        }
        return result
    }

    private func send(
        _ name: String, _ data: JSON, _ conversation: FreshchatConversation, by actor: Actor, reference: String,
        _ state: inout State
    ) {
        var data = data
        data["actor"] = actorJSON(actor, state)
        data["associations"] = associations(conversation, state)
        let event: JSON = [
            "event": .string(name), "region": "US", "timestamp": .integer(Timestamp.now.milliseconds),
            "version": "2.0.0",
            "account_id": .string(String(account.accountID)), "domain": .string(account.domain), "data": data,
            "iparams": [:],
        ]
        dispatcher.enqueue(
            WebhookDelivery(
                lane: "product \(conversation.id)", side: .freshchat, name: name, subject: conversation.id,
                reference: reference, target: { [weak self] in self?.productEventURL }, headers: { _ in [] },
                attemptHeader: nil, body: event.bytes,
                policy: Self.retries(state.knobs, state.knobs.productEventRetries),
                disturbance: state.knobs.webhooks.roll(&state.random)))
    }
}
