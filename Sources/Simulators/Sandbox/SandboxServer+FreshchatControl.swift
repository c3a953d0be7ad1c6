import HTTPTypes

// The control interface's Freshchat half.
extension SandboxServer {
    static func addFreshchatRoutes(_ routes: inout RouteTable<ControlAction>) {
        routes.add(.get, "/freshchat/faults") { server, _ in try JSON(encoding: server.freshchat.faults) }
        routes.add(.post, "/freshchat/faults") { server, request in
            server.freshchat.inject(try fault(request))
            return try JSON(encoding: server.freshchat.faults)
        }
        routes.add(.delete, "/freshchat/faults") { server, _ in
            server.freshchat.clearFaults()
            return []
        }
        routes.add(.put, "/freshchat/token") { server, request in
            server.freshchat.replaceToken(with: try body(request, only: ["token"]).required("token"))
            return [:]
        }
        routes.add(.put, "/freshchat/webhook") { server, request in
            server.freshchat.setWebhook(try server.webhookURL(request))
            return ["url": .string(server.freshchat.webhookURL ?? "")]
        }
        routes.add(.put, "/freshchat/product-events") { server, request in
            server.freshchat.setProductEvents(try server.webhookURL(request))
            return ["url": .string(server.freshchat.productEventURL ?? "")]
        }
        routes.add(.get, "/freshchat/users") { server, request in
            let reference = request.item("reference_id")
            let users = reference.map { server.freshchat.users(referenceID: $0) } ?? server.freshchat.users
            return .array(users.map(server.freshchat.json))
        }
        addConversationRoutes(&routes)
        addAgentRoutes(&routes)
    }

    private func webhookURL(_ request: APIRequest) throws -> String? {
        let url = try Self.body(request, only: ["url"]).string("url") ?? ""
        guard url.isEmpty || freshchat.knobs.allowsPlainHTTP.allows(url) else {
            throw SettingsError(description: "the URL is neither https nor an allowed http URL")
        }
        return url
    }

    private static func addConversationRoutes(_ routes: inout RouteTable<ControlAction>) {
        routes.add(.get, "/freshchat/conversations") { server, request in
            let knobs = server.freshchat.knobs
            guard let user = request.item("user") else {
                return .array(server.freshchat.conversations().map { server.freshchat.json($0, knobs) })
            }
            let ids = [user] + server.freshchat.users(referenceID: user).map(\.id)
            return .array(
                ids.flatMap { server.freshchat.conversations(ofUser: $0) }.map { server.freshchat.json($0, knobs) })
        }
        routes.add(.post, "/freshchat/conversations") { server, request in
            let body = try body(request, only: ["user", "topic", "text", "byAgent"])
            let conversation = try server.freshchat.startConversation(
                with: try body.required("user"), onTopic: try body.required("topic"), try body.required("text"),
                byAgent: body.json["byAgent"]?.bool ?? false)
            return server.freshchat.json(conversation, server.freshchat.knobs)
        }
        routes.add(.get, "/freshchat/conversations/{id}/messages") { server, request in
            guard let conversation = server.freshchat.conversation(request.parameter("id")) else {
                throw FreshchatError.notFound("conversation")
            }
            let knobs = server.freshchat.knobs
            return .array(
                server.freshchat.messages(in: conversation.id).map { server.freshchat.json($0, conversation, knobs) })
        }
    }

    private static func addAgentRoutes(_ routes: inout RouteTable<ControlAction>) {
        routes.add(.post, "/freshchat/conversations/{id}/replies") { server, request in
            let body = try body(request, only: ["text", "parts", "reply_parts", "agent", "bot"])
            let parts: [JSON]
            if let given = try body.array("parts") {
                parts = given
            } else {
                parts = [["text": ["content": .string(try body.required("text"))]]]
            }
            let replyParts = try body.array("reply_parts") ?? []
            if body.json["bot"]?.bool == true {
                return id(
                    try server.freshchat.botReplies(in: request.parameter("id"), parts: parts, replyParts: replyParts))
            }
            return id(
                try server.freshchat.agentReplies(
                    in: request.parameter("id"), parts: parts, replyParts: replyParts, agent: try body.string("agent")))
        }
        routes.add(.post, "/freshchat/conversations/{id}/notes") { server, request in
            let body = try body(request, only: ["text", "agent"])
            return id(
                try server.freshchat.agentWritesPrivateNote(
                    in: request.parameter("id"), try body.required("text"), agent: try body.string("agent")))
        }
        routes.add(.post, "/freshchat/conversations/{id}/system") { server, request in
            let body = try body(request, only: ["text", "meta_data", "agent"])
            return id(
                try server.freshchat.systemWrites(
                    in: request.parameter("id"), try body.required("text"), metaData: body.json["meta_data"],
                    agent: try body.string("agent")))
        }
        routes.add(.post, "/freshchat/conversations/{id}/welcome") { server, request in
            let text = try body(request, only: ["text"]).required("text")
            return id(try server.freshchat.welcomes(in: request.parameter("id"), text))
        }
        routes.add(.post, "/freshchat/conversations/{id}/resolve") { server, request in
            try server.freshchat.resolve(
                request.parameter("id"), agent: try body(request, only: ["agent"]).string("agent"))
            return [:]
        }
        routes.add(.post, "/freshchat/conversations/{id}/reopen") { server, request in
            try server.freshchat.reopen(
                request.parameter("id"), agent: try body(request, only: ["agent"]).string("agent"))
            return [:]
        }
        routes.add(.post, "/freshchat/conversations/{id}/assign") { server, request in
            try server.freshchat.assign(
                request.parameter("id"), to: try body(request, only: ["agent"]).string("agent"))
            return [:]
        }
    }

    private static func id(_ message: FreshchatMessage) -> JSON { ["id": .string(message.id)] }
}
