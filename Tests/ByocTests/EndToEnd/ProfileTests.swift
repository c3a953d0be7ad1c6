import NIOHTTP1
import Simulators
import Synchronization
import Testing

extension EndToEnd {
    @Suite("Customers' profiles")
    struct Profiles {
        private static let read = "GET /users/{id}"
        private static let write = "PUT /users/{id}"
        private static let post = "POST /conversations/{id}/messages"

        @Test("A name that comes with a later message is written to the user once, and costs no later message a call")
        func nameLater() async throws {
            try await withByocStack { stack in
                let visitor = try await Visitor(stack)
                try await visitor.writes("first, nameless", ["language": "en", "country": "AT"])
                var user = try #require(stack.users(of: visitor.id).first)
                #expect(user.firstName == "Viber customer")
                // An agent's words about this customer.
                try await stack.agentEdits(
                    user, ["properties": .array((user.fields["properties"]?.array ?? []) + [Self.plan])])

                try await stack.wait(for: "the agent's call") { stack.freshchatCalls().contains(Self.write) }
                try await stack.waitForEmptyOutbox()
                let mark = stack.log.last
                let profile: JSON = ["name": "Olha Sample", "language": "en", "country": "AT"]
                try await visitor.writes("now my name is known", profile)
                try await stack.wait(for: "the name") {
                    stack.users(of: visitor.id).first?.firstName == "Olha Sample"
                }
                try await stack.wait(for: "its call") { stack.freshchatCalls(since: mark).contains(Self.write) }
                #expect(stack.freshchatCalls(since: mark) == [Self.post, Self.read, Self.write])
                user = try #require(stack.users(of: visitor.id).first)
                #expect(user.fields["properties"]?.array?.contains(Self.plan) == true)
                #expect(stack.workers.count == 2)

                let later = stack.log.last
                for number in 1...100 { try await visitor.sends("message \(number)", profile) }
                try await stack.waitForInbox(of: visitor.id) { $0.count == 102 }
                try await stack.waitForEmptyOutbox()
                #expect(stack.freshchatCalls(since: later) == Array(repeating: Self.post, count: 100))
                #expect(stack.users(of: visitor.id).count == 1)
                #expect(try await stack.request(.GET, "/metrics").text.contains(Self.metric(visitor.installation)))
                #expect(stack.refusals() == [])
            }
        }

        @Test(
            "Language, country and picture are written as they change, the picture where Freshchat takes it",
            arguments: [true, false])
        func everyValue(takesAvatar: Bool) async throws {
            let configuration = SandboxConfiguration.forTests {
                $0.freshchatKnobs.takesAvatarInUserUpdate = takesAvatar
                $0.freshchatKnobs.answersUserUpdateEmpty = takesAvatar
            }
            try await withByocStack(sandbox: configuration) { stack in
                let visitor = try await Visitor(stack)
                try await visitor.writes("hello", ["name": "Olha", "language": "en"])
                let user = try #require(stack.users(of: visitor.id).first)
                try await stack.agentEdits(
                    user, ["first_name": "Mrs.", "last_name": "Sample", "phone": "+43 1", "properties": [Self.plan]])
                try await visitor.writes(
                    "moved",
                    ["name": "Olha", "language": "uk", "country": "AT", "avatar": "https://example.com/olha.jpg"])
                try await stack.wait(for: "the update") {
                    stack.freshchatCalls().count { $0 == Self.write } >= (takesAvatar ? 2 : 3)
                }
                let now = try #require(stack.users(of: visitor.id).first).fields
                #expect(now["first_name"] == "Mrs." && now["last_name"] == "Sample" && now["phone"] == "+43 1")
                let properties = Set(now["properties"]?.array?.map(\.text) ?? [])
                #expect(
                    properties.isSuperset(
                        of: [Self.plan, ["name": "language", "value": "uk"], ["name": "country", "value": "AT"]]
                            .map(\.text)))
                #expect((now["avatar"]?["url"]?.string == "https://example.com/olha.jpg") == takesAvatar)
            }
        }

