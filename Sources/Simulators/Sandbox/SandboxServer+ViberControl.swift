import HTTPTypes

// The control interface's Viber half.
extension SandboxServer {
    static func addViberRoutes(_ routes: inout RouteTable<ControlAction>) {
        routes.add(.get, "/viber/faults") { server, _ in try JSON(encoding: server.viber.faults) }
        routes.add(.post, "/viber/faults") { server, request in
            server.viber.inject(try fault(request))
            return try JSON(encoding: server.viber.faults)
        }
        routes.add(.delete, "/viber/faults") { server, _ in
            server.viber.clearFaults()
            return []
        }
        routes.add(.put, "/viber/token") { server, request in
            server.viber.replaceToken(with: try body(request, only: ["token"]).required("token"))
            return [:]
        }
        routes.add(.get, "/viber/webhook") { server, _ in
            guard let webhook = server.viber.webhook() else { return ["url": ""] }
            return [
                "url": .string(webhook.url), "events": .array(webhook.events.map { .string($0) }),
                "sendsName": .bool(webhook.sendsName), "sendsPhoto": .bool(webhook.sendsPhoto),
            ]
        }
        routes.add(.get, "/viber/customers") { server, _ in .array(server.viber.customers().map(json)) }
        routes.add(.post, "/viber/customers") { server, request in
            let body = try body(request, only: ["name", "bot"])
            let bot = Int(body.json["bot"]?.integer ?? 0)
            guard server.viber.bots.indices.contains(bot) else { throw FreshchatError.notFound("bot") }
            let name = try body.string("name")
            let id = name.map { server.viber.addCustomer(name: $0, bot: bot) } ?? server.viber.addCustomer(bot: bot)
            return ["id": .string(id)]
        }
        addCustomerRoutes(&routes)
    }

    private static func addCustomerRoutes(_ routes: inout RouteTable<ControlAction>) {
        routes.add(.post, "/viber/customers/{id}/messages") { server, request in
            let body = try body(request, only: ["text", "message", "repeat"])
            let times = Int(body.json["repeat"]?.integer ?? 1)
            let message: JSON
            if let given = body.json["message"] {
                message = given
            } else {
                message = ["text": .string(try body.required("text")), "type": "text"]
            }
            return token(
                server.viber.customerWrites(
                    request.parameter("id"), message: message, times: times, bot: bot(server, request)))
        }
        routes.add(.post, "/viber/customers/{id}/pictures") { server, request in
            let caption = try body(request, only: ["caption"]).string("caption")
            let url = server.viber.mediaURL(for: Self.picture, fileName: "photo.png", contentType: "image/png")
            let message: JSON = .object([
                "type": "picture", "media": .string(url), "thumbnail": .string(url), "file_name": "photo.png",
                "size": .integer(Int64(Self.picture.count)), "text": caption.map { .string($0) },
            ])
            return token(
                server.viber.customerWrites(request.parameter("id"), message: message, bot: bot(server, request)))
        }
        routes.add(.post, "/viber/customers/{id}/open") { server, request in
            let context = try body(request, only: ["context"]).string("context")
            return token(
                server.viber.customerOpensChat(request.parameter("id"), context: context, bot: bot(server, request)))
        }
        routes.add(.post, "/viber/customers/{id}/unsubscribe") { server, request in
            token(server.viber.customerUnsubscribes(request.parameter("id")))
        }
        routes.add(.post, "/viber/customers/{id}/resubscribe") { server, request in
            token(server.viber.customerResubscribes(request.parameter("id")))
        }
        routes.add(.put, "/viber/customers/{id}/presence") { server, request in
            let name = try body(request, only: ["presence"]).required("presence")
            guard let presence = ViberCustomer.Presence(rawValue: name) else {
                throw SettingsError(description: "there is no presence \(name)")
            }
            server.viber.setPresence(presence, of: request.parameter("id"), bot: bot(server, request))
            return [:]
        }
        routes.add(.get, "/viber/customers/{id}/phone") { server, request in
            .array(
                server.viber.phone(of: request.parameter("id")).map { entry in
                    [
                        "token": .string(String(entry.token)), "time": .integer(entry.time.milliseconds),
                        "welcome": .bool(entry.isWelcome), "kind": .string(entry.kind), "text": .string(entry.text),
                        "sender": .string(entry.senderName), "message": entry.message,
                    ]
                })
        }
    }

    private static func bot(_ server: SandboxServer, _ request: APIRequest) -> Int {
        server.viber.bot(ofCustomer: request.parameter("id"))
    }

    /// Tokens are given as text here: scripts may read numbers as floating point.
    private static func token(_ token: Int64) -> JSON { ["token": .string(String(token))] }

    private static func json(_ customer: ViberCustomer) -> JSON {
        [
            "id": .string(customer.id), "name": .string(customer.name), "state": .string(customer.state.rawValue),
            "apiVersion": .integer(customer.apiVersion),
        ]
    }

    /// A picture of one grey pixel.
    private static let picture: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0x0D, 0x49, 0x48, 0x44, 0x52, 0, 0, 0, 1, 0, 0, 0, 1,
        8, 0,
        0, 0, 0, 0x3A, 0x7E, 0x9B, 0x55, 0, 0, 0, 0x0A, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C, 0x63, 0x68, 0, 0, 0, 0x82,
        0,
        0x81, 0x77, 0xCD, 0x72, 0xB6, 0, 0, 0, 0, 0x49, 0x45, 0x4E, 0x44, 0xAE, 0x42, 0x60, 0x82,
    ]
}
