import NIOHTTP1
import Simulators
import Testing

extension EndToEnd {
    @Suite("When the far sides fail")
    struct Faults {
        /// How a far side may say when to come back.
        struct Spelling: Sendable {
            var retryAfter: Int
            var meaning: FreshchatKnobs.ResetMeaning
            var omitsDash = false
        }

        @Test("A 429 of Freshchat loses and doubles nothing, however it says when to come back")
        func tooManyRequests() async throws {
            let spellings = [
                Spelling(retryAfter: 1, meaning: .epochSeconds), Spelling(retryAfter: -1, meaning: .epochSeconds),
                Spelling(retryAfter: -1, meaning: .epochMilliseconds),
                Spelling(retryAfter: -1, meaning: .secondsToWait),
                Spelling(retryAfter: -1, meaning: .epochSeconds, omitsDash: true),
                Spelling(retryAfter: -1, meaning: .secondsToWait, omitsDash: true),
            ]
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                var expected = ["hello"]
                for (index, spelling) in spellings.enumerated() {
                    stack.freshchat.knobs.resetMeaning = spelling.meaning
                    stack.freshchat.knobs.omitsResetDash = spelling.omitsDash
                    stack.freshchat.inject(.status(429, retryAfterSeconds: spelling.retryAfter))
                    let texts = (1...3).map { "\(index).\($0)" }
                    expected += texts
                    let wanted = expected
                    for text in texts { stack.viber.customerWrites(customer, text) }
                    try await stack.waitForInbox(of: customer) { $0.count >= wanted.count }
                    #expect(stack.freshchat.faults == [])
                    #expect(stack.inbox(of: customer) == wanted)
                }
            }
        }

