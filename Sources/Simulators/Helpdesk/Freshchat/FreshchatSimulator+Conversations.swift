import Synchronization

// Conversations (freshchat.md §1.9, §1.11).
extension FreshchatSimulator {
    func createConversation(_ request: APIRequest) async throws -> APIResponse {
        let body = try body(
            request,
            only: [
                "status", "channel_id", "app_id", "conversation_id", "users", "agents", "messages",
                "assigned_group_id", "assigned_agent_id", "assigned_org_group_id", "assigned_org_agent_id",
                "properties",
            ])
        let topic = try body.required("channel_id")
        guard account.topics.contains(where: { $0.id == topic }) else {
            throw FreshchatError.invalid("unknown channel_id")
        }
        guard let users = try body.array("users"), users.count == 1 else {
            throw FreshchatError.invalid("users must name one user")
        }
        let user = try StrictBody(users[0], "users", only: Self.userMembers).required("id")
        guard state.withLock({ $0.users[user] != nil }) else { throw FreshchatError.notFound("user") }
        let status = try body.string("status") ?? "new"
        guard knobs.statuses.contains(status) else { throw FreshchatError.invalid("unknown status") }
        if let properties = body.json["properties"], properties.object == nil {
            throw FreshchatError.invalid("Conversation payload not valid")
        }
        guard let messages = try body.array("messages"), !messages.isEmpty else {
            throw FreshchatError.invalid("messages is missing")
        }
        var drafts: [Draft] = []
        for message in messages {
            drafts.append(try await draft(message, "messages", user: user, topic: topic))
        }
        let group = try body.string("assigned_group_id")
        let agent = try body.string("assigned_agent_id")

        return try await afterWebhooks { waiter in
            try self.state.withLock { state in
                let open = (state.conversationsByUser[user] ?? []).last {
                    state.conversations[$0]?.topicID == topic && state.conversations[$0]?.status != "resolved"
                }
                let id: String
                if state.knobs.createMode == .reuseOpen, let open {
                    id = open
                } else {
                    id = self.addConversation(user: user, topic: topic, status: status, &state)
                    state.conversations[id]?.properties = body.json["properties"] ?? [:]
                    state.conversations[id]?.assignedGroupID = group
                    state.conversations[id]?.assignedAgentID = agent
                }
                let created = drafts.map { self.append($0, to: id, &state, waiter: waiter) }
                guard let conversation = state.conversations[id] else { throw FreshchatError.notFound("conversation") }
                var answer = self.json(conversation, state.knobs)
                answer["users"] = [["id": .string(user)]]
                if !state.knobs.omitsCreatedMessages {
                    answer["messages"] = .array(created.map { self.json($0, conversation, state.knobs) })
                }
                return APIResponse(status: state.knobs.createStatus, json: answer)
            }
        }
    }

    func addConversation(user: String, topic: String, status: String, _ state: inout State) -> String {
        let id = state.makeID()
        state.nextInternalID += 1
        let now = Timestamp.now
        let conversation = FreshchatConversation(
            id: id, internalID: state.nextInternalID, userID: user, topicID: topic, status: status, properties: [:],
            interactionID: "\(account.accountID)-\(now.milliseconds)", created: now, updated: now)
        state.conversations[id] = conversation
        state.conversationOrder.append(id)
        state.conversationsByUser[user, default: []].append(id)
        state.idsByInternalID[conversation.internalID] = id
        log.record(.freshchat, .action, "conversation.created", subject: id, reference: user, text: topic)
        return id
    }

    func find(_ request: APIRequest, _ state: inout State) throws(FreshchatError) -> FreshchatConversation {
        guard let found = state.conversation(request.parameter("id"), state.knobs.pathIDs) else {
            throw .notFound("conversation")
        }
        return found
    }

    func getConversation(_ request: APIRequest) throws -> APIResponse {
        try checkQuery(request, only: [])
        return try state.withLock { state in
            APIResponse(json: json(try find(request, &state), state.knobs))
        }
    }

    func updateConversation(_ request: APIRequest) throws -> APIResponse {
        let body = try body(request, only: ["status", "assigned_agent_id", "assigned_group_id", "properties"])
        let status = try body.string("status")
        let agent = try body.string("assigned_agent_id")
        let group = try body.string("assigned_group_id")
        if let properties = body.json["properties"], properties.object == nil {
            throw FreshchatError.invalid("Conversation payload not valid")
        }
        return try state.withLock { state in
            var conversation = try find(request, &state)
            if let status, !state.knobs.statuses.contains(status) { throw FreshchatError.invalid("unknown status") }
            if let agent, !agent.isEmpty {
                guard account.agents.contains(where: { $0.id == agent }) else { throw FreshchatError.notFound("agent") }
                guard status == "assigned" else { throw FreshchatError.invalid("assigning needs the status assigned") }
            }
            if conversation.isClosed, status != nil, status != "resolved" {
                throw FreshchatError.invalid("conversation is closed")
            }
            for member in body.json["properties"]?.object?.members ?? [] {
                conversation.properties[member.key] = member.value
            }
            if let group { conversation.assignedGroupID = group }
            state.conversations[conversation.id] = conversation
            if let status {
                change(conversation.id, to: status, agent: agent, by: Actor(type: "system", id: ""), &state)
            }
            return APIResponse(json: json(state.conversations[conversation.id] ?? conversation, state.knobs))
        }
    }

