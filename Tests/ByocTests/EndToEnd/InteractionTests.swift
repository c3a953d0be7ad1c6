import Simulators
import Testing

extension EndToEnd {
    @Suite("The interactions")
    struct Interactions {
        @Test("Installing, a customer's message, an agent's answer and uninstalling")
        func fourInteractions() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let handshake = try #require(
                    stack.log.entries().first { $0.kind == .webhook && $0.name == "webhook" })
                let registration = try #require(stack.log.entries().first { $0.name == "webhook.set" })
                #expect(handshake.status == 200)
                #expect(handshake.number < registration.number, "the handshake comes during the call")
                #expect(stack.viber.webhook()?.url == installed.targetURL)

                let text = "Добрий день 👋🏽! Чи є у вас «кавники»? 👩‍👩‍👧‍👦\nДякую"
                let customer = stack.viber.addCustomer(name: "Олена ☺")
                let conversation = try await stack.customerWritesAndArrives(customer, text)
                #expect(stack.inbox(of: customer) == [text])
                #expect(conversation.topicID == stack.topic)
                let user = try #require(stack.users(of: customer).first)
                #expect(stack.users(of: customer).count == 1)
                #expect(user.firstName == "Олена ☺")
                #expect(user.fields["avatar"]?["url"]?.string == stack.viber.customer(customer)?.avatar)
                #expect(conversation.userID == user.id)

                try await stack.agentRepliesAndArrives(conversation.id, "Так, звісно ☕️", to: customer)
                try stack.freshchat.agentReplies(
                    in: conversation.id, "I can help too", agent: stack.about.freshchat.agents[1].id)
                try await stack.waitForPhone(of: customer) { $0.count >= 2 }
                #expect(stack.phone(customer) == ["Так, звісно ☕️", "I can help too"])
                #expect(stack.viber.phone(of: customer).map(\.senderName) == ["Denise", "Tomas"])

                let removed = try await stack.run("uninstall", installed.id, "--json", "--yes")
                #expect(removed.status == 0, "\(removed)")
                #expect(stack.viber.webhook() == nil)
                #expect(try await stack.json("installations") == [])
                #expect(try await stack.run("show", installed.id).status == 1)
                #expect(try await stack.postViber([], to: installed.targetURL).status == 404)
                #expect(try await stack.post(installed.freshchatWebhookURL, []).status == 404)
                #expect(try await stack.post(installed.productEventURL, []).status == 404)
                #expect(stack.refusals() == [])
            }
        }

        @Test("In the steady state a customer's message costs exactly one call of Freshchat's API")
        func steadyState() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "the first")
                try await stack.agentRepliesAndArrives(conversation.id, "an answer", to: customer)
                // The second one: whatever followed the first is over when this is there.
                try await stack.customerWritesAndArrives(customer, "the second")
                let mark = stack.log.last
                let texts = (1...5).map { "further \($0)" }
                for text in texts { try await stack.customerWritesAndArrives(customer, text) }
                let route = "POST /conversations/{id}/messages"
                try await stack.wait(for: "the answers of the API") {
                    stack.freshchatCalls().count { $0 == route } >= 1 + texts.count
                }
                // The answer of the second message's call may have been logged after the mark.
                let calls = stack.freshchatCalls(since: mark)
                #expect(Set(calls) == [route])
                #expect(stack.freshchatCalls().count { $0 == route } == 1 + texts.count)
            }
        }

        @Test(
            "Neither a secret nor a secret URL is in any log, or in what the commands print besides what is to be pasted"
        )
        func noSecretsInLogs() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                try await stack.agentRepliesAndArrives(conversation.id, "good day", to: customer)
                stack.viber.inject(.apiStatus(2))
                try stack.freshchat.agentReplies(in: conversation.id, "again")
                try await poll("the pause") { try await stack.state(of: installed.id) == "paused" }
                _ = try await stack.post(installed.targetURL, Array("nonsense".utf8))
                let listed = try await stack.run("installations", "--json")
                let shown = try await stack.run("show", installed.id)
                #expect(try await stack.stopServing() == 0)

                let urls = [installed.targetURL, installed.freshchatWebhookURL, installed.productEventURL]
                let tokens = [stack.about.viber.token, stack.about.freshchat.token]
                for secret in tokens + urls.compactMap({ $0.split(separator: "/").last.map(String.init) }) {
                    for file in ["byoc.log", "nginx.error.log", "nginx.access.log", "nginx.out"] {
                        #expect(!stack.text(of: file).contains(secret), "\(file)")
                    }
                    #expect(!listed.output.contains(secret))
                }
                for token in tokens { #expect(!shown.output.contains(token)) }
                #expect(stack.text(of: "nginx.access.log").contains("/hook/***"))
            }
        }
    }
}
