import Synchronization

// What people do in the inbox. Conversations can be given by either id; unknown ones throw ``FreshchatError``.
extension FreshchatSimulator {
    /// An agent answers with a text.
    @discardableResult
    package func agentReplies(
        in conversation: String, _ text: String, agent: String? = nil
    ) throws(FreshchatError) -> FreshchatMessage {
        try agentReplies(in: conversation, parts: [["text": ["content": .string(text)]]], agent: agent)
    }

    /// An agent answers with parts, in the form in which they are received (freshchat.md §1.10): nothing is checked or
    /// fetched.
    @discardableResult
    package func agentReplies(
        in conversation: String, parts: [JSON], replyParts: [JSON] = [], agent: String? = nil
    ) throws(FreshchatError) -> FreshchatMessage {
        try write(in: conversation, parts: parts, replyParts: replyParts, as: try actor(agent))
    }

    /// A bot answers.
    @discardableResult
    package func botReplies(
        in conversation: String, parts: [JSON], replyParts: [JSON] = []
    ) throws(FreshchatError) -> FreshchatMessage {
        try write(
            in: conversation, parts: parts, replyParts: replyParts, as: Actor(type: "bot", id: "freddy_alias0a1b2c3d"))
    }

    /// An agent leaves a note that no customer may see.
    @discardableResult
    package func agentWritesPrivateNote(
        in conversation: String, _ text: String, agent: String? = nil
    ) throws(FreshchatError) -> FreshchatMessage {
        try write(
            in: conversation, parts: [["text": ["content": .string(text)]]], type: "private", as: try actor(agent))
    }

    /// A line of the system appears, about something that an agent did: it has the agent as its actor, the source
    /// `system`, and meta data (freshchat.md §1.10).
    ///
    /// - Parameter metaData: what the line's `meta_data` is; by default as that of an assignment.
    @discardableResult
    package func systemWrites(
        in conversation: String, _ text: String, metaData: JSON? = nil, agent: String? = nil
    ) throws(FreshchatError) -> FreshchatMessage {
        let actor = try actor(agent)
        return try write(
            in: conversation,
            systemLine(text, metaData ?? ["assignedAgentId": .string(actor.id)], by: actor, knobs))
    }

    /// The topic's welcome message appears: of the source `system` as well, but without meta data, and for the customer.
    @discardableResult
    package func welcomes(in conversation: String, _ text: String) throws(FreshchatError) -> FreshchatMessage {
        try write(
            in: conversation, parts: [["text": ["content": .string(text)]]], source: "system", as: try actor(nil))
    }

    /// An agent resolves the conversation.
    package func resolve(_ conversation: String, agent: String? = nil) throws(FreshchatError) {
        try change(conversation, to: "resolved", by: try actor(agent))
    }

    /// An agent reopens the conversation.
    package func reopen(_ conversation: String, agent: String? = nil) throws(FreshchatError) {
        try change(conversation, to: "new", by: try actor(agent))
    }

    /// An agent takes the conversation.
    package func assign(_ conversation: String, to agent: String? = nil) throws(FreshchatError) {
        let actor = try actor(agent)
        try change(conversation, to: "assigned", agent: actor.id, by: actor)
    }

    /// The user has a conversation on a topic, say a foreign one, with a message of their own or of an agent.
    @discardableResult
    package func startConversation(
        with user: String, onTopic topic: String, _ text: String, byAgent: Bool = false
    ) throws(FreshchatError) -> FreshchatConversation {
        let agent = try actor(nil)
        let found = state.withLock { state -> FreshchatConversation? in
            guard state.users[user] != nil, account.topics.contains(where: { $0.id == topic }) else { return nil }
            let id = addConversation(user: user, topic: topic, status: "new", &state)
            append(
                Draft(
                    parts: [["text": ["content": .string(text)]]], replyParts: [], messageType: "normal",
                    actorType: byAgent ? "agent" : "user", actorID: byAgent ? agent.id : user, source: "web"),
                to: id, &state)
            return state.conversations[id]
        }
        guard let found else { throw .notFound("user") }
        return found
    }

    /// A user is made without the API, as by an import.
    @discardableResult
    package func addUser(fields: JSON) -> FreshchatUser {
        state.withLock { state in
            let user = FreshchatUser(id: state.makeID(alias: "user"), fields: fields, created: .now, updated: .now)
            state.users[user.id] = user
            state.userOrder.append(user.id)
            if let reference = user.referenceID { state.usersByReference[reference, default: []].append(user.id) }
            return user
        }
    }

    private func actor(_ agent: String?) throws(FreshchatError) -> Actor {
        guard let found = account.agents.first(where: { agent == nil || $0.id == agent }) else {
            throw .notFound("agent")
        }
        return Actor(type: "agent", id: found.id)
    }

    private func write(
        in conversation: String, parts: [JSON], replyParts: [JSON] = [], type: String = "normal",
        source: String = "web",
        as actor: Actor
    ) throws(FreshchatError) -> FreshchatMessage {
        try write(
            in: conversation,
            Draft(
                parts: parts, replyParts: replyParts, messageType: type, actorType: actor.type, actorID: actor.id,
                source: source))
    }

    private func write(in conversation: String, _ draft: Draft) throws(FreshchatError) -> FreshchatMessage {
        let message = state.withLock { state -> FreshchatMessage? in
            guard let id = state.conversation(conversation, .both)?.id else { return nil }
            return append(draft, to: id, &state)
        }
        guard let message else { throw .notFound("conversation") }
        return message
    }

    private func change(
        _ conversation: String, to status: String, agent: String? = nil, by actor: Actor
    ) throws(FreshchatError) {
        let isKnown = state.withLock { state in
            guard let id = state.conversation(conversation, .both)?.id else { return false }
            change(id, to: status, agent: agent, by: actor, &state)
            return true
        }
        if !isKnown { throw .notFound("conversation") }
    }
}
