import Simulators
import Testing

extension EndToEnd {
    @Suite("Opening the chat, unsubscribing, dead letters")
    struct Subscriptions {
        @Test("Who opens the chat is welcomed with the configured message, once")
        func welcome() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber(
                    settings: ["welcome_message": "Вітаємо! Чим допомогти? 🙂", "sender_name": "The shop"])
                let customer = stack.viber.addCustomer()
                stack.viber.customerOpensChat(customer, context: "from the site")
                try await stack.waitForPhone(of: customer) { !$0.isEmpty }
                let shown = try #require(stack.viber.phone(of: customer).first)
                #expect(shown.isWelcome)
                #expect(shown.text == "Вітаємо! Чим допомогти? 🙂")
                #expect(shown.senderName == "The shop")
                try await stack.customerWritesAndArrives(customer, "hello")
                #expect(stack.phone(customer).count == 1)
                #expect(stack.inbox(of: customer) == ["hello"], "opening the chat is no message")
                #expect(stack.refusals() == [])
            }
        }

        @Test("Without a welcome message the chat opens silently, and Viber is content with the answer")
        func noWelcome() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                stack.viber.customerOpensChat(customer)
                try await stack.waitForEntry("the callback") {
                    $0.kind == .webhook && $0.name == "conversation_started" && $0.status == 200
                }
                try await stack.customerWritesAndArrives(customer, "hello")
                #expect(stack.phone(customer) == [])
                #expect(stack.refusals() == [])
            }
        }

        @Test(
            "A reply to who has unsubscribed is a dead letter with one note to the agent, and can be sent again later")
        func deadLetter() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.viber.customerUnsubscribes(customer)
                try await stack.waitForEntry("the callback") {
                    $0.kind == .webhook && $0.name == "unsubscribed" && $0.status == 200
                }
                try stack.freshchat.agentReplies(in: conversation.id, "Are you still there?")
                try await stack.wait(for: "the private note") { !stack.notes(in: conversation.id).isEmpty }
                let note = try #require(stack.notes(in: conversation.id).first)
                #expect(note.contains("subscribed"), "\(note)")
                #expect(note.contains("Are you still there?"))

                let dead = try #require(try await stack.json("outbox", "--dead").array)
                #expect(dead.count == 1)
                #expect(dead[0]["text"]?.string == "Are you still there?")
                #expect(dead[0]["state"]?.string == "dead")
                #expect(dead[0]["direction"]?.string == "outbound")
                #expect(dead[0]["reason"]?.string?.contains("subscribed") == true)
                #expect(dead[0]["detail"]?.string?.contains("status 6") == true)
                let failures = stack.text(of: "byoc.log").split(separator: "\n").filter {
                    $0.contains("attempt failed")
                }
                #expect(failures.contains { $0.contains("\"action\":\"dead\"") }, "\(failures)")
                #expect(try await stack.installation(installed.id)["dead"]?.integer == 1)
                let shown = try await stack.run("delivery", "\(try #require(dead[0]["id"]?.integer))")
                #expect(
                    shown.output.contains("has left Viber: retrying won't help until they write again."), "\(shown)")
                let planned = try await stack.run("retry", "--dead", "--dry-run")
                #expect(
                    planned.errors.contains("has left Viber: retrying won't help until they write again."), "\(planned)"
                )

                // A message subscribes again; the dead letter stays dead until a person says otherwise.
                try await stack.customerWritesAndArrives(customer, "I am back")
                try await stack.agentRepliesAndArrives(conversation.id, "Good!", to: customer)
                #expect(stack.phone(customer) == ["Good!"])
                let id = try #require(dead[0]["id"]?.integer)
                let retried = try await stack.run("retry", "\(id)")
                #expect(retried.status == 0, "\(retried)")
                try await stack.waitForPhone(of: customer) { $0.count == 2 }
                #expect(stack.phone(customer) == ["Good!", "Are you still there?"])
                try await stack.waitForEmptyOutbox()
                #expect(stack.notes(in: conversation.id).count == 1)
                #expect(stack.inbox(of: customer) == ["hello", "I am back"])
            }
        }

        @Test("A dead letter can be discarded, and is gone for good")
        func discard() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.viber.inject(.apiStatus(3))
                try stack.freshchat.agentReplies(in: conversation.id, "refused by Viber")
                try await stack.wait(for: "the private note") { !stack.notes(in: conversation.id).isEmpty }
                let id = try #require(try await stack.json("outbox", "--dead")[0]?["id"]?.integer)
                #expect(try await stack.run("discard", "\(id)").status == 0)
                #expect(try await stack.json("outbox", "--dead") == [])
                #expect(try await stack.run("retry", "\(id)").status == 1)
                #expect(try await stack.run("retry", "999999").status == 1)
                try await stack.agentRepliesAndArrives(conversation.id, "next", to: customer)
                #expect(stack.phone(customer) == ["next"])
            }
        }

        @Test("Who subscribes again gets what is written from then on")
        func resubscribes() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.viber.customerUnsubscribes(customer)
                stack.viber.customerResubscribes(customer)
                try await stack.waitForEntry("the callback") {
                    $0.kind == .webhook && $0.name == "subscribed" && $0.status == 200
                }
                try await stack.agentRepliesAndArrives(conversation.id, "welcome back", to: customer)
                #expect(stack.inbox(of: customer) == ["hello"])
            }
        }

        @Test("A phone that rejects a message after Viber took it leaves one note, however many devices say so")
        func failedLater() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                try await stack.agentRepliesAndArrives(conversation.id, "an answer", to: customer)
                let token = try #require(stack.viber.phone(of: customer).first?.token)
                let failed: JSON = [
                    "event": "failed", "timestamp": 1_457_764_197_627, "message_token": .integer(token),
                    "user_id": .string(customer), "desc": "Rows out of range",
                ]
                for _ in 1...3 {
                    #expect(try await stack.postViber(failed.bytes, to: installed.targetURL).status == 200)
                }
                try await stack.wait(for: "the private note") { !stack.notes(in: conversation.id).isEmpty }
                try await stack.waitForEmptyOutbox()
                #expect(stack.notes(in: conversation.id).count == 1)
                #expect(stack.notes(in: conversation.id).first?.contains("Rows out of range") == true)
            }
        }
    }
}
