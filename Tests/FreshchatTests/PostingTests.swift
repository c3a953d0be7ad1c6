import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import Synchronization
import Testing

@Suite("Bringing a customer's message into Freshchat")
struct PostingTests {
    let fake = FakeFreshchat()
    let memory = Memory()
    var helpdesk: FreshchatHelpdesk { FreshchatHelpdesk(now: fake.now) }

    @Test("In the steady state a message costs exactly one call")
    func oneCall() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let id = try await helpdesk.post(
            memory.piece("Привет 👋", user: "U1", conversation: "C1"), account: makeAccount(), over: fake, keeper: memory
        )

        #expect(id == "M1")
        #expect(fake.calls == ["POST /conversations/C1/messages"])
        #expect(fake.messages.map(\.text) == ["Привет 👋"])
        #expect(fake.messages.map(\.actorID) == ["U1"])
        let body = fake.body(of: "POST /conversations/C1/messages")
        #expect(body?["message_type"] == .text("normal"))
        #expect(body?["user_id"] == .text("U1"))
        #expect(memory.users.isEmpty && memory.conversations.isEmpty)
    }

    @Test(
        "A new customer is looked for, made with what is known of him, and given a conversation with the message in it")
    func newCustomer() async throws {
        let profile = ContactProfile(
            userID: "a+b/c==", name: " Ana Петрова ", avatarURL: "https://example.com/a.jpg", language: "bg",
            country: "BG",
            phoneNumber: "+15550100200")
        let id = try await helpdesk.post(
            memory.piece("hi", profile: profile), account: makeAccount(), over: fake, keeper: memory)

        #expect(id == "M1")
        #expect(fake.calls == ["GET /users", "POST /users", "POST /conversations"])
        let user = try #require(fake.body(of: "POST /users"))
        #expect(user["reference_id"] == .text("viber:a+b/c=="))
        #expect(user["first_name"] == .text("Ana Петрова"))
        #expect(user["avatar"]?["url"] == .text("https://example.com/a.jpg"))
        #expect(user["phone"] == .text("+15550100200"))
        #expect(user["properties"]?[0] == .object(["name": .text("channel"), "value": .text("Viber")]))
        #expect(user["properties"]?[1] == .object(["name": .text("language"), "value": .text("bg")]))
        #expect(user["properties"]?[2] == .object(["name": .text("country"), "value": .text("BG")]))
        #expect(memory.users == ["U1"])
        #expect(memory.conversations == ["C1"])
        #expect(fake.texts(in: "C1") == ["hi"])
    }

    @Test("A customer isn't looked for, let alone made, while another delivery may be making them")
    func lockedCustomer() async throws {
        memory.state.withLock { $0.isLockedByAnother = true }
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        }
        #expect(failure?.sentNothing == true)
        #expect(fake.calls.isEmpty)
        memory.state.withLock { $0.isLockedByAnother = false }
        _ = try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.state.withLock(\.locked) == Array(repeating: Reference("viber:01234567890A="), count: 2))
        let known = Memory()
        _ = try await helpdesk.post(
            known.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(), over: fake, keeper: known)
        #expect(known.state.withLock(\.locked).isEmpty, "who is known needs no lock")
    }

    @Test("A customer without a name or a usable picture is named after the channel")
    func namelessCustomer() async throws {
        let profile = ContactProfile(userID: "x", name: "  ", avatarURL: "javascript:alert(1)")
        _ = try await helpdesk.post(
            memory.piece("hi", profile: profile), account: makeAccount(), over: fake, keeper: memory)
        let user = try #require(fake.body(of: "POST /users"))
        #expect(user["first_name"] == .text("Viber customer"))
        #expect(user["avatar"] == nil)
    }

    @Test("Of several users with one reference the oldest is kept, the same one each time")
    func severalUsers() async throws {
        fake.seed(users: 3)
        fake.set { $0.users[1].createdAt = noon - 9999 }
        _ = try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.users == ["U2"])
        #expect(!fake.calls.contains("POST /users"))
    }

    @Test("Users created at the same instant are told apart by their ids")
    func tie() async throws {
        fake.seed(users: 3)
        _ = try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.users == ["U1"])
    }

    @Test("A user with another reference is never taken, whatever the filter gives")
    func foreignUser() async throws {
        fake.seed(users: 1)
        let foreign = HTTPReply(
            status: .ok, body: Array(#"{"users":[{"id":"U1","reference_id":"viber:someone-else"},{"id":"U9"}]}"#.utf8))
        fake.break_("GET /users", .refuse(foreign))
        _ = try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.users == ["U2"])
    }

    @Test("A race for the same user ends with the one that is there", arguments: [400, 409])
    func race(status: Int) async throws {
        fake.break_("POST /users", .applyAnd(.error(status, "CONFLICT", "already there")))
        _ = try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.calls == ["GET /users", "POST /users", "GET /users", "POST /conversations"])
        #expect(fake.set { $0.users.count } == 1)
        #expect(memory.users == ["U1"])
    }

    @Test("A user that is refused for his picture or number is made without them, once")
    func bareUser() async throws {
        fake.break_("POST /users", .refuse(.error(400, "INVALID_VALUE", "phone")))
        let profile = ContactProfile(
            userID: "x", name: "Ana", avatarURL: "https://example.com/a.jpg", language: "bg", phoneNumber: "+1555")
        _ = try await helpdesk.post(
            memory.piece("hi", profile: profile), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.calls == ["GET /users", "POST /users", "GET /users", "POST /users", "POST /conversations"])
        #expect(
            fake.body(of: "POST /users")
                == .object(["reference_id": .text("viber:x"), "first_name": .text("Ana")]))
    }

    @Test("When making the user is refused twice, the message is given up on with Freshchat's words")
    func hopelessUser() async throws {
        for _ in 0..<2 { fake.break_("POST /users", .refuse(.error(400, "INVALID_VALUE", "no more contacts"))) }
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        }
        #expect(failure?.remedy == .giveUp)
        #expect(failure?.detail.contains("INVALID_VALUE: no more contacts") == true)
        #expect(memory.users.isEmpty)
    }

    @Test("A time-out while the user is made leaves no doubt about the message, and the next attempt finds him")
    func userTimeout() async throws {
        fake.break_("POST /users", .loseAfter)
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        }
        #expect(failure?.remedy == .retry(after: nil))
        #expect(failure?.isCertain == true)
        _ = try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.set { $0.users.count } == 1)
        #expect(fake.messages.count == 1)
    }

    @Test("A known user's newest open conversation on the topic is taken, no other topic's and no resolved one")
    func choosesConversation() async throws {
        fake.seed(
            users: 1,
            conversations: [
                .init("topic-1", age: 500), .init("topic-1", age: 100), .init("topic-2", age: 10),
                .init("topic-1", "resolved", age: 20), .init("topic-1", age: 300),
            ])
        _ = try await helpdesk.post(memory.piece("hi", user: "U1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.texts(in: "C2") == ["hi"])
        #expect(memory.conversations == ["C2"])
        #expect(fake.conversations.count == 5)
    }

    @Test("A conversation of another installation on the topic is left alone")
    func othersConversation() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", age: 100), .init("topic-1", age: 300)])
        memory.state.withLock { $0.ofOthers = ["C1"] }
        _ = try await helpdesk.post(memory.piece("hi", user: "U1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.texts(in: "C1").isEmpty && fake.texts(in: "C2") == ["hi"])
        memory.state.withLock { $0.ofOthers = ["C1", "C2"] }
        _ = try await helpdesk.post(memory.piece("ho", user: "U1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.texts(in: "C3") == ["ho"])
        #expect(memory.conversations == ["C2", "C3"])
    }

    @Test("The same words in another installation's conversation are no sign that a message in doubt has arrived")
    func othersWords() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1", age: 100)])
        let other = Memory()
        _ = try await helpdesk.post(other.piece("hi", user: "U1"), account: makeAccount(), over: fake, keeper: other)
        #expect(other.conversations == ["C1"])
        memory.state.withLock { $0.ofOthers = ["C1"] }
        _ = try await helpdesk.post(
            memory.piece("hi", user: "U1", doubt: noon), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.texts(in: "C2") == ["hi"])
        #expect(memory.conversations == ["C2"])
    }

    @Test("Without an open conversation on the topic a new one is made")
    func opensConversation() async throws {
        fake.seed(users: 1, conversations: [.init("topic-2"), .init("topic-1", "resolved")])
        _ = try await helpdesk.post(memory.piece("hi", user: "U1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.conversations == ["C3"])
        #expect(fake.conversations[2].topic == "topic-1")
        let body = try #require(fake.body(of: "POST /conversations"))
        #expect(body["status"] == .text("new"))
        #expect(body["users"] == .list([.object(["id": .text("U1")])]))
        #expect(
            body["messages"]
                == .list([
                    .object([
                        "message_parts": .list([.object(["text": .object(["content": .text("hi")])])]),
                        "message_type": .text("normal"), "actor_type": .text("user"), "actor_id": .text("U1"),
                        "channel_id": .text("topic-1"),
                    ])
                ]))
    }

    @Test("No more than twenty of a customer's conversations are looked at")
    func cap() async throws {
        fake.seed(users: 1, conversations: (0..<30).map { _ in .init("topic-2") })
        _ = try await helpdesk.post(memory.piece("hi", user: "U1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.calls.filter { $0.hasPrefix("GET /conversations/") }.count == 20)
    }

    @Test("An open conversation that Freshchat gives in place of a new one is adopted")
    func reusedConversation() async throws {
        fake.set { $0.reusesOpen = true }
        fake.seed(users: 1, conversations: [.init("topic-1")])
        // It came into being after the list was read.
        fake.break_(
            "GET /users/*/conversations", .refuse(HTTPReply(status: .ok, body: Array(#"{"conversations":[]}"#.utf8))))
        let id = try await helpdesk.post(
            memory.piece("hi", user: "U1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.conversations == ["C1"])
        #expect(fake.conversations.count == 1)
        #expect(id == "M1")
    }

    @Test("When the answer has no messages, the message's id is looked up")
    func looksUpID() async throws {
        fake.set { $0.omitsMessages = true }
        let id = try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        #expect(id == "M1")
        #expect(fake.messages.count == 1)
    }

    @Test("When that look-up fails too, the message is delivered all the same")
    func idUnknown() async throws {
        fake.set { $0.omitsMessages = true }
        fake.break_("GET /conversations/*/messages", .loseBefore(isCertain: true))
        let id = try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        #expect(id == nil)
        #expect(memory.conversations == ["C1"])
    }

    @Test("Any 2xx with the message in it counts as taken", arguments: [200, 201, 202])
    func anySuccess(status: Int) async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        let answer = HTTPReply(status: .init(code: status), body: Array(#"{"id":"M1","conversation_id":"C1"}"#.utf8))
        fake.break_("POST /conversations/*/messages", .applyAnd(answer))
        let id = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(id == "M1")
        #expect(fake.calls.count == 1)
    }

    @Test("A conversation that is made but can't be kept in the store leaves the message in doubt")
    func brokenStore() async throws {
        let memory = Memory(isBroken: true)
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await helpdesk.post(memory.piece("hi"), account: makeAccount(), over: fake, keeper: memory)
        }
        #expect(failure?.isCertain == false)
        #expect(failure?.reason == "The store is full")
    }

    @Test("A customer whose Freshchat user was deleted gets a new one, and his message arrives")
    func deletedUser() async throws {
        fake.seed(users: 1, conversations: [.init("topic-1")])
        fake.set {
            $0.users[0].id = "U5"
            $0.users[0].reference = nil
            $0.conversations.removeAll()
        }
        _ = try await helpdesk.post(
            memory.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.users == ["U2"])
        #expect(fake.messages.map(\.actorID) == ["U2"])
    }

    @Test("A customer whose Freshchat user was merged into another is that one from now on")
    func mergedUser() async throws {
        fake.seed(users: 1)
        fake.set { $0.users[0].id = "U5" }
        _ = try await helpdesk.post(memory.piece("hi", user: "U1"), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.users == ["U5"])
        #expect(fake.messages.map(\.actorID) == ["U5"])
    }

    @Test("Ids are percent-encoded in paths")
    func encodedIDs() async throws {
        _ = try await helpdesk.post(
            memory.piece("hi", user: "a b", conversation: "../x?y"), account: makeAccount(), over: fake, keeper: memory)
        #expect(fake.calls.first == "POST /conversations/..%2Fx%3Fy/messages")
        #expect(fake.calls.contains("GET /users/a%20b/conversations"))
    }

    static let cuts: [(String, Int, [String])] = [
        ("short", 10, ["short"]), ("  \n ", 10, []), ("", 10, []), ("👨‍👩‍👧👨‍👩‍👧", 8, ["👨‍👩‍👧", "👨‍👩‍👧"]),
        ("one two three", 8, ["one two ", "three"]), ("<b>&amp; *x*", 50, ["<b>&amp; *x*"]),
    ]

    @Test("A message is cut at the account's limit between graphemes, and a blank one is none", arguments: cuts)
    func pieces(text: String, limit: Int, expected: [String]) {
        let pieces = helpdesk.pieces(of: Message(text: text, sentAt: noon), account: makeAccount(textLimit: limit))
        #expect(pieces.map(\.parts) == expected.map { [.text($0)] })
        #expect(pieces.allSatisfy { $0.sentAt == noon })
    }

    @Test("Parts of every kind become one text with its links")
    func partsAsText() {
        let message = Message(parts: [
            .attachment(Attachment(kind: .image, url: "https://example.com/a.jpg", caption: "look")),
            .location(Location(latitude: 42.5, longitude: 23.25)), .text("there"),
        ])
        let texts = helpdesk.pieces(of: message, account: makeAccount()).map(\.plainText)
        #expect(texts.count == 1)
        #expect(texts[0].contains("https://example.com/a.jpg"))
        #expect(texts[0].contains("42.5,23.25"))
        #expect(texts[0].hasSuffix("\nthere"))
    }
}

extension FakeFreshchat {
    struct Seed {
        var topic, status: String
        var age: TimeInterval

        init(_ topic: String, _ status: String = "assigned", age: TimeInterval = 1000) {
            self.topic = topic
            self.status = status
            self.age = age
        }
    }

    /// Users with our reference, and the first one's conversations.
    func seed(users count: Int, conversations: [Seed] = []) {
        set { state in
            for number in 1...count {
                state.users.append(User(id: "U\(number)", reference: "viber:01234567890A=", createdAt: noon - 5000))
            }
            for (index, seed) in conversations.enumerated() {
                state.conversations.append(
                    Conversation(
                        id: "C\(index + 1)", topic: seed.topic, user: "U1", status: seed.status,
                        createdAt: noon - 5000 - seed.age, updatedAt: noon - seed.age))
            }
        }
    }
}
