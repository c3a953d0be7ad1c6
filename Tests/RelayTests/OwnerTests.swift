import FoundationEssentials
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@testable import Relay

/// From the webhook to what is sent: by which installation a reply leaves.
@Suite("Whose a reply is")
struct OwnerTests {
    /// Two installations in one helpdesk account; each customer has a conversation of their own.
    private func scene(
        secondTopic: TopicID = "topic-1", secondKind: ChannelKind = "fake", sharingAccount: Bool = true
    ) async throws -> EngineScene {
        var scene = EngineScene()
        scene.helpdesk.places = { piece in
            let name = piece.reference.text
            return (HelpdeskUserID("user of \(name)"), HelpdeskConversationID("chat of \(name) on \(piece.topic)"))
        }
        try await scene.install()
        try await scene.add(
            "two", topic: secondTopic, kind: secondKind, onDeskOf: sharingAccount ? "one" : nil)
        return scene
    }

    /// What was sent, and by which installation.
    private func sent(_ scene: EngineScene) async throws -> [String] {
        try await scene.deliveries(.delivered).filter { $0.direction == .outbound }.compactMap { delivery in
            guard case .reply(let reply) = delivery.payload else { return nil }
            return "\(delivery.installation): \(reply.message.plainText)"
        }.sorted()
    }

