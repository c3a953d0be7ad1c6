import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("A 2xx that doesn't carry what the call promises")
struct PromiseTests {
    var fake = FakeFreshchat()
    var memory = Memory()
    var helpdesk: FreshchatHelpdesk { FreshchatHelpdesk(now: fake.now) }

    /// Answers with a 2xx that say of nothing that it was done.
    static let lies: [HTTPReply] = [
        HTTPReply(
            status: .ok, headers: [.contentType: "text/html"], body: Array("<html><body>Welcome</body></html>".utf8)),
        .json(""), .json("{}"), .json("null"), .json("ok"), .json("[]"), .json(#"{"id":"#),
        .json(#"{"id":"M1","conversation_id":"C1","mess"#), .json(#"{"id":""}"#), .json(#"{"id":null}"#),
        .json(#"{"code":500,"status":"INTERNAL_SERVER_ERROR","message":"try again"}"#),
        .json(#"{"code":202,"status":"ACCEPTED","message":"processing"}"#, status: .accepted),
        .json(#"{"success":false,"error_code":4001,"error_message":"no"}"#), HTTPReply(status: .accepted),
        HTTPReply(status: .noContent), HTTPReply(status: .init(code: 299)),
    ]

    /// Attempts a post until it is through, as the engine does, and counts the attempts.
    private func deliver(
        _ text: String = "hi", user: HelpdeskUserID? = "U1", conversation: HelpdeskConversationID? = "C1"
    ) async throws -> (id: HelpdeskMessageID?, attempts: Int, failures: [DeliveryFailure]) {
        var doubt: Date?
        var failures: [DeliveryFailure] = []
        for attempt in 1...10 {
            let start = fake.now()
            do {
                let id = try await helpdesk.post(
                    memory.piece(
                        text, user: memory.users.last ?? user, conversation: memory.conversations.last ?? conversation,
                        doubt: doubt),
                    account: makeAccount(), over: fake, keeper: memory)
                memory.record(id)
                return (id, attempt, failures)
            } catch {
                failures.append(error)
                guard error.isRetryable else { throw error }
                if !error.isCertain { doubt = doubt ?? start }
            }
        }
        Issue.record("not delivered in ten attempts: \(failures)")
        return (nil, 10, failures)
    }

    // MARK: Messages

    @Test("A post that was applied is in doubt, found, and in the conversation once", arguments: lies.indices)
    func applied(index: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/*/messages", .applyAnd(Self.lies[index]))
        let (id, attempts, failures) = try await deliver()
        #expect(id == "M1" && attempts == 2)
        #expect(failures.map(\.isCertain) == [false])
        #expect(failures.first?.remedy == .retry(after: nil))
        #expect(failures.first?.reason.contains("doesn't confirm the message") == true)
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    @Test("A post that was not applied is in doubt, not found, and made again", arguments: lies.indices)
    func notApplied(index: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        for _ in 0..<3 { fake.break_("POST /conversations/*/messages", .refuse(Self.lies[index])) }
        let (id, attempts, failures) = try await deliver()
        #expect(id == "M1" && attempts == 4)
        #expect(failures.allSatisfy { !$0.isCertain })
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    /// Errors with an id, of the request perhaps.
    static let ids: [HTTPReply] = [
        .json(#"{"id":"req-77","code":500,"status":"INTERNAL_ERROR","message":"try later"}"#),
        .json(#"{"id":"M9","success":false}"#), .json(#"{"id":"M9","error":"boom"}"#),
        .json(#"{"id":"M9","conversation_id":"C1","success":false,"error_code":3}"#),
        .json(#"{"id":"M9","errors":[{"a":1}]}"#),
    ]

    @Test("An error's object with an id is no message: nothing is lost, nothing doubled", arguments: ids.indices)
    func idAlone(index: Int) async throws {
        for isApplied in [true, false] {
            for makesConversation in [true, false] {
                let (fake, memory) = (FakeFreshchat(), Memory())
                let lie = Self.ids[index]
                if !makesConversation { fake.seed(users: 1, conversations: [.init("topic-1")]) }
                fake.break_(
                    makesConversation ? "POST /conversations" : "POST /conversations/*/messages",
                    isApplied ? .applyAnd(lie) : .refuse(lie))
                let test = PromiseTests(fake: fake, memory: memory)
                _ = try await test.deliver(
                    user: makesConversation ? nil : "U1", conversation: makesConversation ? nil : "C1")
                #expect(fake.texts(in: "C1") == ["hi"], "\(isApplied) \(makesConversation)")
                #expect(fake.conversations.count == 1)
            }
        }
    }

    @Test("One that is made with its conversation is neither lost nor made twice", arguments: lies.indices)
    func conversation(index: Int) async throws {
        for isApplied in [true, false] {
            let (fake, memory) = (FakeFreshchat(), Memory())
            let lie = Self.lies[index]
            fake.break_("POST /conversations", isApplied ? .applyAnd(lie) : .refuse(lie))
            let test = PromiseTests(fake: fake, memory: memory)
            _ = try await test.deliver(user: nil, conversation: nil)
            #expect(fake.set { $0.users.count } == 1)
            #expect(fake.conversations.count == 1)
            #expect(fake.texts(in: "C1") == ["hi"])
            #expect(memory.conversations.last == "C1")
        }
    }

    @Test("A note is no better off", arguments: lies.indices)
    func note(index: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/*/messages", .applyAnd(Self.lies[index]))
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.note(
                "Not delivered", in: "C1", doubt: nil, isKnown: memory.isKnown, account: makeAccount(), over: fake)
        }
        #expect(failure?.isCertain == false && failure?.isRetryable == true)
        let id = try await helpdesk.note(
            "Not delivered", in: "C1", doubt: Doubt(since: noon, endedAt: longAgo), isKnown: memory.isKnown,
            account: makeAccount(), over: fake)
        #expect(id == "M1")
        #expect(fake.messages.count == 1)
    }

    @Test("The operator reads what came instead, without the token")
    func words() async throws {
        let found = [
            (Self.lies[0], "HTTP 200 with a web page"), (.json(""), "an empty body"),
            (.json(#"{"code":500,"status":"OOPS","message":"no \#(theToken)"}"#), "OOPS: no ••••"),
            (.json("{}"), "without the expected fields"), (.json(#"{"id":"#), "unreadable"),
        ]
        for (reply, words) in found {
            let failure = await #expect(throws: DeliveryFailure.self) {
                try await helpdesk.post(
                    memory.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(),
                    over: RecordingSender(replies: [reply]), keeper: memory)
            }
            #expect(failure?.detail.contains(words) == true, "\(String(describing: failure))")
            #expect(failure?.detail.contains("POST /conversations/C1/messages") == true)
            #expect(failure?.detail.contains(theToken) == false)
        }
    }

    @Test(
        "Whatever the status, a 2xx with the message's id is one call",
        arguments: [
            #"{"id":"M9"}"#, #"{"id":9}"#, #"{"id":"M9","conversation_id":"818162"}"#,
            #"{"id":"M9","conversation_id":"C1","error_code":0,"error_message":"","status":"Sent"}"#,
            #"{"id":"M9","conversation_id":"C1","message_parts":[{"text":{"content":"<p>hi</p>"},"image":null}]}"#,
        ])
    func kept(body: String) async throws {
        for status in [200, 201, 202, 203] {
            let sender = RecordingSender(replies: [.json(body, status: .init(code: status))])
            let id = try await helpdesk.post(
                memory.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(), over: sender,
                keeper: memory)
            #expect(id == (body.contains("M9") ? "M9" : "9"))
        }
    }

    // MARK: Another message's answer

    static let othersAnswers = [
        #"{"id":"M1","conversation_id":"C1","actor_type":"user","actor_id":"U1","message_parts":[{"text":{"content":"one"}}]}"#,
        #"{"id":"M1","conversation_id":"C1"}"#, #"{"id":"M1"}"#,
        #"{"id":"M7","conversation_id":"C7","message_parts":[{"text":{"content":"hi"}}]}"#,
        #"{"id":"M7","conversation_id":"C1","message_parts":[{"text":{"content":"something else"}}]}"#,
        #"{"id":"M1","conversation_id":"C1","created_time":"2020-01-01T00:00:00.000Z","message_parts":[{"text":{"content":"hi"}}]}"#,
    ]

    @Test("Another message's answer is no success, whether this one was applied or not", arguments: othersAnswers)
    func anothers(answer: String) async throws {
        for isApplied in [true, false] {
            let test = PromiseTests(fake: FakeFreshchat(), memory: Memory())
            test.fake.seed(users: 1, conversations: [.init("topic-1")])
            #expect(try await test.deliver("one").id == "M1")
            test.fake.break_(
                "POST /conversations/*/messages", isApplied ? .applyAnd(.json(answer)) : .refuse(.json(answer)))
            #expect(try await test.deliver("hi").id == "M2", "\(isApplied)")
            #expect(test.fake.texts(in: "C1") == ["one", "hi"], "\(isApplied)")
        }
    }

    @Test("A conversation of another customer or topic is not adopted, and the message is not lost")
    func anothersConversation() async throws {
        for other in [#""user_id":"U77","channel_id":"topic-1""#, #""user_id":"U1","channel_id":"topic-9""#] {
            let test = PromiseTests(fake: FakeFreshchat(), memory: Memory())
            test.fake.break_("POST /conversations", .refuse(.json(#"{"conversation_id":"C77",\#(other)}"#)))
            #expect(try await test.deliver(user: nil, conversation: nil).id == "M1")
            #expect(test.memory.conversations == ["C1"])
            #expect(test.fake.texts(in: "C1") == ["hi"])
        }
    }

    @Test("A text that Freshchat has changed beyond recognition is taken once, by its id", arguments: [true, false])
    func changed(canBeListed: Bool) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set { $0.stores = { _ in "[removed]" } }
        if !canBeListed {
            fake.break_("GET /conversations/*/messages", .refuse(HTTPReply(status: .internalServerError)))
        }
        let (id, attempts, _) = try await deliver("4111 1111 1111 1111")
        #expect(id == "M1" && attempts == 1)
        #expect(fake.texts(in: "C1") == ["[removed]"])
    }

    @Test("So is one in a new conversation")
    func changedInConversation() async throws {
        fake.set { $0.stores = { _ in "[removed]" } }
        let (id, attempts, _) = try await deliver("4111", user: nil, conversation: nil)
        #expect(id == "M1" && attempts == 1)
        #expect(fake.messages.count == 1)
    }

    // MARK: A message that failed

    static let failures = [
        #""error_message":"not allowed""#, #""error_code":4001"#, #""status":"Failed""#,
        #""error_category":"POLICY","error_message":"not allowed""#,
    ]

    @Test("A message that Freshchat lists as failed is refused, with its words, and no doubt", arguments: failures)
    func failed(fields: String) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/*/messages", .refuse(.json(#"{"id":"M9",\#(fields)}"#)))
        let failure = await #expect(throws: DeliveryFailure.self) { try await deliver() }
        #expect(failure?.remedy == .giveUp && failure?.isCertain == true)
        #expect(failure?.detail.contains("the message failed") == true)
        #expect(fake.conversations.count == 1)

        let answer = #"{"conversation_id":"C5","messages":[{"id":"M9",\#(fields)}]}"#
        fake.break_("POST /conversations", .refuse(.json(answer)))
        let memory = Memory()
        let first = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.post(
                memory.piece("hi", profile: ContactProfile(userID: "new")), account: makeAccount(), over: fake,
                keeper: memory)
        }
        #expect(first?.remedy == .giveUp && first?.isCertain == true)
        #expect(memory.conversations == ["C5"])
    }

    @Test("A failed message in the list is not taken for the one that is looked for")
    func failedInList() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let row = """
            {"id":"M9","conversation_id":"C1","actor_type":"user","actor_id":"U1","error_message":"no",\
            "message_parts":[{"text":{"content":"hi"}}]}
            """
        fake.break_("GET /conversations/*/messages", .refuse(.json(#"{"messages":[\#(row)]}"#)))
        let id = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1", doubt: noon), account: makeAccount(), over: fake,
            keeper: memory)
        #expect(id == "M1")
    }

    // MARK: The other calls

    @Test("A reopening that was made is believed whatever its answer is", arguments: lies.indices)
    func reopened(index: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved")])
        fake.set { $0.resolvedMode = .fail }
        fake.break_("PUT /conversations/C1", .applyAnd(Self.lies[index]))
        #expect(try await deliver().id == "M1")
        #expect(fake.texts(in: "C1") == ["hi"])
        #expect(fake.conversations.count == 1)
    }

    @Test("One that was not made is made again, and the customer stays where he is", arguments: lies.indices)
    func notReopened(index: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved")])
        fake.set { $0.resolvedMode = .fail }
        for _ in 0..<2 { fake.break_("PUT /conversations/C1", .refuse(Self.lies[index])) }
        let (id, attempts, failures) = try await deliver()
        #expect(id == "M1" && attempts == 3)
        #expect(failures.allSatisfy { $0.isCertain })
        #expect(fake.texts(in: "C1") == ["hi"])
        #expect(fake.conversations.count == 1)
    }

    static let reads = [
        "GET /users", "POST /users", "GET /users/*/conversations", "GET /conversations/*",
        "GET /conversations/*/messages",
    ]

    @Test(
        "No user, conversation or message is made twice because a look-up was answered with nothing", arguments: reads)
    func lookUps(call: String) async throws {
        for lie in Self.lies {
            let test = PromiseTests(fake: FakeFreshchat(), memory: Memory())
            test.fake.seed(users: 1, conversations: [.init("topic-1")])
            // In doubt, so that everything is looked at before anything is made.
            test.fake.break_("POST /conversations/*/messages", .loseAfter)
            test.fake.break_(call, call.hasPrefix("POST") ? .applyAnd(lie) : .refuse(lie))
            if call == "POST /users" {
                test.fake.set {
                    $0.users = []; $0.conversations = []
                }
            }
            _ = try await test.deliver(user: nil, conversation: nil)
            #expect(test.fake.set { $0.users.count } == 1, "\(call) \(lie)")
            #expect(test.fake.conversations.count == 1, "\(call) \(lie)")
            #expect(test.fake.messages.map(\.text) == ["hi"], "\(call) \(lie)")
        }
    }

    @Test("Another user's answer to the making of a user is not believed")
    func anothersUser() async throws {
        fake.break_("POST /users", .applyAnd(.json(#"{"id":"U77","reference_id":"viber:someone-else"}"#)))
        #expect(try await deliver(user: nil, conversation: nil).id == "M1")
        #expect(memory.users == ["U1"])
        #expect(fake.set { $0.users.count } == 1)
    }

    @Test("The setup says what answers in the place of the API", arguments: lies.indices)
    func setup(index: Int) async throws {
        for replies in [[Self.lies[index]], [.json(#"{"account_id":7}"#), Self.lies[index]]] {
            let failure = await #expect(throws: SetupFailure.self) {
                try await helpdesk.check(makeAccount(), over: RecordingSender(replies: replies))
            }
            #expect(failure?.problem.contains("isn't from Freshchat's API") == true, "\(String(describing: failure))")
        }
    }

    @Test("A name is no agent's when the answer isn't either", arguments: lies.indices)
    func name(index: Int) async throws {
        // An id alone is an agent without a first name.
        guard !String(decoding: Self.lies[index].body, as: UTF8.self).hasPrefix(#"{"id":""#) else { return }
        await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.firstName(
                of: "AG1", account: makeAccount(), over: RecordingSender(replies: [Self.lies[index]]))
        }
    }

    @Test("Half an emoji, a byte of Latin-1 and a bare tab in an answer spoil nothing of it")
    func unreadableTexts() async throws {
        let bodies: [[UInt8]] = [
            Array(#"{"id":"M1","conversation_id":"C1","user":{"first_name":"\ud83d"},"app_id":"a\tb"}"#.utf8),
            Array(#"{"app_id":"caf"#.utf8) + [0xE9] + Array(#"","id":"M1"}"#.utf8),
            Array("{\"app_id\":\"a\tb\",\"id\":\"M1\"}".utf8),
        ]
        for body in bodies {
            let sender = RecordingSender(replies: [HTTPReply(status: .ok, body: body)])
            let id = try await helpdesk.post(
                memory.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(), over: sender,
                keeper: memory)
            #expect(id == "M1")
        }
        let agents: [([UInt8], String)] = [
            (Array(#"{"id":"AG1","first_name":"Ann \ud83d"}"#.utf8), "Ann \u{FFFD}"),
            (Array(#"{"id":"AG1","first_name":"Ren"#.utf8) + [0xE9] + Array(#""}"#.utf8), "Ren\u{FFFD}"),
        ]
        for (body, name) in agents {
            let sender = RecordingSender(replies: [HTTPReply(status: .ok, body: body)])
            #expect(try await helpdesk.firstName(of: "AG1", account: makeAccount(), over: sender) == name)
        }
    }
}
