import Simulators
import Testing

extension EndToEnd {
    @Suite("Moving, renaming, changing and draining an installation")
    struct Moving {
        private static let customers = 10
        /// In each direction: 500 in all.
        private static let messages = 25

        @Test("Renaming keeps the id and everything else")
        func rename() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let renamed = try await stack.json("installation", "rename", installed.id, "Sales desk")
                #expect(renamed["id"]?.string == installed.id && renamed["name"]?.string == "Sales desk")
                let shown = try Installed(try await stack.run("show", installed.id, "--json"))
                #expect(shown.targetURL == installed.targetURL)
                #expect(shown.freshchatWebhookURL == installed.freshchatWebhookURL)
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "still there")
            }
        }

        @Test("Settings are changed by their keys, and mistakes are named without a change")
        func set() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let wrong = try await stack.run(
                    "installation", "set", installed.id, "text_limit=10", "resolved_policy=never", "auth_token=x",
                    "no_such=1")
                #expect(wrong.status == 1)
                for word in ["text_limit", "resolved_policy", "auth_token: is a secret", "no_such: unknown setting"] {
                    #expect(wrong.errors.contains(word), "\(word)")
                }
                let changed = try await stack.json(
                    "installation", "set", installed.id, "sender_name=Acme", "text_limit=2000",
                    "resolved_policy=new_conversation", "doubt_policy=hold", "forward_system=yes")
                #expect(changed["settings"]?["sender_name"]?.string == "Acme")
                #expect(changed["textLimit"]?.integer == 2000)
                #expect(changed["resolvedPolicy"]?.string == "new_conversation")
                #expect(changed["doubtPolicy"]?.string == "hold")
                #expect(changed["forwardsSystemLines"] == true)
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "first")
                try stack.freshchat.resolve(conversation.id)
                try await stack.settle()
                stack.viber.customerWrites(customer, "second")
                try await stack.wait(for: "a new conversation") { stack.conversations(of: customer).count == 2 }
            }
        }

        @Test(
            "Moved to another topic with 500 messages waiting: none is lost, old conversations stay, new ones open there"
        )
        func move() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customers = try await Self.conversations(stack)
                try await Self.fill(stack, installed, customers)
                let unknown = try await stack.run("installation", "move", installed.id, "--topic", "Telegraph")
                #expect(unknown.status == 1 && unknown.errors.contains("Telegraph"), "\(unknown)")
                let moved = try await stack.json("installation", "move", installed.id, "--topic", stack.foreignTopic)
                #expect(moved["topic"]?.string == stack.foreignTopic)
                #expect(moved["formerTopics"]?.array?.compactMap(\.string) == [stack.topic])
                #expect(moved["targetURL"]?.string == installed.targetURL)
                #expect(try await stack.run("resume", installed.id).status == 0)
                let (questions, answers) = (Self.questions, Self.answers)
                for customer in customers {
                    try await stack.waitForPhone(of: customer) { $0.count >= answers.count }
                    try await stack.wait(for: "the messages on the new topic") {
                        Self.inbox(stack, customer, on: stack.foreignTopic).count >= questions.count
                    }
                }
                try await stack.settle()
                try await stack.waitForEmptyOutbox()
                for customer in customers {
                    #expect(stack.inbox(of: customer) == ["hello"], "nothing more on the old topic")
                    #expect(Self.inbox(stack, customer, on: stack.foreignTopic) == questions)
                    #expect(stack.phone(customer) == answers)
                    #expect(stack.users(of: customer).count == 1)
                }
                let old = try #require(stack.conversations(of: customers[0]).first)
                try await stack.agentRepliesAndArrives(old.id, "from the old conversation", to: customers[0])
            }
        }

        @Test("Uninstalled with 500 messages waiting: it accepts nothing more, delivers all of them, and is gone then")
        func drain() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customers = try await Self.conversations(stack)
                try await Self.fill(stack, installed, customers)
                stack.viber.inject(.status(500, route: "POST /send_message", count: 0))
                let forgetting = try await stack.run("uninstall", installed.id, "--yes", "--forget-history")
                #expect(forgetting.status == 1 && forgetting.errors.contains("--now"), "\(forgetting)")
                let drained = try await stack.json("uninstall", installed.id, "--yes")
                #expect(drained["state"]?.string == "draining")
                #expect(try await stack.state(of: installed.id) == "draining")

                // A late message is kept for an installation that may come.
                let body = ViberSamples.message("too late", from: customers[0], token: 5_851_650_804_048_782_010)
                #expect(try await stack.postViber(body, to: installed.targetURL).status == 200)
                #expect(try await stack.run("installations").output.contains("1 message for viber-acct-"))
                stack.viber.clearFaults()
                for customer in customers {
                    try await stack.waitForInbox(of: customer) { $0.count > Self.messages }
                    try await stack.waitForPhone(of: customer) { $0.count >= Self.messages }
                }
                try await poll("the removal") { try await stack.json("installations").array == [] }
                try await stack.settle()
                for customer in customers {
                    #expect(stack.inbox(of: customer) == ["hello"] + Self.questions)
                    #expect(stack.phone(customer) == Self.answers)
                }
                // The same bot again: what was kept arrives.
                _ = try await stack.installViber()
                try await stack.waitForInbox(of: customers[0]) { $0.last == "too late" }
            }
        }

        @Test("With --now, what waits is discarded and the installation is removed at once")
        func now() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                #expect(try await stack.run("pause", installed.id).status == 0)
                stack.viber.customerWrites(customer, "never")
                try await poll("the waiting message") {
                    try await stack.installation(installed.id)["waiting"]?.integer == 1
                }
                let removed = try await stack.json("uninstall", installed.id, "--yes", "--now")
                #expect(removed["state"]?.string == "removed")
                #expect(try await stack.json("installations") == [])
                #expect(stack.viber.webhook() == nil)
                #expect(stack.inbox(of: customer) == ["hello"])
            }
        }

        private static var questions: [String] { (1...messages).map { "question \($0)" } }
        private static var answers: [String] { (1...messages).map { "answer \($0)" } }

        private static func conversations(_ stack: ByocStack) async throws -> [String] {
            let ids = (1...customers).map { stack.viber.addCustomer(name: "Customer \($0)") }
            for id in ids { stack.viber.customerWrites(id, "hello") }
            for id in ids { try await stack.waitForInbox(of: id) { $0 == ["hello"] } }
            try await stack.waitForEmptyOutbox()
            return ids
        }

        /// Pauses it, and lets customers and agents write meanwhile.
        private static func fill(_ stack: ByocStack, _ installed: Installed, _ customers: [String]) async throws {
            #expect(try await stack.run("pause", installed.id).status == 0)
            for customer in customers {
                let conversation = try #require(stack.conversations(of: customer).first)
                for text in questions { stack.viber.customerWrites(customer, text) }
                for text in answers { try stack.freshchat.agentReplies(in: conversation.id, text) }
            }
            try await stack.settle()
            let wanted = 2 * messages * customers.count
            try await poll("\(wanted) waiting messages") {
                try await stack.installation(installed.id)["waiting"]?.integer == Int64(wanted)
            }
        }

        private static func inbox(_ stack: ByocStack, _ customer: String, on topic: String) -> [String] {
            stack.users(of: customer).flatMap { stack.freshchat.conversations(ofUser: $0.id) }
                .filter { $0.topicID == topic }.flatMap { stack.freshchat.messages(in: $0.id) }
                .filter { $0.actorType == "user" }.map(\.text)
        }
    }
}