    @Test(
        "On a topic that two installations share, each reply leaves by the one whose conversation it is in",
        arguments: ["fake", "other"] as [ChannelKind], ["/freshchat/h", "/marketplace/e"])
    func sharedTopic(kind: ChannelKind, path: String) async throws {
        let scene = try await scene(secondKind: kind)
        scene.customerWrites("anna/hello")
        scene.customerWrites("bert/hello", to: "/hook/t-two")
        try await scene.relay()
        let bert = "chat of \(kind):bert on topic-1/user of \(kind):bert/-"
        #expect(scene.call(path, "topic-1/agent/for bert/\(bert)").status == .ok)
        #expect(
            scene.call(path, "topic-1/agent/for anna/chat of fake:anna on topic-1/user of fake:anna/-").status == .ok)
        try await scene.relay()
        #expect(try await sent(scene) == ["one: for anna", "two: for bert"])
        #expect(scene.channel.sent.all.map { "\($0.to)" }.sorted() == ["anna", "bert"])
        #expect(scene.helpdesk.asksFor.count == 0, "the conversation says it")
    }

    @Test("Until two accounts are known to be the same, the webhook of either serves both")
    func twoAccounts() async throws {
        for path in ["/freshchat/h", "/freshchat/h-two"] {
            let scene = try await scene(sharingAccount: false)
            scene.customerWrites("anna/hello")
            scene.customerWrites("bert/hello", to: "/hook/t-two")
            try await scene.relay()
            for name in ["anna", "bert"] {
                let place = "chat of fake:\(name) on topic-1/user of fake:\(name)/fake:\(name)"
                #expect(scene.call(path, "topic-1/agent/for \(name)/\(place)").status == .ok)
            }
            try await scene.relay()
            #expect(try await sent(scene) == ["one: for anna", "two: for bert"])
        }
    }

    @Test("A customer's conversation on a topic that no installation has never reaches the phone")
    func webWidget() async throws {
        let scene = try await scene()
        scene.customerWrites("anna/hello")
        try await scene.relay()
        #expect(
            scene.call("/freshchat/h", "web-topic/agent/on the web/web-chat/user of fake:anna/fake:anna").status == .ok)
        try await scene.relayAll()
        #expect(scene.channel.sent.count == 0)
        #expect(try await scene.deliveries(.waiting).isEmpty)
        #expect(scene.helpdesk.notes.count == 0)
    }

    @Test("Nor does one whose event names no topic, once Freshchat has said on which it is")
    func webWidgetWithoutTopic() async throws {
        var scene = try await scene()
        scene.helpdesk.facts = { _ throws(DeliveryFailure) in
            ConversationFacts(topic: "web-topic", user: "user of fake:anna", reference: Reference("fake:anna"))
        }
        scene.customerWrites("anna/hello")
        try await scene.relay()
        #expect(scene.call("/freshchat/h", "-/agent/on the web/web-chat/user of fake:anna/fake:anna").status == .ok)
        try await scene.relayAll()
        #expect(scene.helpdesk.asksFor.all == ["web-chat"])
        #expect(scene.channel.sent.count == 0)
        #expect(try await scene.deliveries(.discarded).count == 1)
    }

    @Test("An event without a topic is looked up, and leaves by the installation that has the topic")
    func withoutTopic() async throws {
        var scene = try await scene(secondTopic: "topic-2")
        scene.helpdesk.facts = { _ throws(DeliveryFailure) in
            ConversationFacts(topic: "topic-2", user: "u", reference: Reference("fake:carl"))
        }
        #expect(scene.call("/freshchat/h", "-/agent/first/new-chat/-/-").status == .ok)
        #expect(scene.call("/freshchat/h", "topic-2/agent/second/new-chat/-/-").status == .ok)
        try await scene.relayAll()
        #expect(try await sent(scene) == ["two: first", "two: second"])
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["first", "second"], "in their order")
        #expect(scene.channel.sent.all.map(\.to) == ["carl", "carl"])
    }

    @Test(
        "An agent begins a conversation with somebody whom two installations know: it waits for a person, with a note")
    func undecided() async throws {
        var scene = try await scene(secondKind: "other")
        scene.helpdesk.facts = { _ throws(DeliveryFailure) in
            ConversationFacts(topic: "topic-1", user: "anna in person", reference: nil)
        }
        scene.helpdesk.places = { piece in ("anna in person", HelpdeskConversationID("chat of \(piece.reference)")) }
        scene.customerWrites("anna/hello")
        scene.customerWrites("anna/hello", to: "/hook/t-two")
        try await scene.relayAll()
        #expect(scene.call("/freshchat/h", "topic-1/agent/for whom/agent-chat/anna in person/-").status == .ok)
        try await scene.relayAll()
        #expect(scene.channel.sent.count == 0)
        #expect(try await scene.deliveries(.held).map(\.installation) == ["desk-one"])
        let note = try #require(scene.helpdesk.notes.all.first)
        #expect(scene.helpdesk.notes.count == 1)
        #expect(note.contains("“One”") && note.contains("“Two”") && note.contains("> for whom"))
        #expect(try scene.store.metrics().alarms.contains { $0.alarm == Alarm(.replyUndecided, subject: "desk-one") })
    }

    @Test(
        "One customer on two addresses with two topics has a conversation for each, and replies leave by the right one")
    func twoAddresses() async throws {
        var scene = EngineScene()
        scene.channel.form = .addressAndUser
        scene.helpdesk.places = { piece in
            let name = piece.reference.text
            return (HelpdeskUserID("user of \(name)"), HelpdeskConversationID("chat of \(name)"))
        }
        try await scene.add("one", address: "sales", form: .addressAndUser)
        try await scene.add(
            "two", topic: "topic-2", address: "support", form: .addressAndUser, onDeskOf: "one", onChannelOf: "one")
        scene.customerWrites("sales@anna/buy", "support@anna/help")
        try await scene.relay()
        #expect(
            Set(scene.helpdesk.posted.all.map { "\($0.topic) \($0.reference)" })
                == ["topic-1 fake:sales:anna", "topic-2 fake:support:anna"])
        for (topic, name) in [("topic-1", "sales"), ("topic-2", "support")] {
            let reply = "\(topic)/agent/from \(name)/chat of fake:\(name):anna/user of fake:\(name):anna/-"
            #expect(scene.call("/freshchat/h", reply).status == .ok)
        }
        try await scene.relay()
        #expect(
            Set(scene.channel.sent.all.map { "\($0.from): \($0.message.plainText)" })
                == ["sales: from sales", "support: from support"])
        #expect(scene.channel.sent.all.allSatisfy { $0.to == "anna" })
    }

    @Test("The first messages of one customer to two installations at once create one user")
    func oneUser() async throws {
        var scene = try await scene()
        let anna = Reference("fake:anna")
        scene.helpdesk.places = { piece in ("user-1", HelpdeskConversationID("chat on \(piece.topic)")) }
        try await scene.store.move("two", to: MoveTarget(topic: "topic-2"), now: scene.time.now)
        scene.customerWrites("anna/hello")
        scene.customerWrites("anna/hello", to: "/hook/t-two")
        try await scene.relayAll()
        #expect(scene.helpdesk.created.all == [anna])
        #expect(try await scene.deliveries(.delivered).count == 2)
    }

    @Test("A webhook for an address that never had an installation is answered and goes nowhere")
    func unknownAddress() async throws {
        let scene = EngineScene()
        try await scene.add("one", address: "sales")
        #expect(scene.call("/hook/t", "nobody@anna/hello").status == .ok)
        #expect(try await scene.store.deliveries(DeliveryFilter()).isEmpty)
        #expect(try await scene.store.parkedEvents().isEmpty)
    }

    @Test("One webhook may bring events of several addresses: each is counted for its installation")
    func meteredByAddress() async throws {
        let scene = EngineScene()
        try await scene.add("one", address: "sales")
        try await scene.add("two", address: "support", onDeskOf: "one", onChannelOf: "one")
        let meter = IntakeMeter()
        #expect(scene.call("/hook/t", "support@anna/help", meter: meter).status == .ok)
        let tally = meter.take()
        #expect(Set(tally.acknowledgements.keys) == [Flow("two", .inbound)])
        #expect(Set(tally.signatures.keys) == [Flow("one", .inbound), Flow("two", .inbound)])
        #expect(scene.call("/hook/t", "forged", meter: meter).status == .forbidden)
        #expect(meter.take().signatures.mapValues(\.failures) == [Flow("one", .inbound): 1, Flow("two", .inbound): 1])
    }
}
