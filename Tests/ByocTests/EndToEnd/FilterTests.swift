import Simulators
import Testing

extension EndToEnd {
    @Suite("What never reaches a customer, and what does")
    struct Filters {
        @Test(
            "Echoes, private notes, system lines and other topics stay inside; an agent's and a bot's messages go out",
            arguments: [false, true])
        func filters(webhookOvertakesAnswer: Bool) async throws {
            let configuration = SandboxConfiguration.forTests {
                $0.freshchatKnobs.deliversBeforeAnswer = webhookOvertakesAnswer
            }
            try await withByocStack(sandbox: configuration) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "one")
                try await stack.customerWritesAndArrives(customer, "two")

                // The other topic first: its webhook is in another lane, so it has to be through before we go on.
                let foreign = try stack.freshchat.startConversation(
                    with: conversation.userID, onTopic: stack.foreignTopic, "not for Viber", byAgent: true)
                try await stack.waitForEntry("the foreign topic's webhook") {
                    $0.kind == .webhook && $0.subject == foreign.id && $0.status == 200
                }
                try stack.freshchat.agentWritesPrivateNote(in: conversation.id, "between us")
                try stack.freshchat.systemWrites(in: conversation.id, "Conversation was assigned to Denise")
                try stack.freshchat.assign(conversation.id)
                try stack.freshchat.resolve(conversation.id)
                try stack.freshchat.reopen(conversation.id)
                try await stack.agentRepliesAndArrives(conversation.id, "the answer", to: customer)
                #expect(stack.phone(customer) == ["the answer"])
                try stack.freshchat.botReplies(in: conversation.id, parts: [["text": ["content": "from the bot"]]])
                try await stack.waitForPhone(of: customer) { $0.contains("from the bot") }
                try await stack.settle()
                try await stack.waitForEmptyOutbox()
                #expect(stack.phone(customer) == ["the answer", "from the bot"])

                // The echoes came: byoc was told of its own two messages, and they are still two.
                let echoes = stack.log.entries().filter { $0.kind == .webhook && $0.name == "message_create" }
                let own = Set(
                    stack.freshchat.messages(in: conversation.id).filter { $0.actorType == "user" }.map(\.id))
                #expect(own.count == 2)
                #expect(own.isSubset(of: Set(echoes.filter { $0.status == 200 }.map(\.reference))))
                let outbound = try await stack.json("outbox", "--delivered").array?
                    .filter { $0["direction"]?.string == "outbound" }.compactMap { $0["text"]?.string }
                #expect(Set(outbound ?? []) == ["the answer", "from the bot"])
                #expect(try await stack.json("outbox", "--dead") == [])
            }
        }

        @Test("A conversation that an agent begins on our topic reaches the customer")
        func agentBegins() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let first = try await stack.customerWritesAndArrives(customer, "hello")
                let second = try stack.freshchat.startConversation(
                    with: first.userID, onTopic: stack.topic, "news for you", byAgent: true)
                try await stack.waitForPhone(of: customer) { $0 == ["news for you"] }
                #expect(second.id != first.id)
            }
        }
    }
}
