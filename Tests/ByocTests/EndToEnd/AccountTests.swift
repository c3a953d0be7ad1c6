import Simulators
import Testing

extension EndToEnd {
    @Suite("Installations that share an account")
    struct Accounts {
        private static let second = ViberBot(
            token: "50a1b2c3d4e5f607-1828384858687888-98a8b8c8d8e8f808", name: "Second", id: "pa:2")
        private static let sandbox = SandboxConfiguration.forTests { $0.bots.append(second) }

        /// Two bots on one Freshchat account.
        private static func install(_ stack: ByocStack, onOneTopic: Bool) async throws -> (Installed, Installed) {
            let one = try await stack.installViber()
            let two = try await stack.installViber(
                topic: onOneTopic ? nil : stack.foreignTopic, secrets: ["auth_token": second.token])
            return (one, two)
        }

        /// A customer of the second bot writes, and the text arrives.
        private static func writes(_ stack: ByocStack, _ customer: String, _ text: String) async throws
            -> FreshchatConversation
        {
            stack.viber.customerWrites(customer, text, bot: 1)
            try await stack.wait(for: "the second bot's customer") { inboxOfAll(stack, customer).contains(text) }
            let conversations = stack.users(of: customer).flatMap { stack.freshchat.conversations(ofUser: $0.id) }
            return try #require(conversations.last)
        }

        /// The customer's messages on any topic.
        private static func inboxOfAll(_ stack: ByocStack, _ customer: String) -> [String] {
            stack.users(of: customer).flatMap { stack.freshchat.conversations(ofUser: $0.id) }
                .flatMap { stack.freshchat.messages(in: $0.id) }.filter { $0.actorType == "user" }.map(\.text)
        }

        @Test("Each reply leaves by the right installation, on one topic and on two", arguments: [true, false])
        func replies(onOneTopic: Bool) async throws {
            try await withByocStack(sandbox: Self.sandbox) { stack in
                let (one, two) = try await Self.install(stack, onOneTopic: onOneTopic)
                #expect(one.freshchatWebhookURL == two.freshchatWebhookURL, "one account, one webhook")
                #expect(one.targetURL != two.targetURL)
                let first = stack.viber.addCustomer(name: "First")
                let second = stack.viber.addCustomer(name: "Second", bot: 1)
                let ofFirst = try await stack.customerWritesAndArrives(first, "to the first bot")
                let ofSecond = try await Self.writes(stack, second, "to the second bot")
                #expect(ofFirst.topicID == stack.topic)
                #expect(ofSecond.topicID == (onOneTopic ? stack.topic : stack.foreignTopic))
                try stack.freshchat.agentReplies(in: ofFirst.id, "from the first")
                try stack.freshchat.agentReplies(in: ofSecond.id, "from the second")
                try await stack.wait(for: "both replies") {
                    stack.phone(first) == ["from the first"]
                        && stack.viber.phone(of: second, bot: 1).map(\.text) == ["from the second"]
                }
                try await stack.settle()
                try await stack.waitForEmptyOutbox()
                #expect(stack.phone(first).count == 1 && stack.viber.phone(of: second, bot: 1).count == 1)
                for conversation in [ofFirst, ofSecond] { #expect(stack.notes(in: conversation.id) == []) }
            }
        }

        @Test("The doctor names two installations that turn out to be at one address of one account")
        func sharedAddress() async throws {
            try await withByocStack(sandbox: Self.sandbox) { stack in
                let (one, two) = try await Self.install(stack, onOneTopic: true)
                #expect(try await stack.doctor()["Address"] == nil)
                try await stack.alter(
                    "\(stack.dataFolder)/byoc.sqlite",
                    "UPDATE channel_accounts SET identity = (SELECT min(identity) FROM channel_accounts)")
                let finding = try #require(try await stack.doctor()["Address"])
                #expect(
                    finding.severity == "error" && finding.problem.contains("\(one.id) and \(two.id)"), "\(finding)")
                #expect(finding.remedy.contains("byoc uninstall \(two.id)"))
            }
        }

        @Test("byoc accounts lists both kinds with their installations, and no secret")
        func list() async throws {
            try await withByocStack(sandbox: Self.sandbox) { stack in
                let (one, two) = try await Self.install(stack, onOneTopic: false)
                let accounts = try #require(try await stack.json("accounts").array)
                #expect(accounts.count == 3)
                let desk = try #require(accounts.first { $0["kind"]?.string == "helpdesk" })
                #expect(Set(desk["installations"]?.array?.compactMap(\.string) ?? []) == [one.id, two.id])
                #expect(desk["id"]?.string?.hasPrefix("freshchat-") == true)
                let channels = accounts.filter { $0["kind"]?.string == "channel" }
                #expect(channels.allSatisfy { $0["id"]?.string?.hasPrefix("viber-acct-") == true })
                #expect(Set(channels.compactMap { $0["identity"]?.string }) == [stack.about.viber.botID, "pa:2"])
                for output in [
                    try await stack.run("accounts").output, try await stack.run("accounts", "--json").output,
                ] {
                    for url in [one.targetURL, two.targetURL, one.freshchatWebhookURL] {
                        #expect(!output.contains(url))
                    }
                    for secret in [stack.about.viber.token, stack.about.freshchat.token] {
                        #expect(!output.contains(secret))
                    }
                }
            }
        }

        @Test("A refused Freshchat token pauses both installations, and one new token resumes both")
        func refusedToken() async throws {
            try await withByocStack(sandbox: Self.sandbox) { stack in
                let (one, two) = try await Self.install(stack, onOneTopic: false)
                let first = stack.viber.addCustomer(name: "First")
                let second = stack.viber.addCustomer(name: "Second", bot: 1)
                try await stack.customerWritesAndArrives(first, "hello")
                let conversation = try await Self.writes(stack, second, "hello too")
                stack.freshchat.replaceToken(with: "the-new-one")
                stack.viber.customerWrites(first, "waits")
                try await poll("the pause of both") {
                    let states = [try await stack.state(of: one.id), try await stack.state(of: two.id)]
                    return states == ["paused", "paused"]
                }
                stack.viber.customerWrites(second, "waits too", bot: 1)
                try await poll("the reason") {
                    try await stack.run("outbox").output.contains("The Freshchat account is paused: ")
                }
                #expect(try await stack.run("outbox").output.contains("Replacing its credential resumes it."))
                let finding = try #require(try await stack.doctor()["State"])
                #expect(finding.problem.contains("the Freshchat account is paused"), "\(finding)")
                #expect(finding.remedy.contains("--kind freshchat-token"))
                // The other side isn't concerned: what agents write still leaves.
                try stack.freshchat.agentReplies(in: conversation.id, "still sent")
                try await stack.wait(for: "the reply") {
                    stack.viber.phone(of: second, bot: 1).map(\.text) == ["still sent"]
                }
                let replaced = try await stack.run(
                    "set-key", two.id, "--kind", "freshchat-token", input: "the-new-one\n")
                #expect(replaced.status == 0, "\(replaced)")
                try await stack.waitForInbox(of: first) { $0 == ["hello", "waits"] }
                try await stack.wait(for: "the other's message") {
                    Self.inboxOfAll(stack, second) == ["hello too", "waits too"]
                }
                #expect(try await stack.state(of: one.id) == "active")
                #expect(try await stack.state(of: two.id) == "active")
            }
        }
    }
}