        @Test("An update that hangs, fails, or is refused for ever holds up no message and is no storm of calls")
        func inNobodysWay() async throws {
            try await withByocStack { stack in
                let visitor = try await Visitor(stack)
                try await visitor.writes("nameless", [:])
                stack.freshchat.inject(.slow(milliseconds: 15_000, route: Self.write))
                try await visitor.writes("named", ["name": "Olha"])
                try await stack.wait(for: "the update to begin") { stack.freshchat.faults.isEmpty }
                let texts = (1...20).map { "message \($0)" }
                for text in texts { try await visitor.sends(text, ["name": "Olha"]) }
                try await stack.waitForInbox(of: visitor.id) { $0 == ["nameless", "named"] + texts }
                #expect(stack.users(of: visitor.id).first?.firstName == "Viber customer", "it hangs")
                try await stack.wait(for: "the name") { stack.users(of: visitor.id).first?.firstName == "Olha" }

                let other = try await Visitor(stack, installed: visitor, id: "9KQ/uCF3T+1EeNKRclYh3A==")
                try await other.writes("nameless", [:])
                stack.freshchat.inject(.status(400, route: Self.write, count: 0))
                let mark = stack.log.last
                try await other.writes("named", ["name": "Petro"])
                try await stack.wait(for: "the refusal") { stack.freshchatCalls(since: mark).contains(Self.write) }
                for text in texts { try await other.writes(text, ["name": "Petro"]) }
                #expect(stack.freshchatCalls(since: mark).count { $0 == Self.write } == 1)
            }
        }

        private static let plan: JSON = ["name": "plan", "value": "gold"]

        private static func metric(_ installation: String) -> String {
            #"byoc_profiles_written_total{installation="\#(installation)",direction="inbound"} 1"#
        }
    }
}

/// A Viber customer whose callbacks say what the test wants them to.
private struct Visitor {
    let stack: ByocStack
    let installation: String
    let targetURL: String
    let id: String

    init(_ stack: ByocStack) async throws {
        let installed = try await stack.installViber()
        self.init(stack, installed.id, installed.targetURL, "7KQ/uCF3T+1EeNKRclYh3A==")
    }

    init(_ stack: ByocStack, installed other: Visitor, id: String) async throws {
        self.init(stack, other.installation, other.targetURL, id)
    }

    private init(_ stack: ByocStack, _ installation: String, _ targetURL: String, _ id: String) {
        self.stack = stack
        self.installation = installation
        self.targetURL = targetURL
        self.id = id
    }

    /// Posts a message's callback.
    ///
    /// - Parameter profile: the sender without the id.
    func sends(_ text: String, _ profile: JSON) async throws {
        var sender = profile
        sender["id"] = .string(id)
        sender["api_version"] = 10
        let body: JSON = [
            "event": "message", "timestamp": 1_796_015_176_807, "chat_hostname": "SN-CALLBACK-99_",
            "message_token": .integer(Self.token.add(1, ordering: .relaxed).newValue),
            "sender": sender, "message": ["type": "text", "text": .string(text)], "silent": false,
        ]
        #expect(try await stack.postViber(body.bytes, to: targetURL).status == 200)
    }

    /// Posts a message's callback and waits until the message is in Freshchat.
    func writes(_ text: String, _ profile: JSON) async throws {
        try await sends(text, profile)
        try await stack.waitForInbox(of: id) { $0.contains(text) }
    }

    private static let token = Atomic<Int64>(5_896_015_137_578_425_840)
}

extension ByocStack {
    /// An agent changes a user by Freshchat's own means.
    fileprivate func agentEdits(_ user: FreshchatUser, _ fields: JSON) async throws {
        let answer = try await request(
            .PUT, "\(about.freshchat.url)/users/\(user.id)",
            headers: [("Authorization", "Bearer " + about.freshchat.token), ("Content-Type", "application/json")],
            body: fields.bytes)
        #expect(answer.status == 200)
    }
}
