import Foundation
import HTTPTypes
import RelayCore

extension FakeFreshchat.State {
    mutating func answer(_ method: HTTPRequest.Method, _ path: String, query: String, body: [UInt8]) -> HTTPReply {
        let parts = path.split(separator: "/").map(String.init)
        let json = try? JSONDecoder().decode(JSON.self, from: Data(body))
        switch (method, parts.first, parts.count) {
        case (.get, "accounts", 2):
            return ok(.object(["account_id": .number(1), "account_domain": .text("acme.freshchat.com")]))
        case (.get, "channels", 1): return channels(query)
        case (.get, "users", 1): return search(query)
        case (.post, "users", 1): return createUser(json)
        case (.get, "users", 2):
            if query == "system_user=true" {
                return parts[1] == "BOT"
                    ? ok(.object(["id": .text("BOT"), "first_name": .text("Freddy")])) : notFound("USER_NOT_FOUND")
            }
            return users.first { $0.id == parts[1] }.map { ok(self.json(of: $0)) } ?? notFound("USER_NOT_FOUND")
        case (.put, "users", 2): return updateUser(parts[1], json)
        case (.get, "users", 3) where parts[2] == "conversations":
            guard users.contains(where: { $0.id == parts[1] }) else { return notFound("USER_NOT_FOUND") }
            // In no order that would help anyone, and with nothing but ids.
            let ids = conversations.filter { $0.user == parts[1] }.map(\.id).sorted()
            return ok(.object(["conversations": .list(ids.map { .object(["id": .text($0)]) })]))
        case (.get, "agents", 2):
            return parts[1] == "AG1"
                ? ok(.object(["id": .text("AG1"), "first_name": .text(" Bo "), "email": .text("bo@example.com")]))
                : notFound("AGENT_NOT_FOUND")
        case (.post, "conversations", 1): return createConversation(json)
        case (.get, "conversations", 2):
            return index(parts[1]).map { ok(self.json(of: conversations[$0])) } ?? notFound("CONVERSATION_NOT_FOUND")
        case (.put, "conversations", 2): return update(parts[1], json)
        case (.post, "conversations", 3) where parts[2] == "messages": return post(parts[1], json)
        case (.get, "conversations", 3) where parts[2] == "messages": return list(parts[1], query)
        default: return .error(404, "NOT_FOUND", "no such route")
        }
    }

    // MARK: - Users

    private func search(_ query: String) -> HTTPReply {
        guard query.hasPrefix("reference_id="), !query.contains("+"),
            let reference = String(query.dropFirst("reference_id=".count)).removingPercentEncoding
        else { return .error(400, "INVALID_VALUE", "a filter is needed") }
        let found = reference.isEmpty ? users : users.filter { $0.reference == reference }
        return ok(.object(["users": .list(found.reversed().map { json(of: $0) })]))
    }

    private mutating func createUser(_ body: JSON?) -> HTTPReply {
        guard case .object(let fields)? = body, let reference = fields["reference_id"]?.string else {
            return .error(400, "INVALID_VALUE", "reference_id")
        }
        let user = FakeFreshchat.User(id: "U\(users.count + 1)", reference: reference, createdAt: now, body: fields)
        users.append(user)
        return ok(json(of: user))
    }

    private mutating func updateUser(_ id: String, _ body: JSON?) -> HTTPReply {
        guard let index = users.firstIndex(where: { $0.id == id }) else { return notFound("USER_NOT_FOUND") }
        guard case .object(let fields)? = body, refusedUserFields.isDisjoint(with: fields.keys) else {
            return .error(400, "INVALID_VALUE", "user")
        }
        users[index].body.merge(fields) { $1 }
        return HTTPReply(status: .ok, body: userUpdateAnswer ?? json(of: users[index]).encoded)
    }

    private func json(of user: FakeFreshchat.User) -> JSON {
        var fields = user.body
        fields["id"] = .text(user.id)
        fields["reference_id"] = user.reference.map { .text($0) }
        fields["created_time"] = .text(stamp(user.createdAt))
        return .object(fields)
    }

    // MARK: - Conversations

    private mutating func createConversation(_ body: JSON?) -> HTTPReply {
        guard let topic = body?["channel_id"]?.string, topic.hasPrefix("topic-"),
            let user = body?["users"]?[0]?["id"]?.string, users.contains(where: { $0.id == user }),
            let message = body?["messages"]?[0], body?["status"] == .text("new"),
            // No other client names the user in the message too (freshchat.md §1.9).
            message["user_id"] == nil
        else { return .error(400, "INVALID_VALUE", "Conversation payload not valid") }
        if reusesOpen,
            let open = conversations.firstIndex(where: {
                $0.user == user && $0.topic == topic && $0.status != "resolved"
            })
        {
            let reply = add(message, to: open)
            return reply.status.kind == .successful ? ok(json(of: conversations[open])) : reply
        }
        conversations.append(
            FakeFreshchat.Conversation(
                id: "C\(conversations.count + 1)", topic: topic, user: user, status: "new", createdAt: stampedNow,
                updatedAt: stampedNow))
        let reply = add(message, to: conversations.count - 1)
        guard reply.status.kind == .successful else {
            conversations.removeLast()
            return reply
        }
        var answer = json(of: conversations[conversations.count - 1])
        if !omitsMessages, case .object(var fields) = answer, let last = messages.last {
            fields["messages"] = .list([json(of: last)])
            answer = .object(fields)
        }
        return ok(answer, status: .accepted)
    }

