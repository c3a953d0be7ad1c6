import Simulators
import Testing

extension EndToEnd {
    @Suite("Freshchat's flavours of events, and its two ways in")
    struct FreshchatFlavours {
        @Test("Every flavour of the webhook is understood")
        func flavours() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let flavours: [FreshchatKnobs.PayloadFlavour] = [.full, .v2018, .v2019, .v2022, .omni]
                for flavour in flavours {
                    for hasNulls in [false, true] {
                        stack.freshchat.knobs.payloadFlavour = flavour
                        stack.freshchat.knobs.addsNullPartKeys = hasNulls
                        let customer = stack.viber.addCustomer(name: "\(flavour)")
                        let conversation = try await stack.customerWritesAndArrives(customer, "питання")
                        try stack.freshchat.agentWritesPrivateNote(in: conversation.id, "between us")
                        try stack.freshchat.resolve(conversation.id)
                        try stack.freshchat.reopen(conversation.id)
                        try await stack.agentRepliesAndArrives(conversation.id, "відповідь", to: customer)
                        try await stack.customerWritesAndArrives(customer, "дякую")
                        try await stack.agentRepliesAndArrives(conversation.id, "будь ласка", to: customer)
                        #expect(stack.phone(customer) == ["відповідь", "будь ласка"], "\(flavour)")
                        #expect(stack.inbox(of: customer) == ["питання", "дякую"], "\(flavour)")
                    }
                }
                try await stack.settle()
                let refused = stack.log.entries().filter {
                    $0.kind == .webhook && $0.side == .freshchat && $0.status != 200
                }
                #expect(refused == [])
            }
        }

        @Test("Product events of the Marketplace bring the agents' messages as well")
        func productEvents() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                stack.freshchat.setWebhook(nil)
                stack.freshchat.setProductEvents(installed.productEventURL)
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                try stack.freshchat.agentWritesPrivateNote(in: conversation.id, "between us")
                try stack.freshchat.systemWrites(in: conversation.id, "a line")
                let foreign = try stack.freshchat.startConversation(
                    with: conversation.userID, onTopic: stack.foreignTopic, "not for Viber", byAgent: true)
                try await stack.waitForEntry("the foreign topic's event") {
                    $0.kind == .webhook && $0.subject == foreign.id && $0.status == 200
                }
                try await stack.agentRepliesAndArrives(conversation.id, "an answer", to: customer)
                #expect(stack.viber.phone(of: customer).first?.senderName == "Denise")
                try stack.freshchat.resolve(conversation.id)
                try await stack.customerWritesAndArrives(customer, "once more")
                try stack.freshchat.botReplies(in: conversation.id, parts: [["text": ["content": "from the bot"]]])
                try await stack.waitForPhone(of: customer) { $0.contains("from the bot") }
                #expect(stack.phone(customer) == ["an answer", "from the bot"])
            }
        }

        @Test("With both ways in at once, each message still goes out once")
        func bothWays() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                stack.freshchat.setProductEvents(installed.productEventURL)
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let answers = (1...10).map { "answer \($0)" }
                for answer in answers {
                    // One after the other: between two ways there is no order.
                    try stack.freshchat.agentReplies(in: conversation.id, answer)
                    try await stack.settle()
                }
                try await stack.waitForPhone(of: customer) { $0.count >= 10 }
                try await stack.waitForEmptyOutbox()
                #expect(stack.phone(customer) == answers)
            }
        }
    }
}
