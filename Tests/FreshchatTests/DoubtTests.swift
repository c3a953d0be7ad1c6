import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import Testing

@Suite("An earlier attempt has an unknown outcome")
struct DoubtTests {
    let fake = FakeFreshchat()
    let memory = Memory()
    var helpdesk: FreshchatHelpdesk { FreshchatHelpdesk(now: fake.now) }

    /// Attempts a post until it is through, as the engine does: with a doubt after each uncertain failure.
    private func deliver(
        _ text: String, user: HelpdeskUserID? = "U1", conversation: HelpdeskConversationID? = "C1",
        policy: Installation.ResolvedPolicy = .reopen
    ) async throws -> HelpdeskMessageID? {
        var doubt: Date?
        for _ in 0..<10 {
            let start = fake.now()
            do {
                let id = try await helpdesk.post(
                    memory.piece(
                        text, user: memory.users.last ?? user, conversation: memory.conversations.last ?? conversation,
                        doubt: doubt),
                    account: makeAccount(), over: fake, keeper: memory)
                memory.record(id)
                return id
            } catch {
                guard error.isRetryable else { throw error }
                if !error.isCertain { doubt = doubt ?? start }
            }
        }
        Issue.record("not delivered in ten attempts")
        return nil
    }

    static let afterApplying: [FakeFreshchat.Fault] = [
        .loseAfter, .applyAnd(HTTPReply(status: .internalServerError)), .applyAnd(HTTPReply(status: .gatewayTimeout)),
    ]
    static let beforeApplying: [FakeFreshchat.Fault] = [
        .loseBefore(isCertain: false), .loseBefore(isCertain: true), .refuse(HTTPReply(status: .internalServerError)),
        .refuse(HTTPReply(status: .serviceUnavailable)),
    ]

    @Test("A post that was applied is found and not repeated", arguments: afterApplying.indices)
    func found(index: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/*/messages", Self.afterApplying[index])
        #expect(try await deliver("hi") == "M1")
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    @Test("A post that was not applied is repeated", arguments: beforeApplying.indices)
    func repeated(index: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/*/messages", Self.beforeApplying[index])
        #expect(try await deliver("hi") == "M1")
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    @Test("A conversation that was made is found and not made again", arguments: afterApplying.indices)
    func foundConversation(index: Int) async throws {
        fake.break_("POST /conversations", Self.afterApplying[index])
        #expect(try await deliver("hi", user: nil, conversation: nil) == "M1")
        #expect(fake.conversations.count == 1)
        #expect(fake.texts(in: "C1") == ["hi"])
        #expect(memory.conversations == ["C1"])
    }

    @Test("An answer that can't be read leaves a doubt about the conversation, not a second one")
    func unreadableConversation() async throws {
        fake.break_("POST /conversations", .applyAnd(HTTPReply(status: .ok, body: Array("<html>ok</html>".utf8))))
        #expect(try await deliver("hi", user: nil, conversation: nil) == "M1")
        #expect(fake.conversations.count == 1)
        #expect(fake.messages.count == 1)
    }

    @Test("Each step of a first message can break before or after it was applied, and all arrives once")
    func everyStep() async throws {
        for fault in Self.afterApplying + Self.beforeApplying {
            for call in ["GET /users", "POST /users", "POST /conversations", "GET /users/*/conversations"] {
                let fake = FakeFreshchat()
                let memory = Memory()
                let helpdesk = FreshchatHelpdesk(now: fake.now)
                fake.break_(call, fault)
                var doubt: Date?
                for _ in 0..<5 where fake.messages.isEmpty || memory.conversations.isEmpty {
                    let start = fake.now()
                    do {
                        _ = try await helpdesk.post(
                            memory.piece(
                                "hi", user: memory.users.last, conversation: memory.conversations.last, doubt: doubt),
                            account: makeAccount(), over: fake, keeper: memory)
                    } catch {
                        if !error.isCertain { doubt = doubt ?? start }
                    }
                }
                #expect(fake.set { $0.users.count } == 1, "\(call) \(fault)")
                #expect(fake.conversations.count == 1, "\(call) \(fault)")
                #expect(fake.messages.count == 1, "\(call) \(fault)")
                #expect(memory.conversations.last == "C1", "\(call) \(fault)")
            }
        }
    }

    @Test("Twice \"ok\": the message of another delivery is not taken for this one")
    func sameTextTwice() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        #expect(try await deliver("ok") == "M1")
        fake.break_("POST /conversations/*/messages", .loseBefore(isCertain: false))
        #expect(try await deliver("ok") == "M2")
        fake.break_("POST /conversations/*/messages", .loseAfter)
        #expect(try await deliver("ok") == "M3")
        #expect(fake.texts(in: "C1") == ["ok", "ok", "ok"])
    }