    /// Who does something to a conversation.
    struct Actor: Sendable {
        var type: String
        var id: String
    }

    /// Changes the status, with the events that go with it.
    func change(_ id: String, to status: String, agent: String? = nil, by actor: Actor, _ state: inout State) {
        guard var conversation = state.conversations[id] else { return }
        let old = conversation
        conversation.status = status == "reopened" ? "new" : status
        conversation.updated = .now
        if let agent { conversation.assignedAgentID = agent }
        let isResolved = status == "resolved"
        conversation.isClosed = isResolved && state.knobs.resolvedMode == .latestOnly
        if isResolved != (old.status == "resolved") {
            conversation.interactionID = "\(account.accountID)-\(conversation.updated.milliseconds)"
        }
        state.conversations[id] = conversation
        log.record(.freshchat, .action, "conversation.\(status)", subject: id, reference: actor.id, text: actor.type)
        if isResolved, old.status != "resolved" {
            emit("conversation_resolution", resolve(conversation, by: actor, state), conversation, by: actor, &state)
            writeSystemLine(
                "Conversation was resolved by \(name(of: actor, state))", ["isResolved": true], by: actor, in: id,
                &state)
        } else if !isResolved, old.status == "resolved" {
            emit("conversation_reopen", reopen(conversation, by: actor, state), conversation, by: actor, &state)
            writeSystemLine(
                "Conversation was reopened by \(name(of: actor, state))", ["isReopen": true], by: actor, in: id, &state)
        }
        if status == "assigned", old.assignedAgentID != conversation.assignedAgentID {
            emit(
                "conversation_assignment", assignment(conversation, from: old, by: actor), conversation, by: actor,
                &state)
            let assignee = Actor(type: "agent", id: conversation.assignedAgentID ?? "")
            writeSystemLine(
                "Conversation was assigned to \(name(of: assignee, state))",
                ["assignedAgentId": .string(assignee.id)], by: actor, in: id, &state)
        }
        emitConversationUpdate(conversation, from: old, by: actor, &state)
    }

    private func writeSystemLine(
        _ text: String, _ meta: JSON, by actor: Actor, in conversation: String, _ state: inout State
    ) {
        guard state.knobs.writesSystemLines else { return }
        append(systemLine(text, meta, by: actor, state.knobs), to: conversation, &state)
    }

    /// A line that tells what an agent did is that agent's; all others are the system's own (§1.10).
    func systemLine(_ text: String, _ meta: JSON, by actor: Actor, _ knobs: FreshchatKnobs) -> Draft {
        let isAgents = actor.type == "agent"
        return Draft(
            parts: [["text": ["content": .string(text)]]], replyParts: [],
            messageType: knobs.typesSystemLines ? "system" : "normal", actorType: isAgents ? "agent" : "system",
            actorID: isAgents ? actor.id : "", source: "system", metaData: meta)
    }

    private func name(of actor: Actor, _ state: State) -> String {
        switch actor.type {
        case "agent": account.agents.first { $0.id == actor.id }?.firstName ?? "an agent"
        case "user": state.users[actor.id]?.firstName ?? "a user"
        default: "the system"
        }
    }

    func json(_ conversation: FreshchatConversation, _ knobs: FreshchatKnobs) -> JSON {
        .object([
            "conversation_id": .string(conversation.id), "app_id": .string(account.appID),
            "status": .string(conversation.status), "channel_id": .string(conversation.topicID),
            "user_id": .string(conversation.userID),
            "assigned_agent_id": conversation.assignedAgentID.map { .string($0) },
            "assigned_group_id": conversation.assignedGroupID.map { .string($0) }, "skill_id": 0,
            "url": .string(
                "https://\(account.domain)/a/\(account.accountID)/inbox/0/conversation/\(conversation.internalID)"),
            "properties": conversation.properties,
            "created_time": .string(conversation.created.iso8601),
            "updated_time": .string(conversation.updated.iso8601),
            "conversation_internal_id": .integer(conversation.internalID),
            "freshchat_conversation_id":
                knobs.payloadFlavour == .omni ? .string(String(conversation.internalID)) : nil,
        ])
    }
}
