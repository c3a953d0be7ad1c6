import Simulators
import Testing

extension EndToEnd {
    @Suite("Webhooks that Freshchat loses")
    struct LostWebhooks {
        static let route = "GET /conversations/{id}/messages"

        /// Looks each second while something happens.
        private var polling: ByocStack.Options {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_FRESHCHAT_POLL_SECONDS": "1", "BYOC_FRESHCHAT_POLL_CALLS": "6000"] }
            return options
        }

        @Test(
            "Replies of which no webhook comes arrive all the same, once and in order, also beside later ones that do")
        func allLost() async throws {
            try await withByocStack(polling) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.freshchat.knobs.webhooks.dropProbability = 1
                let texts = (1...5).map { "answer \($0)" }
                for text in texts { try stack.freshchat.agentReplies(in: conversation.id, text) }
                try await stack.waitForPhone(of: customer) { $0.count >= texts.count }
                #expect(stack.phone(customer) == texts)

                stack.freshchat.knobs.webhooks.dropProbability = 0
                try await stack.agentRepliesAndArrives(conversation.id, "the end", to: customer)
                try await stack.waitForFurtherPolls(2)
                try await stack.waitForEmptyOutbox()
                #expect(stack.phone(customer) == texts + ["the end"])
                let brought = stack.text(of: "byoc.log").split(separator: "\n")
                    .filter { $0.contains("reply brought by the poll") && $0.contains(conversation.id) }
                #expect(brought.count == texts.count)
                #expect(stack.refusals() == [])
            }
        }