        @Test("A 429 for one customer holds the others of the same account back as well, and then all go on")
        func gate() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customers = (1...5).map { stack.viber.addCustomer(name: "Customer \($0)") }
                stack.freshchat.inject(.status(429, count: 3, retryAfterSeconds: 1))
                for customer in customers { stack.viber.customerWrites(customer, "hello") }
                for customer in customers { try await stack.waitForInbox(of: customer) { !$0.isEmpty } }
                try await stack.waitForEmptyOutbox()
                for customer in customers {
                    #expect(stack.inbox(of: customer) == ["hello"])
                    #expect(stack.users(of: customer).count == 1)
                }
            }
        }

        static let calls = [
            "GET /users", "POST /users", "GET /users/{id}/conversations", "POST /conversations",
            "POST /conversations/{id}/messages",
        ]

        static let mishaps: [@Sendable (String) -> Fault] = [
            { .status(500, moment: .before, route: $0, count: 2) }, { .status(500, moment: .after, route: $0) },
            { .reset(.before, route: $0) }, { .reset(.after, route: $0) },
            { .status(503, moment: .after, route: $0, body: .html) },
            { .status(404, moment: .before, route: $0, body: .html) },
            { .status(200, moment: .before, route: $0, body: .html) },
            { .status(200, moment: .after, route: $0, body: .html) },
            { .status(200, moment: .before, route: $0) },
            { .status(304, moment: .after, route: $0, body: .empty) },
        ]

        @Test("One 400 with unknown words makes one dead letter, and the customer stays in their conversation")
        func unknownRefusal() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.freshchat.inject(.status(400, route: "POST /conversations/{id}/messages"))
                for text in ["refused", "next"] { stack.viber.customerWrites(customer, text) }
                try await stack.waitForInbox(of: customer) { $0.count >= 2 }
                #expect(stack.inbox(of: customer) == ["hello", "next"])
                #expect(stack.conversations(of: customer).map(\.id) == [conversation.id])
                let dead = try #require(try await stack.json("outbox", "--dead").array)
                #expect(dead.map { $0["text"]?.string } == ["refused"])
                #expect(dead.first?["detail"]?.string?.contains("INVALID_VALUE: injected") == true)
                try await stack.wait(for: "the private note") { !stack.notes(in: conversation.id).isEmpty }
            }
        }

        @Test("A fault in the middle of any call to Freshchat, before or after it was done, loses and doubles nothing")
        func everyCall() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                for call in Self.calls {
                    for (index, mishap) in Self.mishaps.enumerated() {
                        let customer = stack.viber.addCustomer(name: "\(call) \(index)")
                        if call == "GET /users/{id}/conversations" {
                            // Only of a user who is known already the conversations are asked for.
                            stack.freshchat.addUser(fields: [
                                "reference_id": .string("viber:\(customer)"), "first_name": "x",
                            ])
                        }
                        stack.freshchat.inject(mishap(call))
                        for text in ["one", "two", "three"] { stack.viber.customerWrites(customer, text) }
                        try await stack.waitForInbox(of: customer) { $0.count >= 3 }
                        #expect(stack.freshchat.faults == [], "\(call) \(index): it was not called")
                        #expect(stack.inbox(of: customer) == ["one", "two", "three"], "\(call) \(index)")
                        #expect(stack.users(of: customer).count == 1, "\(call) \(index)")
                        #expect(stack.conversations(of: customer).count == 1, "\(call) \(index)")
                        stack.freshchat.clearFaults()
                    }
                }
                try await stack.waitForEmptyOutbox()
                #expect(stack.conversationTexts.allSatisfy { $0 == ["one", "two", "three"] })
            }
        }

        @Test("A 401 of Freshchat pauses the installation; with a new token everything that waited goes on in order")
        func freshchatToken() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.freshchat.replaceToken(with: "a-new-token")
                for text in ["one", "two", "three"] { stack.viber.customerWrites(customer, text) }
                try await poll("the pause") { try await stack.state(of: installed.id) == "paused" }
                let view = try await stack.installation(installed.id)
                #expect(view["reason"]?.string?.contains("Freshchat") == true, "\(view.text)")
                try await stack.settle()
                #expect(stack.inbox(of: customer) == ["hello"])

                let refused = try await stack.run(
                    "set-key", installed.id, "--kind", "freshchat-token", input: "wrong\n")
                #expect(refused.status == 1)
                #expect(refused.errors.contains("Freshchat"))
                #expect(try await stack.state(of: installed.id) == "paused")

                let changed = try await stack.run(
                    "set-key", installed.id, "--kind", "freshchat-token", input: "a-new-token\n")
                #expect(changed.status == 0, "\(changed)")
                try await stack.waitForInbox(of: customer) { $0.count >= 4 }
                #expect(stack.inbox(of: customer) == ["hello", "one", "two", "three"])
                #expect(try await stack.state(of: installed.id) == "active")
                try await stack.agentRepliesAndArrives(conversation.id, "an answer", to: customer)
            }
        }

        @Test("Viber's status 2 pauses the installation; with the bot's new token everything goes on")
        func viberToken() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let token = "60a1b2c3d4e5f607-1828384858687888-98a8b8c8d8e8f808"
                stack.viber.replaceToken(with: token)
                for text in ["one", "two"] { try stack.freshchat.agentReplies(in: conversation.id, text) }
                try await poll("the pause") { try await stack.state(of: installed.id) == "paused" }
                #expect(try await stack.installation(installed.id)["reason"]?.string?.contains("token") == true)
                #expect(stack.phone(customer) == [])

                let changed = try await stack.run("set-key", installed.id, "--kind", "channel-secret", input: token)
                #expect(changed.status == 0, "\(changed)")
                try await stack.waitForPhone(of: customer) { $0.count >= 2 }
                #expect(stack.phone(customer) == ["one", "two"])
                // Callbacks are signed with the new token.
                try await stack.customerWritesAndArrives(customer, "signed anew")
            }
        }

        @Test("A pause by hand keeps everything, and resuming sends it on")
        func pauseByHand() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                #expect(try await stack.run("pause", installed.id).status == 0)
                for text in ["one", "two"] { stack.viber.customerWrites(customer, text) }
                try stack.freshchat.agentReplies(in: conversation.id, "an answer")
                try await stack.settle()
                try await stack.restartServing()
                #expect(try await stack.installation(installed.id)["waiting"]?.integer == 3)
                #expect(stack.inbox(of: customer) == ["hello"])
                #expect(try await stack.run("resume", installed.id).status == 0)
                try await stack.waitForInbox(of: customer) { $0.count >= 3 }
                try await stack.waitForPhone(of: customer) { !$0.isEmpty }
                #expect(stack.inbox(of: customer) == ["hello", "one", "two"])
                #expect(stack.phone(customer) == ["an answer"])
            }
        }

        @Test("Viber's status 12 makes the answers wait until the customer writes, then they come in order")
        func hourlyLimit() async throws {
            let configuration = SandboxConfiguration.forTests { $0.viberKnobs.hourlyLimit = 3 }
            try await withByocStack(sandbox: configuration) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let answers = (1...5).map { "answer \($0)" }
                for answer in answers { try stack.freshchat.agentReplies(in: conversation.id, answer) }
                try await stack.waitForPhone(of: customer) { $0.count >= 3 }
                try await poll("the reason in the outbox") {
                    try await stack.json("outbox", "--waiting").array?
                        .contains { $0["detail"]?.string?.contains("status 12") == true } == true
                }
                #expect(try await stack.state(of: installed.id) == "active")
                #expect(stack.phone(customer) == Array(answers.prefix(3)))
                try await stack.customerWritesAndArrives(customer, "go on")
                try await stack.waitForPhone(of: customer) { $0.count >= 5 }
                #expect(stack.phone(customer) == answers)
                #expect(stack.notes(in: conversation.id) == [])
            }
        }

        @Test("When Viber has lost the webhook, byoc registers it again and the answer arrives")
        func lostWebhook() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                _ = try await stack.request(
                    .POST, "\(stack.about.viber.url)/set_webhook",
                    headers: [("X-Viber-Auth-Token", stack.about.viber.token)], body: Array(#"{"url":""}"#.utf8))
                #expect(stack.viber.webhook() == nil)
                try await stack.agentRepliesAndArrives(conversation.id, "an answer", to: customer)
                #expect(stack.viber.webhook()?.url == installed.targetURL)
                try await stack.customerWritesAndArrives(customer, "still connected")
            }
        }

        @Test(
            "Faults of Viber: nothing is lost, nothing is out of order, and nothing is doubled that was surely not sent"
        )
        func viberFaults() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let route = "POST /send_message"
                let faults: [Fault] = [
                    .status(500, route: route, count: 2), .status(503, route: route, body: .html),
                    .reset(.before, route: route),
                    .status(429, route: route, retryAfterSeconds: 1), .apiStatus(99, route: route),
                ]
                var expected: [String] = []
                for (index, fault) in faults.enumerated() {
                    stack.viber.inject(fault)
                    let texts = (1...2).map { "\(index).\($0)" }
                    expected += texts
                    let wanted = expected
                    for text in texts { try stack.freshchat.agentReplies(in: conversation.id, text) }
                    try await stack.waitForPhone(of: customer) { $0.count >= wanted.count }
                    #expect(stack.phone(customer) == wanted, "\(index)")
                }
            }
        }

        @Test(
            "A reply of which it is unknown whether Viber took it is sent again, or held, as the setting says",
            arguments: ["resend", "hold"])
        func doubt(policy: String) async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_DOUBT_POLICY": policy] }
            try await withByocStack(options) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.viber.inject(.reset(.after, route: "POST /send_message"))
                try stack.freshchat.agentReplies(in: conversation.id, "in doubt")
                if policy == "resend" {
                    try await stack.waitForPhone(of: customer) { $0.count >= 2 }
                    #expect(stack.phone(customer) == ["in doubt", "in doubt"])
                    #expect(stack.notes(in: conversation.id) == [])
                } else {
                    try await stack.wait(for: "the private note") { !stack.notes(in: conversation.id).isEmpty }
                    let held = try #require(try await stack.json("outbox", "--held").array)
                    #expect(held.count == 1)
                    #expect(held.first?["text"]?.string == "in doubt")
                    #expect(stack.phone(customer) == ["in doubt"])
                    let id = try #require(held.first?["id"]?.integer)
                    #expect(try await stack.run("retry", "\(id)", "--yes").status == 0)
                    try await stack.waitForPhone(of: customer) { $0.count >= 2 }
                    #expect(stack.notes(in: conversation.id).count == 1)
                }
                try await stack.agentRepliesAndArrives(conversation.id, "the end", to: customer)
                #expect(stack.phone(customer) == ["in doubt", "in doubt", "the end"])
            }
        }
    }
}

extension ByocStack {
    /// The customers' texts of every conversation.
    fileprivate var conversationTexts: [[String]] {
        freshchat.conversations().map { conversation in
            freshchat.messages(in: conversation.id).filter { $0.actorType == "user" }.map(\.text)
        }
    }
}
