import Simulators
import Testing

extension EndToEnd {
    @Suite("Resolved conversations, and what else Freshchat may answer")
    struct Ladder {
        @Test(
            "A message into a resolved conversation arrives once, whatever the account does with those",
            arguments: [FreshchatKnobs.ResolvedMode.reopen, .latestOnly, .fail], [true, false])
        func resolved(mode: FreshchatKnobs.ResolvedMode, hearsOfIt: Bool) async throws {
            let configuration = SandboxConfiguration.forTests { $0.freshchatKnobs.resolvedMode = mode }
            try await withByocStack(sandbox: configuration) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let first = try await stack.customerWritesAndArrives(customer, "hello")
                try await stack.agentRepliesAndArrives(first.id, "an answer", to: customer)
                if !hearsOfIt { stack.freshchat.setWebhook(nil) }
                try stack.freshchat.resolve(first.id)
                try await stack.settle()
                stack.freshchat.setWebhook(installed.freshchatWebhookURL)

                for text in ["again", "and again"] { stack.viber.customerWrites(customer, text) }
                try await stack.waitForInbox(of: customer) { $0.count >= 3 }
                #expect(stack.inbox(of: customer) == ["hello", "again", "and again"])
                #expect(stack.users(of: customer).count == 1)
                #expect(stack.conversations(of: customer).count == (mode == .latestOnly ? 2 : 1))
                let now = try #require(stack.conversations(of: customer).last)
                #expect(now.status != "resolved")
                try await stack.agentRepliesAndArrives(now.id, "another answer", to: customer)
                #expect(stack.phone(customer) == ["an answer", "another answer"])
            }
        }

        @Test("With the policy new_conversation a resolved one is left alone")
        func newConversation() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_FRESHCHAT_RESOLVED_POLICY": "new_conversation"] }
            try await withByocStack(options) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let first = try await stack.customerWritesAndArrives(customer, "hello")
                try stack.freshchat.resolve(first.id)
                try await stack.settle()
                for text in ["again", "and again"] { stack.viber.customerWrites(customer, text) }
                try await stack.waitForInbox(of: customer) { $0.count >= 3 }
                let conversations = stack.conversations(of: customer)
                #expect(conversations.count == 2)
                #expect(conversations.first?.status == "resolved")
                #expect(stack.inbox(of: customer) == ["hello", "again", "and again"])
            }
        }

        /// What an account may do otherwise than others.
        static let variants: [@Sendable (inout FreshchatKnobs) -> Void] = [
            { $0.omitsCreatedMessages = true },
            { $0.createStatus = 202 },
            { $0.createMode = .reuseOpen },
            {
                $0.omitsCreatedMessages = true
                $0.createStatus = 202
                $0.createMode = .reuseOpen
                $0.deliversBeforeAnswer = true
                $0.uniqueReferenceIDs = true
            },
            { $0.pathIDs = .both },
            { $0.idFlavour = .alias },
            { $0.conversationOrder = .oldestFirst },
            { $0.refusesLargePages = true },
            { $0.writesSystemLines = false },
        ]

        @Test("Whatever Freshchat answers otherwise, each message arrives once", arguments: variants.indices)
        func variant(index: Int) async throws {
            let configuration = SandboxConfiguration.forTests { Self.variants[index](&$0.freshchatKnobs) }
            try await withByocStack(sandbox: configuration) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                for text in ["one", "two", "three"] { stack.viber.customerWrites(customer, text) }
                try await stack.waitForInbox(of: customer) { $0.count >= 3 }
                let conversation = try #require(stack.conversations(of: customer).last)
                try await stack.agentRepliesAndArrives(conversation.id, "an answer", to: customer)
                try stack.freshchat.resolve(conversation.id)
                try await stack.settle()
                try await stack.customerWritesAndArrives(customer, "four")
                try await stack.waitForEmptyOutbox()
                #expect(stack.inbox(of: customer) == ["one", "two", "three", "four"])
                #expect(stack.users(of: customer).count == 1)
                #expect(stack.conversations(of: customer).count == 1)
                #expect(stack.phone(customer) == ["an answer"])
            }
        }

        @Test("In an account whose paths take only a conversation's number, each message still arrives once, in order")
        func numbersOnly() async throws {
            let configuration = SandboxConfiguration.forTests { $0.freshchatKnobs.pathIDs = .numeric }
            try await withByocStack(sandbox: configuration) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                for text in ["one", "two", "three"] { stack.viber.customerWrites(customer, text) }
                try await stack.waitForInbox(of: customer) { $0.count >= 3 }
                try await stack.waitForEmptyOutbox()
                #expect(stack.inbox(of: customer) == ["one", "two", "three"])
                #expect(stack.users(of: customer).count == 1)
            }
        }

        @Test("A customer whom Freshchat knows already, with an open conversation, goes on in it")
        func knownBefore() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let user = stack.freshchat.addUser(
                    fields: ["reference_id": .string("viber:\(customer)"), "first_name": "Known before"])
                let foreign = try stack.freshchat.startConversation(
                    with: user.id, onTopic: stack.foreignTopic, "about something else")
                let ours = try stack.freshchat.startConversation(with: user.id, onTopic: stack.topic, "before byoc")
                let found = try await stack.customerWritesAndArrives(customer, "hello")
                #expect(found.id == ours.id)
                #expect(stack.inbox(of: customer) == ["before byoc", "hello"])
                #expect(stack.freshchat.messages(in: foreign.id).count == 1)
                #expect(stack.users(of: customer).count == 1)
            }
        }
    }
}