    @Test("The first \"ok\" is known by its id though the answer didn't tell it")
    func sameTextAfterSilentAnswer() async throws {
        fake.set { $0.omitsMessages = true }
        #expect(try await deliver("ok", user: nil, conversation: nil) == "M1")
        fake.break_("POST /conversations/*/messages", .loseBefore(isCertain: false))
        #expect(try await deliver("ok", user: nil, conversation: nil) == "M2")
    }

    @Test("An agent's, an old or another text is not taken for ours")
    func othersText() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set {
            for (actor, text, age) in [("agent", "hi", 0.0), ("user", "hi", 60), ("user", "hi!", 0)] {
                $0.messages.append(
                    .init(
                        id: "M\($0.messages.count + 1)", conversation: "C1", actor: actor, actorID: "U1",
                        isPrivate: false,
                        text: text, createdAt: noon - age))
            }
        }
        let id = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1", doubt: noon), account: makeAccount(), over: fake,
            keeper: memory)
        #expect(id == "M4")
    }

    @Test(
        "A text that Freshchat has trimmed, escaped or marked up is recognised",
        arguments: [
            ("  a < b & \"c\"\n", "a &lt; b &amp; &quot;c&quot;"), ("one\ntwo", "one<br/>two"),
            ("one\ntwo", "<p>one</p><p>two</p>"), ("<3 & &amp;", "&lt;3 &amp; &amp;amp;"), ("<b>", "<b>"),
            ("e\u{301}", "é"),
            ("<b>x</b>", "x"), ("Café 3€", "<p>Caf&eacute; 3&euro;</p>"),
            ("می\u{200C}خواهم سلام", "<p>می<b>\u{200C}خواهم</b> سلام</p>"), ("กรุณารอำ", "<p>กรุณารอ<b>ำ</b></p>"),
            (
                "see https://x.example/?q=1>0",
                "see <a href=\"https://x.example/?q=1>0\">https://x.example/?q=1&gt;0</a>"
            ),
            ("😀", "&#55357;&#56832;"), ("hi", "<!-- a --><style>p{}</style><p>hi<o:p></o:p></p>"),
        ])
    func recognises(sent: String, stored: String) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set { $0.stores = { _ in stored } }
        fake.break_("POST /conversations/*/messages", .loseAfter)
        #expect(try await deliver(sent) == "M1")
        #expect(fake.messages.count == 1)
    }

    @Test("A clock that differs by a few seconds doesn't double a message", arguments: [-6.0, 6.0])
    func clocks(ahead: Double) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set { $0.clockIsAhead = ahead }
        fake.break_("POST /conversations/*/messages", .loseAfter)
        #expect(try await deliver("hi") == "M1")
        #expect(fake.messages.count == 1)
    }

    @Test("It is found behind more than a page of other messages, also when pages repeat")
    func manyMessages() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set { state in
            for number in 1...120 {
                state.messages.append(
                    .init(
                        id: "M\(number)", conversation: "C1", actor: "user", actorID: "U1", isPrivate: false,
                        text: number == 3 ? "hi" : "other", createdAt: noon + Double(number) / 100))
            }
        }
        let id = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1", doubt: noon), account: makeAccount(), over: fake,
            keeper: memory)
        #expect(id == "M3")
    }

    @Test("A server that gives the same page for ever is asked no further")
    func endlessPages() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let page = HTTPReply(
            status: .ok, body: Array(#"{"messages":[{"id":"M1","message_parts":[]}],"link":{"href":"/v2/x"}}"#.utf8))
        for _ in 0..<50 { fake.break_("GET /conversations/C1/messages", .refuse(page)) }
        _ = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1", doubt: noon), account: makeAccount(), over: fake,
            keeper: memory)
        #expect(fake.calls.filter { $0 == "GET /conversations/C1/messages" }.count == 2)
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    @Test(
        "A doubt about a conversation made in place of a resolved one is found there, whatever the old one does by then"
    )
    func movedOn() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", "resolved", age: 4000)])
        fake.set { $0.resolvedMode = .latestOnly }
        fake.break_("POST /conversations", .loseAfter)
        let start = fake.now()
        await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.post(
                memory.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(), over: fake, keeper: memory)
        }
        fake.set { $0.resolvedMode = .reopen }
        let id = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1", doubt: start), account: makeAccount(), over: fake,
            keeper: memory)
        #expect(id == "M1")
        #expect(fake.messages.count == 1)
        #expect(memory.conversations == ["C2"])
    }

    @Test("A failure of the look-up sends nothing")
    func brokenLookUp() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("GET /conversations/*/messages", .refuse(HTTPReply(status: .badGateway)))
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.post(
                memory.piece("hi", user: "U1", conversation: "C1", doubt: noon), account: makeAccount(), over: fake,
                keeper: memory)
        }
        #expect(failure?.isRetryable == true)
        #expect(fake.messages.isEmpty)
    }

    @Test("A note that was left is found and not left again")
    func note() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.break_("POST /conversations/*/messages", .loseAfter)
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.note(
                "Not delivered", in: "C1", doubt: nil, isKnown: memory.isKnown, account: makeAccount(), over: fake)
        }
        #expect(failure?.isCertain == false)
        let id = try await helpdesk.note(
            "Not delivered", in: "C1", doubt: Doubt(since: noon, endedAt: longAgo), isKnown: memory.isKnown,
            account: makeAccount(),
            over: fake)
        #expect(id == "M1")
        #expect(fake.messages.count == 1)
        memory.record(id)
        let second = try await helpdesk.note(
            "Not delivered", in: "C1", doubt: Doubt(since: noon, endedAt: longAgo), isKnown: memory.isKnown,
            account: makeAccount(),
            over: fake)
        #expect(second == "M2")
    }

    @Test(
        "A post that was applied is found also when Freshchat's clock is far from ours",
        arguments: [-3600, -60, -8, 60, 3600] as [TimeInterval])
    func otherClock(lead: TimeInterval) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set { state in
            state.clockIsAhead = lead
            state.sendsDate = true
        }
        fake.break_("POST /conversations/*/messages", .loseAfter)
        #expect(try await deliver("hi") == "M1")
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    @Test("With a clock far ahead, an older message that says the same isn't taken for the doubtful one")
    func otherClockOlderMessage() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set { state in
            state.clockIsAhead = 3600
            state.sendsDate = true
        }
        #expect(try await deliver("ok") == "M1")
        memory.forget("M1")
        fake.set { $0.now += 600 }
        fake.break_("POST /conversations/*/messages", .loseBefore(isCertain: false))
        #expect(try await deliver("ok") == "M2")
        #expect(fake.texts(in: "C1") == ["ok", "ok"])
    }

    /// What of a post by a worker that died is still under way arrives after this one's first look.
    @Test(
        "While a request of the doubtful attempt may still be under way, what isn't found is not sent again",
        arguments: [(nil, nil), ("U1", nil), ("U1", "C1")] as [(HelpdeskUserID?, HelpdeskConversationID?)])
    func underWay(user: HelpdeskUserID?, conversation: HelpdeskConversationID?) async throws {
        if user != nil { fake.seed(users: 1, conversations: conversation == nil ? [] : [.init("topic-1")]) }
        let start = fake.now()
        let early = memory.piece(
            "hi", user: user, conversation: conversation, doubt: start, doubtEndedAt: start.addingTimeInterval(0.1))
        let writes = { fake.calls.count { !$0.hasPrefix("GET") } }
        do {
            _ = try await helpdesk.post(early, account: makeAccount(), over: fake, keeper: memory)
            Issue.record("sent again at once")
        } catch {
            #expect(error.remedy == .wait(until: start.addingTimeInterval(3.1)) && error.isCertain)
        }
        #expect(writes() == 0)
        fake.set { $0.now += 3.1 }
        _ = try await helpdesk.post(early, account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.messages.map(\.text) == ["hi"])
    }

    @Test("What is found is taken at once, and a note waits as a message does")
    func underWayFoundOrNote() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let start = fake.now()
        fake.break_("POST /conversations/*/messages", .loseAfter)
        let piece = memory.piece("hi", user: "U1", conversation: "C1")
        _ = try? await helpdesk.post(piece, account: makeAccount(), over: fake, keeper: memory)
        let early = memory.piece(
            "hi", user: "U1", conversation: "C1", doubt: start, doubtEndedAt: start.addingTimeInterval(0.1))
        #expect(try await helpdesk.post(early, account: makeAccount(), over: fake, keeper: memory) == "M1")
        do {
            _ = try await helpdesk.note(
                "Not delivered", in: "C1", doubt: Doubt(since: start, endedAt: start), isKnown: memory.isKnown,
                account: makeAccount(), over: fake)
            Issue.record("the note was left again at once")
        } catch {
            #expect(error.remedy == .wait(until: start.addingTimeInterval(3)))
        }
    }

    @Test(
        "What took long gets a quarter more than that to turn up, within bounds",
        arguments: [(0.0, 3.0), (0.1, 3), (2.4, 3), (4, 5), (20, 25), (24, 30), (90_000, 30), (-5, 3)])
    func settling(taken: TimeInterval, wait: TimeInterval) {
        let end = noon.addingTimeInterval(taken)
        #expect(Doubt(since: noon, endedAt: end).settledAt == end.addingTimeInterval(wait))
    }
}
