// All that the page shows but for the bridge's steps, in one answer: a page that has missed something asks again.
extension SandboxServer {
    private static let shownMessages = 100

    func state(of playground: Playground) throws -> JSON {
        let books = playground.books
        let knobs = freshchat.knobs
        let people = viber.bots.indices.flatMap { bot in
            viber.customers(bot: bot).map { person($0, bot: bot, books) }
        }
        let agents = freshchat.account.agents.map { agent in
            JSON.object(["id": .string(agent.id), "name": .string(agent.firstName)])
        }
        return .object([
            "last": .integer(Int64(log.last)),
            "people": .array(people),
            "conversations": .array(freshchat.conversations().map { conversation($0, books, knobs) }),
            "agents": .array(agents),
            "tally": [
                "inbound": Self.json(books.tally(.inbound)), "outbound": Self.json(books.tally(.outbound)),
            ],
            "trouble": playground.configuration.hasTrouble ? try JSON(encoding: playground.trouble) : nil,
            "workers": .array(playground.workers.map { .integer(Int64($0)) }),
            "connect": connections(playground),
        ])
    }

    private static func json(_ tally: Ledger.Tally) -> JSON {
        [
            "sent": .integer(Int64(tally.sent)), "arrived": .integer(Int64(tally.arrived)),
            "underWay": .integer(Int64(tally.underWay)), "doubled": .integer(Int64(tally.doubled)),
            "repeats": .integer(Int64(tally.repeats)), "failed": .integer(Int64(tally.failed)),
        ]
    }

    private func person(_ customer: ViberCustomer, bot: Int, _ books: Ledger) -> JSON {
        let written = viber.written(by: customer.id, bot: bot).map { message in
            (
                message.time,
                JSON.object([
                    "id": .string(String(message.token)), "mine": true, "text": .string(message.text),
                    "picture": message.message["media"], "time": .integer(message.time.milliseconds),
                    "mark": books.mark(String(message.token)).map { .string($0.rawValue) },
                ])
            )
        }
        let received = viber.phone(of: customer.id, bot: bot).map { message in
            (
                message.time,
                JSON.object([
                    "id": .string(String(message.token)), "mine": false, "text": .string(message.text),
                    "picture": message.message["media"], "time": .integer(message.time.milliseconds),
                    "sender": .string(message.senderName), "isWelcome": .bool(message.isWelcome),
                ])
            )
        }
        let messages = (written + received).sorted { $0.0 < $1.0 }.suffix(Self.shownMessages).map(\.1)
        return .object([
            "id": .string(customer.id), "name": .string(customer.name), "bot": .integer(Int64(bot)),
            "botName": .string(viber.bots[bot].name), "isNew": .bool(customer.state == .unknown),
            "messages": .array(messages),
        ])
    }

    private func conversation(_ conversation: FreshchatConversation, _ books: Ledger, _ knobs: FreshchatKnobs) -> JSON {
        let user = freshchat.users.first { $0.id == conversation.userID }
        let messages = freshchat.messages(in: conversation.id).suffix(Self.shownMessages).map { message in
            JSON.object([
                "id": .string(message.id), "by": .string(message.actorType), "kind": .string(message.messageType),
                "who": .string(freshchat.account.agents.first { $0.id == message.actorID }?.firstName ?? ""),
                "text": .string(message.text),
                "picture": message.parts.lazy.compactMap { $0["image"]?["url"] }.first,
                "time": .integer(message.created.milliseconds),
                "mark": books.mark(message.id).map { .string($0.rawValue) },
            ])
        }
        return .object([
            "id": .string(conversation.id), "number": .integer(conversation.internalID),
            "name": .string(user?.firstName ?? "Customer"),
            "person": books.person(ofConversation: conversation.id).map { .string($0) },
            "topic": .string(freshchat.account.topics.first { $0.id == conversation.topicID }?.name ?? ""),
            "isResolved": .bool(conversation.status == "resolved"),
            "updated": .integer(conversation.updated.milliseconds), "messages": .array(Array(messages)),
        ])
    }

    /// What one needs to connect an installation by hand: the bots, and Freshchat's account.
    private func connections(_ playground: Playground) -> JSON {
        let bots = viber.bots.indices.map { index in
            JSON.object([
                "name": .string(viber.bots[index].name), "token": .string(viber.bots[index].token),
                "isConnected": .bool(viber.webhook(bot: index) != nil),
            ])
        }
        return [
            "admin": .string(
                playground.configuration.bridgeURL.isEmpty ? "" : "\(playground.configuration.bridgeURL)/admin"),
            "password": .string(playground.configuration.adminPassword),
            "bots": .array(bots), "viber": .string(about?.viber.url ?? ""),
            "freshchat": .string(about?.freshchat.url ?? ""), "token": .string(freshchat.token),
            "topics": .array(freshchat.account.topics.map { .string($0.name) }),
            "key": .string(freshchat.webhookPublicKey), "events": .string(freshchat.productEventURL ?? ""),
        ]
    }
}