    private mutating func update(_ id: String, _ body: JSON?) -> HTTPReply {
        guard let index = index(id) else { return notFound("CONVERSATION_NOT_FOUND") }
        guard let status = body?["status"]?.string, status == reopenWord else {
            return .error(400, "INVALID_VALUE", "status")
        }
        conversations[index].status = status
        conversations[index].updatedAt = stampedNow
        return ok(json(of: conversations[index]))
    }

    private func index(_ id: String) -> Int? { conversations.firstIndex { $0.id == id } }

    private func json(of conversation: FakeFreshchat.Conversation) -> JSON {
        .object([
            "conversation_id": .text(conversation.id), "channel_id": .text(conversation.topic),
            "status": .text(conversation.status), "user_id": .text(conversation.user),
            "created_time": .text(stamp(conversation.createdAt)), "updated_time": .text(stamp(conversation.updatedAt)),
        ])
    }

    // MARK: - Messages

    private mutating func post(_ id: String, _ body: JSON?) -> HTTPReply {
        guard let index = index(id) else { return notFound("CONVERSATION_NOT_FOUND") }
        guard let body else { return .error(400, "INVALID_VALUE", "no JSON") }
        if conversations[index].status == "resolved", body["actor_type"] == .text("user") {
            switch resolvedMode {
            case .reopen: conversations[index].status = "reopened"
            case .latestOnly:
                return .error(400, "INVALID_VALUE", "Conversation is not the latest conversation of the user")
            case .fail: return .error(400, "INVALID_VALUE", "")
            }
        }
        if resolvedMode == .latestOnly, body["actor_type"] == .text("user") {
            let newest = conversations.filter { $0.user == conversations[index].user }.max {
                $0.createdAt < $1.createdAt
            }
            if let newest, newest.id != id, newest.topic == conversations[index].topic {
                return .error(400, "INVALID_VALUE", "Conversation is not the latest conversation of the user")
            }
        }
        return add(body, to: index)
    }

    private mutating func add(_ body: JSON, to index: Int) -> HTTPReply {
        guard let text = body["message_parts"]?[0]?["text"]?["content"]?.string, let actor = body["actor_type"]?.string,
            !text.allSatisfy(\.isWhitespace)
        else { return .error(400, "INVALID_VALUE", "message_parts") }
        if text.contains("FORBIDDEN") { return .error(400, "INVALID_VALUE", "Fragment not supported in conversation") }
        switch actor {
        case "user" where body["actor_id"]?.string == conversations[index].user: break
        case "bot" where acceptsBots && body["actor_id"] == nil: break
        case "system" where body["actor_id"] == nil: break
        default: return .error(400, "INVALID_VALUE", "actor_id")
        }
        let message = FakeFreshchat.Posted(
            id: "M\(messages.count + 1)", conversation: conversations[index].id, actor: actor,
            actorID: body["actor_id"]?.string, isPrivate: body["message_type"]?.string == "private", text: stores(text),
            createdAt: stampedNow)
        messages.append(message)
        conversations[index].updatedAt = stampedNow
        return ok(json(of: message))
    }

    private func list(_ id: String, _ query: String) -> HTTPReply {
        guard index(id) != nil else { return notFound("CONVERSATION_NOT_FOUND") }
        var fields: [String: String] = [:]
        for pair in query.split(separator: "&") {
            let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
            if sides.count == 2 { fields[sides[0]] = sides[1].removingPercentEncoding }
        }
        guard let size = fields["items_per_page"].flatMap({ Int($0) }), size <= 50,
            let page = fields["page"].flatMap({ Int($0) }),
            let start = fields["from_time"].flatMap({
                try? Date($0, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            })
        else { return .error(400, "INVALID_VALUE", "query") }
        let found = messages.filter { $0.conversation == id && $0.createdAt >= start }.reversed()
        let slice = found.dropFirst((page - 1) * size).prefix(size)
        return ok(.object(["messages": .list(slice.map { json(of: $0) })]))
    }

    private func json(of message: FakeFreshchat.Posted) -> JSON {
        var fields: [String: JSON] = [
            "id": .text(message.id), "conversation_id": .text(message.conversation), "actor_type": .text(message.actor),
            "message_type": .text(message.isPrivate ? "private" : "normal"),
            "created_time": .text(stamp(message.createdAt)),
            "message_parts": .list([.object(["text": .object(["content": .text(message.text)]), "image": .null])]),
        ]
        fields["actor_id"] = message.actorID.map { .text($0) }
        return .object(fields)
    }

    // MARK: - Topics

    private func channels(_ query: String) -> HTTPReply {
        let page = query.contains("page=2") ? 2 : 1
        let rows: [JSON] = (page == 1 ? ["topic-1", "topic-2"] : ["topic-3"]).map {
            .object(["id": .text($0), "name": .text("Inbox \($0)"), "enabled": .flag($0 != "topic-2")])
        }
        return ok(
            .object([
                "channels": .list(rows),
                "pagination": .object(["total_pages": .number(2), "current_page": .number(Double(page))]),
            ]))
    }

    // MARK: - Answers

    private var stampedNow: Date { now.addingTimeInterval(clockIsAhead) }

    private func stamp(_ date: Date) -> String {
        date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private func ok(_ json: JSON, status: HTTPResponse.Status = .ok) -> HTTPReply {
        HTTPReply(status: status, body: (try? JSONEncoder().encode(json)).map { Array($0) } ?? [])
    }

    private func notFound(_ status: String) -> HTTPReply { .error(404, status, "not found") }
}
