import FoundationEssentials
import Relay
import RelayCore
import Testing

// Attempts whose outcome is unknown.
extension EngineTests {
    @Test("Into the helpdesk a doubt is handed on to be looked up, and is gone when the message is there")
    func doubtLookedUp() async throws {
        var scene = EngineScene()
        let failure = failure(.retry(after: nil), isCertain: false)
        scene.helpdesk.answer = { _, number in number == 1 ? failure : nil }
        try await scene.install()
        let before = scene.time.now
        scene.customerWrites("1", "2")
        try await scene.relayAll()
        let doubts = scene.helpdesk.posted.all.map(\.doubt)
        #expect(doubts.count == 3)
        #expect(doubts[0] == nil)
        #expect(try #require(doubts[1]).since >= before)
        #expect(doubts[2] == nil)
    }

    @Test("Towards a channel without a key a doubt is sent again, where the installation says so")
    func doubtResent() async throws {
        var scene = EngineScene()
        let failure = failure(.retry(after: nil), isCertain: false)
        scene.channel.answer = { _, number in number == 1 ? failure : nil }
        try await scene.install(doubtPolicy: .resend)
        scene.agentWrites("answer")
        try await scene.relayAll()
        #expect(scene.channel.sent.count == 2)
        #expect(scene.helpdesk.notes.count == 0)
    }

    @Test("Or it is held for a person, the agent is told, and the next reply is sent")
    func doubtHeld() async throws {
        var scene = EngineScene()
        let failure = failure(.retry(after: nil), isCertain: false)
        scene.channel.answer = { _, number in number == 1 ? failure : nil }
        try await scene.install(doubtPolicy: .hold)
        scene.agentWrites("answer", "next")
        try await scene.relayAll()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["answer", "next"])
        let held = try await scene.deliveries(.held)
        #expect(held.count == 1)
        #expect(scene.helpdesk.notes.count == 1)
        try await scene.store.redrive(try #require(held.first).id, from: .command, now: scene.time.now)
        try await scene.relayAll()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["answer", "next", "answer"])
    }

    @Test("A held reply of which a person says that it arrived is delivered, and never sent again")
    func doubtArrived() async throws {
        var scene = EngineScene()
        let failure = failure(.retry(after: nil), isCertain: false)
        scene.channel.answer = { _, number in number == 1 ? failure : nil }
        try await scene.install(doubtPolicy: .hold)
        scene.agentWrites("answer")
        try await scene.relayAll()
        let held = try #require(try await scene.deliveries(.held).first)
        #expect(try await scene.store.attempts(of: held.id).map(\.outcome) == [.inDoubt])
        try await scene.store.confirmArrival(held.id, from: .command, now: scene.time.now)
        try await scene.relayAll()
        #expect(try await scene.store.attempts(of: held.id).map(\.outcome) == [.inDoubt], "nothing else was sent")
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["answer"])
        #expect(try await scene.deliveries(.delivered).map(\.id).contains(held.id))
    }

    @Test("A channel with an idempotency key is simply sent the same again")
    func doubtIdempotent() async throws {
        var scene = EngineScene()
        let failure = failure(.retry(after: nil), isCertain: false)
        scene.channel.isIdempotent = true
        scene.channel.answer = { _, number in number == 1 ? failure : nil }
        try await scene.install(doubtPolicy: .hold)
        scene.agentWrites("answer")
        try await scene.relayAll()
        #expect(scene.channel.sent.count == 2)
        #expect(Set(scene.channel.sent.all.map(\.idempotencyKey)).count == 1)
    }
}
