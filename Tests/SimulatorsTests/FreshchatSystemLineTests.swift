import Simulators
import Testing

@Suite("Freshchat: lines of the system")
struct FreshchatSystemLineTests {
    @Test("Assigning, resolving and reopening leave a line that looks like the agent's message, but for its marks")
    func agentsLines() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            let (_, id) = try await peer.conversation()
            freshchat.setWebhook("\(peer.url)/freshchat")
            try freshchat.assign(id)
            try freshchat.resolve(id)
            try freshchat.reopen(id)
            #expect(await peer.sandbox.settle())
            let lines = peer.receiver.webhooks("message_create").compactMap { $0.json["data"]?["message"] }
            #expect(
                lines.map { $0["message_parts"]?[0]?["text"]?["content"]?.string } == [
                    "Conversation was assigned to Denise", "Conversation was resolved by Denise",
                    "Conversation was reopened by Denise",
                ])
            let agent = peer.about.freshchat.agents[0].id
            #expect(
                lines.map { $0["meta_data"] } == [
                    ["assignedAgentId": .string(agent)], ["isResolved": true], ["isReopen": true],
                ])
            for line in lines {
                #expect(line["actor_type"] == "agent")
                #expect(line["actor_id"]?.string == agent)
                #expect(line["message_source"] == "system")
                #expect(line["message_type"] == "normal")
            }
            // The history has them as the webhook does.
            let history = try await peer.freshchat(.get, "/conversations/\(id)/messages?items_per_page=3").json
            #expect(history["messages"]?.array?.reversed().map { $0["meta_data"] } == lines.map { $0["meta_data"] })
        }
    }

    @Test("What a customer's message reopens, and what the API does, is the system's own line")
    func ownLines() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            let (user, id) = try await peer.conversation()
            try freshchat.resolve(id)
            #expect(try await peer.post("back", by: user, in: id).status == 200)
            let line = try #require(freshchat.messages(in: id).first { $0.metaData == ["isReopen": true] })
            #expect(line.actorType == "system")
            #expect(line.actorID == "")
            #expect(line.isSystemLine)
        }
    }

    @Test("A line can have any text and meta data, a type of its own, and comes by product events too")
    func anyLine() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            let (_, id) = try await peer.conversation()
            freshchat.setWebhook("\(peer.url)/freshchat")
            freshchat.setProductEvents("\(peer.url)/product")
            let path = "/freshchat/conversations/\(id)/system"
            let agent = peer.about.freshchat.agents[1].id
            let body: JSON = ["text": "SLA was breached", "meta_data": ["isBreach": [1, 2]], "agent": .string(agent)]
            #expect(try await peer.control(.post, path, body).status == 200)
            freshchat.knobs.typesSystemLines = true
            #expect(try await peer.control(.post, path, ["text": "typed"]).status == 200)
            #expect(await peer.sandbox.settle())
            let lines = peer.receiver.webhooks("message_create").compactMap { $0.json["data"]?["message"] }
            #expect(lines.map { $0["message_type"] } == ["normal", "system"])
            #expect(lines.first?["meta_data"] == ["isBreach": [1, 2]])
            #expect(lines.first?["actor_id"]?.string == agent)
            let product = peer.receiver.webhooks("onMessageCreate")
                .compactMap { $0.json["data"]?["message"]?["messages"]?[0] }
            #expect(product.first?["meta_data"] == ["isBreach": [1, 2]])
            #expect(peer.sandbox.log.entries().count { $0.name == "system.line" } == 2)
        }
    }

    @Test("A welcome message is of the system's source too, but has no meta data, and counts as a message")
    func welcome() async throws {
        try await withPeer { peer in
            let (_, id) = try await peer.conversation()
            let path = "/freshchat/conversations/\(id)/welcome"
            #expect(try await peer.control(.post, path, ["text": "Welcome!"]).status == 200)
            let message = try #require(peer.sandbox.freshchat.messages(in: id).last)
            #expect(message.source == "system")
            #expect(message.metaData == nil)
            #expect(!message.isSystemLine)
            #expect(message.actorType == "agent")
        }
    }

    @Test("The message of a product event can lack its actor: then only the event names it")
    func productEventActor() async throws {
        var knobs = FreshchatKnobs()
        knobs.omitsProductEventActors = true
        try await withPeer(freshchat: knobs) { peer in
            let (_, id) = try await peer.conversation()
            peer.sandbox.freshchat.setProductEvents("\(peer.url)/product")
            try peer.sandbox.freshchat.agentReplies(in: id, "hello")
            #expect(await peer.sandbox.settle())
            let data = try #require(peer.receiver.webhooks("onMessageCreate").first?.json["data"])
            #expect(data["actor"]?["type"] == "agent")
            #expect(data["message"]?["messages"]?[0]?["actor_type"] == nil)
            #expect(data["message"]?["messages"]?[0]?["actor_id"] == nil)
        }
    }
}