        @Test("While half of the webhooks are lost and others are repeated, each reply arrives exactly once")
        func halfLost() async throws {
            try await withByocStack(polling) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.freshchat.knobs.webhooks.dropProbability = 0.5
                stack.freshchat.knobs.webhooks.duplicateProbability = 0.5
                let texts = (1...20).map { "answer \($0)" }
                for text in texts { try stack.freshchat.agentReplies(in: conversation.id, text) }
                try await stack.waitForPhone(of: customer) { $0.count >= texts.count }
                try await stack.waitForFurtherPolls(1)
                try await stack.settle()
                try await stack.waitForEmptyOutbox()
                let phone = stack.phone(customer)
                #expect(phone.sorted() == texts.sorted())

                // Neither those that were lost nor those that weren't have overtaken one another.
                let lostIDs = Set(stack.log.entries().filter { $0.kind == .unsent }.map(\.reference))
                let lost = stack.freshchat.messages(in: conversation.id).filter { lostIDs.contains($0.id) }.map(\.text)
                #expect(!lost.isEmpty && lost.count < texts.count)
                #expect(phone.filter(lost.contains) == lost)
                #expect(phone.filter { !lost.contains($0) } == texts.filter { !lost.contains($0) })
            }
        }

        @Test("A webhook whose signature doesn't match is refused, and the poll brings what it told")
        func badSignature() async throws {
            try await withByocStack(polling) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let webhook = try #require(
                    try await stack.capturingFreshchatWebhooks {
                        try stack.freshchat.agentReplies(in: conversation.id, "Добрий день 👋")
                    }.first)
                let refused = try await stack.post(
                    installed.freshchatWebhookURL, webhook.body, headers: [("X-Freshchat-Signature", "AAAA")])
                #expect(refused.status == 401 || refused.status == 403)
                try await stack.waitForPhone(of: customer) { !$0.isEmpty }
                // The genuine one comes after all.
                let late = try await stack.post(
                    installed.freshchatWebhookURL, webhook.body, headers: webhook.signature)
                #expect(late.status == 200)
                try await stack.waitForFurtherPolls(1)
                try await stack.waitForEmptyOutbox()
                #expect(stack.phone(customer) == ["Добрий день 👋"])
            }
        }

        @Test("Of what the poll sees, echoes, private notes, system lines and other topics stay inside")
        func filtered() async throws {
            try await withByocStack(polling) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "one")
                stack.freshchat.knobs.webhooks.dropProbability = 1
                try await stack.customerWritesAndArrives(customer, "two")
                _ = try stack.freshchat.startConversation(
                    with: conversation.userID, onTopic: stack.foreignTopic, "not for Viber", byAgent: true)
                try stack.freshchat.agentWritesPrivateNote(in: conversation.id, "between us")
                try stack.freshchat.systemWrites(in: conversation.id, "Conversation was assigned to Denise")
                try stack.freshchat.resolve(conversation.id)
                try stack.freshchat.reopen(conversation.id)
                try stack.freshchat.botReplies(in: conversation.id, parts: [["text": ["content": "from the bot"]]])
                try stack.freshchat.agentReplies(in: conversation.id, "the answer")
                try await stack.waitForPhone(of: customer) { $0.count >= 2 }
                try await stack.waitForFurtherPolls(2)
                try await stack.waitForEmptyOutbox()
                #expect(stack.phone(customer) == ["from the bot", "the answer"])
            }
        }

        @Test("Without any webhook, by the poll alone, a conversation goes to and fro at one call a customer's message")
        func pollOnly() async throws {
            try await withByocStack(polling) { stack in
                _ = try await stack.installViber()
                stack.freshchat.setWebhook(nil)
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "question 0")
                let mark = stack.log.last
                for round in 1...3 {
                    try stack.freshchat.agentReplies(in: conversation.id, "answer \(round)")
                    try await stack.waitForPhone(of: customer) { $0.count == round }
                    try await stack.customerWritesAndArrives(customer, "question \(round)")
                }
                #expect(stack.phone(customer) == ["answer 1", "answer 2", "answer 3"])
                #expect(stack.inbox(of: customer) == (0...3).map { "question \($0)" })
                let writes = stack.freshchatCalls(since: mark).filter { $0.hasPrefix("POST") }
                #expect(writes.count <= 4)
            }
        }

        @Test("With the poll switched off nothing is fetched, and byoc relay does it where it is on")
        func off() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_FRESHCHAT_POLL_SECONDS": "0"] }
            try await withByocStack(options) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.freshchat.knobs.webhooks.dropProbability = 1
                try stack.freshchat.agentReplies(in: conversation.id, "lost")
                stack.freshchat.knobs.webhooks.dropProbability = 0
                try await stack.agentRepliesAndArrives(conversation.id, "not lost", to: customer)
                #expect(try await stack.run("relay", "--for", "2").status == 0)
                #expect(!stack.freshchatCalls().contains(Self.route))

                try await poll("the lost reply") {
                    let result = try await stack.run(
                        "relay", "--for", "20", environment: ["BYOC_FRESHCHAT_POLL_SECONDS": "1"])
                    return result.status == 0 && stack.phone(customer) == ["not lost", "lost"]
                }
            }
        }

        @Test("Two workers look into a conversation once an interval between them, and less and less often")
        func twoWorkers() async throws {
            try await withByocStack(polling) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                #expect(stack.workers.count == 2)
                try await stack.waitForFurtherPolls(4)
                let times = stack.log.entries().filter { $0.kind == .request && $0.name == Self.route }.map(\.time)
                // Waits of 2, 4 and 8 seconds; late by what the machine is busy with, never early.
                let waits = zip(times, times.dropFirst()).map { $1 - $0 }
                for (wait, least) in zip(waits, [1900, 3900, 7900]) { #expect(wait >= least, "\(waits)") }
            }
        }
    }
}

extension ByocStack {
    /// Waits until so many more looks have been made than by now.
    fileprivate func waitForFurtherPolls(_ count: Int) async throws {
        let mark = log.last
        try await wait(for: "\(count) further looks") {
            self.freshchatCalls(since: mark).count { $0 == EndToEnd.LostWebhooks.route } >= count
        }
    }
}
