import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("Notes and look-ups")
struct LookUpTests {
    let fake = FakeFreshchat()
    let memory = Memory()
    var helpdesk: FreshchatHelpdesk { FreshchatHelpdesk(now: fake.now) }

    private func note(_ text: String) async throws -> HelpdeskMessageID? {
        try await helpdesk.note(
            text, in: "C1", doubt: nil, isKnown: memory.isKnown, account: makeAccount(textLimit: 20), over: fake)
    }

    @Test("A note is a bot's, private, and one call")
    func note() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        #expect(try await note("Not delivered") == "M1")
        #expect(fake.calls.count == 1)
        #expect(fake.messages.map(\.isPrivate) == [true])
        #expect(fake.messages.map(\.actor) == ["bot"])
    }

    @Test("Where bots are refused the note is the system's, private too")
    func systemNote() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set { $0.acceptsBots = false }
        #expect(try await note("Not delivered") == "M1")
        #expect(fake.messages.map(\.isPrivate) == [true])
        #expect(fake.messages.map(\.actor) == ["system"])
    }

    @Test("A note that Freshchat never accepts fails for good")
    func refusedNote() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let failure = await #expect(throws: DeliveryFailure.self) { try await note("FORBIDDEN") }
        #expect(failure?.remedy == .giveUp)
        #expect(fake.calls.count == 2)
    }

    @Test("A note for a deleted conversation fails at once")
    func noteIntoNothing() async throws {
        let failure = await #expect(throws: DeliveryFailure.self) { try await note("x") }
        #expect(failure?.remedy == .giveUp)
        #expect(fake.calls.count == 1)
    }

    @Test("A note is cut at the limit")
    func longNote() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        _ = try await note(String(repeating: "long ", count: 20))
        #expect(fake.messages[0].text.count == 20)
    }

    static let names: [(String, String?)] = [("AG1", "Bo"), ("BOT", "Freddy"), ("AG9", nil)]

    @Test("An agent's first name, a bot's, and none", arguments: names)
    func firstName(id: String, name: String?) async throws {
        #expect(try await helpdesk.firstName(of: AgentID(id), account: makeAccount(), over: fake) == name)
    }

    @Test("A name that can't be asked for is a failure, not a nameless agent")
    func firstNameFails() async throws {
        fake.break_("GET /agents/*", .refuse(HTTPReply(status: .internalServerError)))
        await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.firstName(of: "AG1", account: makeAccount(), over: fake)
        }
    }

    static let conversations: [(String, String?, String?, Int)] = [
        ("C1", "U1", "topic-1", 2), ("C1", nil, "topic-1", 2), ("C2", nil, "topic-2", 2), ("C9", nil, nil, 1),
        ("C1", "U9", "topic-1", 2),
    ]

    @Test(
        "A conversation is looked up with its topic, its user and that one's reference, whatever the event said",
        arguments: conversations)
    func lookUp(conversation: String, user: String?, topic: String?, calls: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1"), .init("topic-2")])
        let found = try await helpdesk.lookUp(
            HelpdeskConversationID(conversation), user: user.map { HelpdeskUserID($0) }, account: makeAccount(),
            over: fake)
        let expected = topic.map {
            ConversationFacts(topic: TopicID($0), user: "U1", reference: Reference("viber:01234567890A="))
        }
        #expect(found == expected)
        #expect(fake.calls.count == calls)
    }

    @Test("Without a user in the conversation it is the one that the event named, and none by that id has no reference")
    func lookUpByEvent() async throws {
        let conversation = HTTPReply.json(#"{"conversation_id":"C1","channel_id":"topic-1","status":"new"}"#)
        let sender = RecordingSender(replies: [conversation, .json(#"{"id":"U7","reference_id":"viber:B="}"#)])
        let found = try await helpdesk.lookUp("C1", user: "U7", account: makeAccount(), over: sender)
        #expect(found == ConversationFacts(topic: "topic-1", user: "U7", reference: Reference("viber:B=")))
        let gone = RecordingSender(replies: [conversation, .error(404, "NOT_FOUND", "x")])
        let other = try await helpdesk.lookUp("C1", user: "U7", account: makeAccount(), over: gone)
        #expect(other == ConversationFacts(topic: "topic-1", user: "U7", reference: nil))
    }

    static let identities: [(String, RemoteIdentity?)] = [
        (#"{"account_id":7,"app_id":"A","account_domain":"acme"}"#, "7"),
        (#"{"app_id":"A","account_domain":"acme"}"#, "A"),
        (#"{"account_domain":"acme","organisation_domain":"acme.org"}"#, nil),
    ]

    @Test("An account is known by its account_id, else by its app_id, and never by a domain", arguments: identities)
    func identity(configuration: String, expected: RemoteIdentity?) async throws {
        let sender = RecordingSender(replies: [.json(configuration), .json(#"{"channels":[]}"#)])
        #expect(try await FreshchatHelpdesk().check(makeAccount(), over: sender).identity == expected)
    }

    @Test("A good account is told with all pages of its topics")
    func check() async throws {
        let check = try await helpdesk.check(makeAccount(), over: fake)
        #expect(check.accountName == "acme.freshchat.com")
        #expect(check.topics.map(\.id) == ["topic-1", "topic-2", "topic-3"])
        #expect(check.topics.map(\.isEnabled) == [true, false, true])
        #expect(fake.calls == ["GET /accounts/configuration", "GET /channels", "GET /channels"])
    }

    static let topicPages: [([String], Int)] = [
        (
            [
                #"{"channels":[{"id":1}],"links":{"next_page":{"href":"/v2/channels?page=2"}}}"#,
                #"{"channels":[{"id":2}],"links":{}}"#,
            ], 2
        ),
        ([#"{"channels":[{"id":"1"}]}"#, #"{"channels":[{"id":"2"}]}"#, #"{"channels":[]}"#], 2),
        ([#"{"channels":[{"id":"1"},{"x":0}]}"#, #"{"channels":[{"id":"1"}]}"#], 1),
        ([#"{"channels":[]}"#], 0),
    ]

    @Test("Topics are walked to the end by links, by counts, or until nothing is new", arguments: topicPages)
    func pages(pages: [String], count: Int) async throws {
        let sender = RecordingSender(replies: [.json(#"{"account_id":7}"#)] + pages.map { .json($0) })
        let check = try await FreshchatHelpdesk().check(makeAccount(), over: sender)
        #expect(check.topics.count == count)
        #expect(check.accountName == "account 7")
        #expect(sender.requests.count == 1 + pages.count)
    }

    static let accountProblems: [(String, HTTPReply, String)] = [
        ("https://acme.freshchat.com/v2", HTTPReply.error(401, "UNAUTHORIZED", "x"), "token"),
        ("https://acme.freshchat.com/v2", .error(403, "FORBIDDEN", "x"), "may not read the account"),
        ("https://acme.freshchat.com/v2", .error(404, "NOT_FOUND", "x"), "https://acme.myfreshworks.com/v2"),
        ("https://acme.freshchat.com", .error(404, "NOT_FOUND", "x"), "must end in /v2"),
        ("https://acme.freshchat.com/api/v2", .error(404, "NOT_FOUND", "x"), "not /api/v2"),
        ("https://acme.freshchat.com", HTTPReply(status: .ok, body: Array("<html>".utf8)), "must end in /v2"),
        ("https://acme.freshchat.com/v2", HTTPReply(status: .found), "Check the API address"),
        ("https://acme.freshchat.com/v2", .error(429, "TOO_MANY", "x"), "few minutes"),
        ("https://acme.freshchat.com/v2", .error(503, "DOWN", "x"), "few minutes"),
    ]

    @Test("What is wrong with an account is said in words, with what to do", arguments: accountProblems)
    func problems(url: String, reply: HTTPReply, words: String) async throws {
        let failure = try #require(
            await #expect(throws: SetupFailure.self) {
                try await FreshchatHelpdesk().check(makeAccount(baseURL: url), over: RecordingSender(replies: [reply]))
            })
        #expect(failure.side == "Freshchat")
        #expect(failure.description.contains(words), "\(failure)")
    }

    @Test("A host that isn't there is told as such")
    func unreachable() async throws {
        let sender = RecordingSender(script: [.failure(TransportFailure(isCertain: true, "no such host"))])
        let failure = await #expect(throws: SetupFailure.self) {
            try await FreshchatHelpdesk().check(makeAccount(), over: sender)
        }
        #expect(failure?.problem.contains("no such host") == true)
        #expect(failure?.remedy.contains("/v2") == true)
    }

    @Test(
        "A token that can't stand in a header is refused before anything is sent",
        arguments: ["", "a b", "tok\nen", "тoken"])
    func badToken(token: String) async throws {
        let sender = RecordingSender(replies: [])
        let failure = await #expect(throws: SetupFailure.self) {
            try await FreshchatHelpdesk().check(makeAccount(token: token), over: sender)
        }
        #expect(failure?.problem.contains("token") == true)
        #expect(sender.requests.isEmpty)
    }

    static let addresses: [(String, String?)] = [
        (" https://acme.freshchat.com/v2/// ", "https://acme.freshchat.com/v2"),
        ("http://127.0.0.1:8080/v2", "http://127.0.0.1:8080/v2"),
        ("http://localhost/v2", "http://localhost/v2"), ("http://[::1]:9/v2", "http://[::1]:9/v2"),
        ("http://127.evil.example/v2", nil), ("http://acme.freshchat.com/v2", nil),
        ("https://user:pw@acme.freshchat.com/v2", nil),
        ("https://acme.freshchat.com/v2?x=1", nil), ("acme.freshchat.com", nil), ("/v2", nil), ("   ", nil),
    ]

    @Test("Base URLs are read with care", arguments: addresses)
    func baseURLs(pasted: String, expected: String?) {
        #expect((try? FreshchatBaseURL(parsing: pasted))?.text == expected)
    }
}
