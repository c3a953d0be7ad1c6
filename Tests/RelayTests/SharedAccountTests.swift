import FoundationEssentials
import HTTPTypes
import Relay
import RelayCore
import RelayTesting
import Testing

@Suite("Accounts that installations share")
struct SharedAccountTests {
    /// `one` and `two` in one helpdesk account, with a topic each.
    private func scene() async throws -> EngineScene {
        var scene = EngineScene()
        scene.helpdesk.places = { piece in
            (HelpdeskUserID("user of \(piece.reference)"), HelpdeskConversationID("chat on \(piece.topic)"))
        }
        try await scene.install()
        try await scene.add("two", topic: "topic-2", onDeskOf: "one")
        return scene
    }

    private func failure(_ remedy: DeliveryFailure.Remedy) -> DeliveryFailure {
        DeliveryFailure(remedy, reason: "No luck", detail: "code 7")
    }

    @Test("A limit that one installation runs into holds back the others on the account")
    func limit() async throws {
        var scene = try await scene()
        let until = scene.time.now.addingTimeInterval(120)
        let (time, failure) = (scene.time, failure(.slowDown(until: until)))
        let early = Log<String>()
        scene.helpdesk.answer = { piece, number in
            if number == 1 { return failure }
            if time.now < until { _ = early.add(piece.message.plainText) }
            return nil
        }
        scene.customerWrites("anna/first")
        try await scene.engine().run(for: .seconds(1))
        scene.customerWrites("bert/second", to: "/hook/t-two")
        try await scene.relayAll()
        #expect(early.all.isEmpty)
        #expect(try await scene.deliveries(.delivered).count == 2)
    }

    @Test("A limit of one address holds back only that one")
    func limitOfAddress() async throws {
        var scene = EngineScene()
        try await scene.add("one", address: "sales")
        try await scene.add("two", topic: "topic-2", address: "support", onDeskOf: "one", onChannelOf: "one")
        let until = scene.time.now.addingTimeInterval(3000)
        let time = scene.time
        let sentAt = Log<(String, Date)>()
        scene.channel.answer = { piece, _ in
            _ = sentAt.add(("\(piece.from)", time.now))
            guard piece.from == "sales", time.now < until else { return nil }
            var failure = DeliveryFailure(.slowDown(until: time.now.addingTimeInterval(299)), reason: "", detail: "")
            failure.limit = .address
            return failure
        }
        scene.helpdesk.facts = { conversation throws(DeliveryFailure) in
            ConversationFacts(
                topic: conversation == "c1" ? "topic-1" : "topic-2", user: nil, reference: Reference("fake:anna"))
        }
        #expect(scene.call("/freshchat/h", "topic-1/agent/from sales/c1/-/-").status == .ok)
        #expect(scene.call("/freshchat/h", "topic-2/agent/from support/c2/-/-").status == .ok)
        try await scene.engine().run(for: .seconds(60))
        #expect(sentAt.all.contains { $0.0 == "support" })
        #expect(sentAt.all.count { $0.0 == "sales" } == 1)
    }

