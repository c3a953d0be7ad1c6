import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import Testing

@Suite("A customer writes into a conversation that is over")
struct MovingOnTests {
    let fake = FakeFreshchat()
    let memory = Memory()
    var helpdesk: FreshchatHelpdesk { FreshchatHelpdesk(now: fake.now) }

    private func post(
        _ text: String = "hi", into conversation: HelpdeskConversationID = "C1",
        policy: Installation.ResolvedPolicy = .reopen
    ) async throws -> HelpdeskMessageID? {
        try await helpdesk.post(
            memory.piece(text, user: "U1", conversation: conversation, policy: policy), account: makeAccount(),
            over: fake, keeper: memory)
    }

    @Test("An account that reopens by itself needs one call")
    func reopensItself() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved")])
        _ = try await post()
        #expect(fake.calls.count == 1)
        #expect(fake.conversations[0].status == "reopened")
    }

    @Test("A resolved conversation is reopened and the message sent again", arguments: ["new", "reopened"])
    func reopens(word: String) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "Resolved".lowercased())])
        fake.set {
            $0.resolvedMode = .fail
            $0.reopenWord = word
        }
        let id = try await post()
        #expect(id == "M1")
        #expect(fake.texts(in: "C1") == ["hi"])
        #expect(fake.calls.filter { $0 == "PUT /conversations/C1" }.count == (word == "new" ? 1 : 2))
        #expect(memory.conversations.isEmpty)
    }

    @Test("With the policy of new conversations a resolved one stays resolved")
    func newConversation() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved")])
        fake.set { $0.resolvedMode = .fail }
        _ = try await post(policy: .newConversation)
        #expect(fake.conversations.map(\.status) == ["resolved", "new"])
        #expect(fake.texts(in: "C2") == ["hi"])
        #expect(memory.conversations == ["C2"])
    }

    @Test("When the account can't reopen, the message goes to the newest open conversation on the topic")
    func movesToOpenOne() async throws {
        fake.seed(
            users: 1,
            conversations: [
                .init("topic-1", "resolved", age: 900), .init("topic-1", "assigned", age: 300),
                .init("topic-2", age: 1),
            ])
        fake.set {
            $0.resolvedMode = .fail
            $0.reopenWord = "no such word"
        }
        _ = try await post()
        #expect(fake.texts(in: "C2") == ["hi"])
        #expect(memory.conversations == ["C2"])
    }

    @Test("\"Not the latest conversation\" opens a new one without touching the old one", arguments: [true, false])
    func notLatest(isResolved: Bool) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", isResolved ? "resolved" : "assigned")])
        fake.break_(
            "POST /conversations/C1/messages",
            .refuse(.error(400, "INVALID_VALUE", "Not the Latest Conversation for this user")))
        _ = try await post()
        #expect(!fake.calls.contains("PUT /conversations/C1"))
        #expect(fake.texts(in: "C2") == ["hi"])
        #expect(memory.conversations == ["C2"])
    }

    @Test(
        "In a ticket account the next message after a resolution opens a new conversation, and the one after goes there"
    )
    func ticketMode() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved")])
        fake.set { $0.resolvedMode = .latestOnly }
        _ = try await post("one")
        _ = try await post("two", into: try #require(memory.conversations.last))
        #expect(fake.texts(in: "C2") == ["one", "two"])
    }

    @Test("A conversation that is gone is replaced", arguments: [[], [FakeFreshchat.Seed("topic-1")]])
    func gone(present: [FakeFreshchat.Seed]) async throws {
        fake.seed(users: 1, conversations: present)
        _ = try await post(into: "C77")
        #expect(fake.texts(in: "C1") == ["hi"])
        #expect(memory.conversations == ["C1"])
    }

    @Test("A mapped conversation that turns out to be on another topic is left alone")
    func foreignTopic() async throws {
        fake.seed(users: 1, conversations: [.init("topic-2", "resolved"), .init("topic-2", "assigned", age: 5)])
        fake.set { $0.resolvedMode = .fail }
        _ = try await post()
        #expect(fake.conversations[0].status == "resolved")
        #expect(fake.texts(in: "C1").isEmpty && fake.texts(in: "C2").isEmpty)
        #expect(fake.texts(in: "C3") == ["hi"])
        #expect(fake.conversations[2].topic == "topic-1")
    }

    static let otherWords: [HTTPReply] = [
        HTTPReply(status: .badRequest), .error(400, "INVALID_VALUE", ""), .error(400, "INVALID_VALUE", "no"),
        .error(400, "INVALID_VALUE", "Conversation payload not valid"), .error(400, "BAD", "message is too long"),
        .error(400, "INVALID_VALUE", "conversation is not available"),
    ]

    @Test(
        "An open conversation that refuses with other words refuses the message: a dead letter, and nobody moves",
        arguments: otherWords.indices)
    func refusedMessage(index: Int) async throws {
        let reply = Self.otherWords[index]
        fake.seed(users: 1, conversations: [.init("topic-1"), .init("topic-1", "assigned", age: 5)])
        fake.break_("POST /conversations/C1/messages", .refuse(reply))
        let failure = await #expect(throws: DeliveryFailure.self) { try await post() }
        #expect(failure?.remedy == .giveUp && failure?.isCertain == true)
        #expect(fake.conversations.count == 2 && fake.messages.isEmpty && memory.conversations.isEmpty)
        // The next one goes to the same conversation, at the usual price.
        let calls = fake.calls.count
        _ = try await post("next")
        #expect(fake.texts(in: "C1") == ["next"])
        #expect(fake.calls.count == calls + 1)
    }

    @Test("The newest open conversation that refuses with other words isn't left for a new one either")
    func otherWordsOfNewest() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/C1/messages", .refuse(.error(400, "INVALID_VALUE", "no")))
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.post(memory.piece("hi", user: "U1"), account: makeAccount(), over: fake, keeper: memory)
        }
        #expect(failure?.remedy == .giveUp)
        #expect(fake.conversations.count == 1)
    }

    @Test("A reopened conversation that refuses with other words isn't left for a new one")
    func otherWordsAfterReopening() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved")])
        fake.set { $0.resolvedMode = .fail }
        for _ in 0..<2 {
            fake.break_("POST /conversations/C1/messages", .refuse(.error(400, "INVALID_VALUE", "no")))
        }
        let failure = await #expect(throws: DeliveryFailure.self) { try await post() }
        #expect(failure?.remedy == .giveUp)
        #expect(fake.conversations.count == 1)
    }

    @Test("One that says \"not the latest\" only after it was reopened is left")
    func notLatestAfterReopening() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved")])
        fake.break_("POST /conversations/C1/messages", .refuse(.error(400, "INVALID_VALUE", "resolved")))
        fake.break_(
            "POST /conversations/C1/messages", .refuse(.error(400, "INVALID_VALUE", "not the latest conversation")))
        _ = try await post()
        #expect(fake.texts(in: "C2") == ["hi"])
    }

    @Test("A conflict leaves it open whether the message is there, and moves nobody", arguments: [true, false])
    func conflict(isApplied: Bool) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let reply = HTTPReply(status: .init(code: 409))
        fake.break_("POST /conversations/C1/messages", isApplied ? .applyAnd(reply) : .refuse(reply))
        let failure = await #expect(throws: DeliveryFailure.self) { try await post() }
        #expect(failure?.remedy == .retry(after: nil) && failure?.isCertain == false)
        _ = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1", doubt: noon), account: makeAccount(), over: fake,
            keeper: memory)
        #expect(fake.texts(in: "C1") == ["hi"])
        #expect(fake.conversations.count == 1)
    }

    @Test("What a conflict leaves in doubt stays so when the look at the conversation fails")
    func conflictThenFailure() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/C1/messages", .applyAnd(HTTPReply(status: .init(code: 409))))
        fake.break_("GET /conversations/C1", .refuse(HTTPReply(status: .badGateway)))
        let failure = await #expect(throws: DeliveryFailure.self) { try await post() }
        #expect(failure?.isRetryable == true && failure?.isCertain == false)
    }

    @Test("A 404 for a conversation that is open is a contradiction, and moves nobody", arguments: [true, false])
    func goneAndOpen(isApplied: Bool) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let reply = HTTPReply.error(404, "NOT_FOUND", "no such conversation")
        fake.break_("POST /conversations/C1/messages", isApplied ? .applyAnd(reply) : .refuse(reply))
        let failure = await #expect(throws: DeliveryFailure.self) { try await post() }
        #expect(failure?.isRetryable == true && failure?.isCertain == false)
        _ = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1", doubt: noon), account: makeAccount(), over: fake,
            keeper: memory)
        #expect(fake.texts(in: "C1") == ["hi"])
        #expect(fake.conversations.count == 1)
    }

    @Test("410 says that it is gone as well as 404")
    func goneForGood() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", age: 50), .init("topic-1", age: 900)])
        for call in ["POST /conversations/C2/messages", "GET /conversations/C2"] {
            fake.break_(call, .refuse(.error(410, "GONE", "")))
        }
        _ = try await post(into: "C2")
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    @Test("A conversation whose messages answer 404 is tried by its number")
    func numericID() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/C1/messages", .refuse(.error(404, "CONVERSATION_NOT_FOUND", "not found")))
        fake.break_(
            "GET /conversations/C1",
            .refuse(
                HTTPReply(
                    status: .ok,
                    body: Array(
                        #"{"conversation_id":"C1","channel_id":"topic-1","status":"new","conversation_internal_id":818162}"#
                            .utf8))))
        fake.break_(
            "POST /conversations/818162/messages", .applyAnd(HTTPReply(status: .ok, body: Array(#"{"id":"M9"}"#.utf8))))
        #expect(try await post() == "M9")
        #expect(memory.conversations.isEmpty)
        #expect(fake.calls.count == 3)
    }

    @Test("Content that no conversation takes is given up on at once")
    func refusedContent() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let failure = await #expect(throws: DeliveryFailure.self) { try await post("FORBIDDEN") }
        #expect(failure?.remedy == .giveUp)
        #expect(failure?.isCertain == true)
        #expect(fake.calls.count == 1)
    }

    @Test("When a new conversation is refused too, the message is given up on and nothing new is mapped")
    func hopeless() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_(
            "POST /conversations/C1/messages", .refuse(.error(400, "INVALID_VALUE", "not the latest conversation")))
        fake.break_("POST /conversations", .refuse(.error(400, "INVALID_VALUE", "no")))
        let failure = await #expect(throws: DeliveryFailure.self) { try await post() }
        #expect(failure?.remedy == .giveUp)
        #expect(memory.conversations.isEmpty && memory.users.isEmpty)
        #expect(fake.messages.isEmpty)
    }

    @Test("A failure on the way that will pass is retried, certainly without the message there")
    func passingFailure() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved")])
        fake.set { $0.resolvedMode = .fail }
        fake.break_("PUT /conversations/C1", .refuse(HTTPReply(status: .badGateway)))
        let failure = await #expect(throws: DeliveryFailure.self) { try await post() }
        #expect(failure?.remedy == .retry(after: nil))
        #expect(failure?.isCertain == true)
        _ = try await post()
        #expect(fake.texts(in: "C1") == ["hi"])
    }
}
