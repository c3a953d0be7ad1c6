import Simulators
import Testing

extension EndToEnd {
    @Suite("Many messages, and repeated ones")
    struct ManyMessages {
        @Test("Two workers, one contact that writes 200 messages at once: one user, one conversation, in order, once")
        func oneContact() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let texts = (1...200).map { "повідомлення \($0)" }
                for text in texts { stack.viber.customerWrites(customer, text) }
                try await stack.waitForInbox(of: customer) { $0.count >= 200 }
                try await stack.settle()
                #expect(stack.workers.count == 2)
                #expect(stack.inbox(of: customer) == texts)
                #expect(stack.users(of: customer).count == 1)
                #expect(stack.conversations(of: customer).count == 1)
                try await stack.waitForEmptyOutbox()
                #expect(stack.inbox(of: customer).count == 200)
            }
        }

        @Test(
            "Several contacts and their agents at once, every webhook as good as doubled: each conversation in order, once"
        )
        func severalContacts() async throws {
            let configuration = SandboxConfiguration.forTests {
                $0.viberKnobs.callbacks.duplicateProbability = 0.5
                $0.freshchatKnobs.webhooks.duplicateProbability = 0.5
                $0.viberKnobs.devices = 2
            }
            try await withByocStack(sandbox: configuration) { stack in
                _ = try await stack.installViber()
                let customers = (1...8).map { stack.viber.addCustomer(name: "Customer \($0)") }
                for customer in customers { stack.viber.customerWrites(customer, "hello") }
                for customer in customers { try await stack.waitForInbox(of: customer) { $0 == ["hello"] } }
                let questions = (1...20).map { "question \($0)" }
                let answers = (1...10).map { "answer \($0)" }
                for number in 0..<20 {
                    for customer in customers {
                        stack.viber.customerWrites(customer, questions[number])
                        if number < 10, let conversation = stack.conversations(of: customer).first {
                            try stack.freshchat.agentReplies(in: conversation.id, answers[number])
                        }
                    }
                }
                for customer in customers {
                    try await stack.waitForInbox(of: customer) { $0.count >= 21 }
                    try await stack.waitForPhone(of: customer) { $0.count >= 10 }
                }
                try await stack.settle()
                try await stack.waitForEmptyOutbox()
                for customer in customers {
                    #expect(stack.inbox(of: customer) == ["hello"] + questions)
                    #expect(stack.phone(customer) == answers)
                    #expect(stack.users(of: customer).count == 1)
                    #expect(stack.conversations(of: customer).count == 1)
                }
            }
        }

        @Test("The same text twice is two messages")
        func sameTextTwice() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                for text in ["ok", "ok", "ok", "the end"] { stack.viber.customerWrites(customer, text) }
                try await stack.waitForInbox(of: customer) { $0.contains("the end") }
                #expect(stack.inbox(of: customer) == ["ok", "ok", "ok", "the end"])
                let conversation = try #require(stack.conversations(of: customer).first).id
                for text in ["yes", "yes", "bye"] { try stack.freshchat.agentReplies(in: conversation, text) }
                try await stack.waitForPhone(of: customer) { $0.contains("bye") }
                #expect(stack.phone(customer) == ["yes", "yes", "bye"])
            }
        }

        @Test("A repeated webhook counts once, over all workers and over a restart", arguments: [true, false])
        func repeats(keepsConnections: Bool) async throws {
            var options = ByocStack.Options()
            options.keepsConnections = keepsConnections
            try await withByocStack(options) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let question = ViberSamples.message("a question", from: customer, token: 5_851_650_804_048_782_321)
                let reply = try #require(
                    try await stack.capturingFreshchatWebhooks {
                        try stack.freshchat.agentReplies(in: conversation.id, "an answer")
                    }.first)

                for round in 1...2 {
                    let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                        for _ in 0..<10 {
                            group.addTask { try await stack.postViber(question, to: installed.targetURL).status }
                            group.addTask {
                                try await stack.post(
                                    installed.freshchatWebhookURL, reply.body, headers: reply.signature
                                ).status
                            }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    #expect(statuses == Array(repeating: 200, count: 20))
                    try await stack.waitForInbox(of: customer) { $0.contains("a question") }
                    try await stack.waitForPhone(of: customer) { $0.contains("an answer") }
                    if round == 1 { try await stack.restartServing() }
                }
                // In the order of the conversation these come last.
                try await stack.customerWritesAndArrives(customer, "the end")
                try await stack.agentRepliesAndArrives(conversation.id, "bye", to: customer)
                #expect(stack.inbox(of: customer) == ["hello", "a question", "the end"])
                #expect(stack.phone(customer) == ["an answer", "bye"])
            }
        }
    }
}

/// Callbacks as viber.md shows them.
enum ViberSamples {
    static func message(_ text: String, from customer: String, token: Int64) -> [UInt8] {
        let body: JSON = [
            "event": "message", "timestamp": 1_687_200_046_080, "chat_hostname": "SN-CALLBACK-04_",
            "message_token": .integer(token),
            "sender": [
                "id": .string(customer), "name": "Олена ☺", "language": "uk-UA", "country": "UA", "api_version": 10,
            ],
            "message": ["text": .string(text), "type": "text"], "silent": false,
        ]
        return body.bytes
    }
}