    @Test("A refused token pauses all installations on the account towards the helpdesk; a replaced one resumes all")
    func refused() async throws {
        var scene = try await scene()
        let failure = failure(.pause)
        let store = scene.store
        scene.helpdesk.answer = { _, _ in
            (try? store.directory()["one"])??.helpdesk.token == Secret("new") ? nil : failure
        }
        scene.customerWrites("anna/hello")
        try await scene.relay()
        scene.customerWrites("bert/hello", to: "/hook/t-two")
        try await scene.relayAll()
        #expect(scene.helpdesk.posted.count == 1, "the second installation doesn't try it again")
        for id in ["one", "two"] as [InstallationID] {
            #expect(try !scene.present(id).sends(to: .helpdesk) && scene.present(id).sends(to: .channel))
        }
        let installer = scene.installer()
        try await installer.replace(.helpdeskToken, of: scene.present("two"), on: scene.channel, with: "new")
        for id in ["one", "two"] as [InstallationID] { #expect(try scene.present(id).isActive) }
        try await scene.relayAll()
        #expect(Set(scene.helpdesk.posted.all.map(\.message.plainText)) == ["anna/hello", "bert/hello"])
        #expect(try await scene.deliveries(.delivered).count == 2)
    }

    @Test("A spare token takes over from a refused one, and nothing is paused")
    func spare() async throws {
        var scene = try await scene()
        var one = try scene.present()
        one.helpdesk.spareTokens = [Secret("spare")]
        try await scene.store.save(one, now: scene.time.now)
        let (failure, tokens) = (failure(.pause), scene.helpdesk.tokens)
        scene.helpdesk.answer = { _, _ in tokens.all.last == "spare" ? nil : failure }
        scene.customerWrites("anna/hello")
        try await scene.relayAll()
        #expect(tokens.all == ["token", "spare"])
        #expect(try scene.present("two").isActive)
        #expect(try await scene.deliveries(.delivered).count == 1)
    }

    @Test("A reply that can't be looked up for a refused helpdesk token pauses that account, not the channel's")
    func lookUpRefused() async throws {
        var scene = try await scene()
        let lookUp = failure(.pause)
        scene.helpdesk.facts = { _ throws(DeliveryFailure) in throw lookUp }
        #expect(scene.call("/freshchat/h", "topic-1/agent/hi/new-chat/-/-").status == .ok)
        try await scene.engine().run(for: .seconds(30))
        #expect(scene.helpdesk.asksFor.count == 1, "it isn't tried over and over")
        #expect(try scene.present().channel.state == .active)
        #expect(try scene.present().helpdesk.state != .active)
        scene.helpdesk.facts = { _ throws(DeliveryFailure) in
            ConversationFacts(topic: "topic-1", user: nil, reference: Reference("fake:anna"))
        }
        try await scene.store.resume(.helpdesk("desk-one"), now: scene.time.now)
        try await scene.engine().run(for: .seconds(1))
        #expect(scene.channel.sent.count == 1)
    }

    @Test("An installation moved to another topic keeps what waits both ways, and its conversations")
    func moved() async throws {
        var scene = EngineScene()
        scene.helpdesk.topics = ["topic-1", "topic-2"]
        scene.helpdesk.places = { piece in
            (
                HelpdeskUserID("user of \(piece.reference)"),
                HelpdeskConversationID("\(piece.profile.userID) \(piece.topic)")
            )
        }
        try await scene.install()
        scene.customerWrites("anna/before")
        try await scene.relay()
        // While nothing is relayed, messages come from both sides.
        let count = 500
        for number in 1...count {
            scene.customerWrites("anna/in \(number)")
            #expect(
                scene.call("/freshchat/h", "topic-1/agent/out \(number)/anna topic-1/user of fake:anna/-").status == .ok
            )
        }
        let moved = try await scene.installer().move(scene.present(), to: MoveRequest(topic: "The topic-2"))
        #expect(moved.topic == "topic-2" && moved.formerTopics == ["topic-1"])
        try await scene.relayAll()
        #expect(scene.helpdesk.posted.all.dropFirst().map(\.message.plainText) == (1...count).map { "anna/in \($0)" })
        #expect(Set(scene.helpdesk.posted.all.dropFirst().map(\.topic)) == ["topic-2"])
        #expect(scene.channel.sent.all.map(\.message.plainText) == (1...count).map { "out \($0)" })
        // The agent goes on in the old conversation.
        #expect(
            scene.call("/freshchat/h", "topic-1/agent/still here/anna topic-1/user of fake:anna/-").status == .ok)
        try await scene.relay()
        #expect(scene.channel.sent.all.last?.message.plainText == "still here")
    }

    @Test(
        "An installation moved to another account: replies in its old conversations come by the old URL and leave, notes about them use the old token"
    )
    func movedToAccount() async throws {
        var scene = EngineScene()
        scene.helpdesk.places = { piece in
            (
                HelpdeskUserID("user of \(piece.reference)"),
                HelpdeskConversationID("\(piece.profile.userID) \(piece.topic)")
            )
        }
        scene.helpdesk.topics = ["topic-1", "topic-2"]
        try await scene.install()
        try await scene.add("two", topic: "topic-2") { $0.helpdesk.token = Secret("other token") }
        scene.customerWrites("anna/before")
        try await scene.relay()
        scene.customerWrites("anna/waiting")
        let refused = await #expect(throws: SetupFailure.self) {
            try await scene.installer().move(scene.present(), to: MoveRequest(helpdesk: "desk-two"))
        }
        #expect(refused?.remedy.contains("topic") == true, "the other account has its own topics")
        _ = try await scene.installer().move(
            scene.present(), to: MoveRequest(topic: "topic-2", helpdesk: "desk-two"))
        try await scene.relay()
        #expect(scene.helpdesk.posted.all.map(\.user) == [nil, nil], "the customer is created again")
        #expect(scene.helpdesk.tokens.all == ["token", "other token"])

        scene.channel.answer = { piece, _ in
            piece.message.plainText == "bad" ? DeliveryFailure(.giveUp, reason: "Refused", detail: "") : nil
        }
        for text in ["good", "bad"] {
            let reply = "topic-1/agent/\(text)/anna topic-1/user of fake:anna/-"
            #expect(scene.call("/freshchat/h", reply).status == .ok)
        }
        try await scene.relay()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["good", "bad"])
        #expect(scene.helpdesk.notes.count == 1)
        #expect(scene.helpdesk.tokens.all.last == "token", "the note goes into the old account")
        scene.time.advance(Endpoint.timeAfterMove + 1)
        #expect(scene.call("/freshchat/h", "topic-1/agent/late/anna topic-1/-/-").status == .notFound)
    }

    @Test("A customer who writes to two installations on one topic has a conversation with each")
    func oneTopic() async throws {
        let scene = EngineScene()
        try await scene.install()
        try await scene.add("two", onDeskOf: "one")
        scene.customerWrites("anna/to one")
        try await scene.relay()
        scene.customerWrites("anna/to two", to: "/hook/t-two")
        try await scene.relay()
        #expect(try await scene.deliveries(.delivered).count == 2)
        for (number, conversation) in ["conversation-1", "opened-2"].enumerated() {
            let call = "topic-1/agent/answer \(number)/\(conversation)/user-1/fake:anna"
            #expect(scene.call("/freshchat/h", call).status == .ok)
        }
        try await scene.relay()
        let replies = try await scene.deliveries(.delivered).filter { $0.direction == .outbound }
        #expect(replies.sorted { $0.id < $1.id }.map(\.installation) == ["one", "two"])
    }

    @Test(
        "An installation that is taken out of service delivers what waits both ways, accepts nothing, and is gone then")
    func drained() async throws {
        let scene = try await scene()
        scene.customerWrites("anna/in")
        try await scene.relay()
        scene.customerWrites("anna/waiting")
        #expect(scene.call("/freshchat/h", "topic-1/agent/out/chat on topic-1/user of fake:anna/-").status == .ok)
        let warning = try await scene.installer().uninstall(
            scene.present(), from: scene.channel, keepingHistory: true, insisting: false, draining: true)
        #expect(warning == nil)
        scene.customerWrites("anna/too late")
        scene.customerWrites("read sent-1")
        #expect(try await scene.store.parkedEvents().map(\.count) == [1], "a receipt is recorded at once")
        try await scene.relay()
        #expect(scene.helpdesk.posted.all.map(\.message.plainText) == ["anna/in", "anna/waiting"])
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["out"])
        #expect(try await scene.store.installations().map(\.id) == ["two"])
        #expect(scene.channel.unregistered.all == ["channel-one"])
    }
}

extension EngineScene {
    func installer(environmentOwns: @escaping @Sendable (InstallationField) -> Bool = { _ in true }) -> Installer {
        let time = time
        return Installer(
            store: store, helpdesk: helpdesk, http: RecordingSender(replies: []),
            endpoints: Endpoints(baseURL: "https://x"),
            environmentOwns: environmentOwns, now: { time.now })
    }
}
