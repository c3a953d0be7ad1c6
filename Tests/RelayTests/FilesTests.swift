import FoundationEssentials
import RelayCore
import Testing

@testable import Relay

@Suite("A reply whose files aren't there yet")
struct FilesTests {
    private static let pending = Part.attachment(Attachment(kind: .file, url: nil, name: "offer.pdf"))
    private static let there = Part.attachment(
        Attachment(kind: .file, url: "https://cdn.example/offer.pdf", name: "offer.pdf"))

    private func reply(
        _ parts: [Part], isPrivate: Bool = false, id: HelpdeskMessageID = "M", sentAt: Date? = nil
    ) -> HelpdeskMessage {
        HelpdeskMessage(
            id: id, conversation: "conversation-1", user: "user-1", reference: "fake:anna", actor: .agent,
            actorID: "agent-1", isPrivate: isPrivate, message: Message(parts: parts, sentAt: sentAt))
    }

    private func history(_ messages: HelpdeskMessage...) -> ConversationHistory {
        ConversationHistory(
            messages: messages.map {
                .init(dedupeKey: DedupeKey("message/\($0.id)"), topic: "topic-1", content: .message($0))
            },
            calls: 1)
    }

    /// Relays a reply with these parts, and one behind it, until nothing waits.
    private func relay(_ scene: EngineScene, _ parts: [Part]) async throws {
        try await scene.install()
        for (key, reply) in [("1", reply(parts, sentAt: scene.time.now)), ("2", reply([.text("behind")], id: "N"))] {
            try scene.accept(
                .init(dedupeKey: DedupeKey(key), content: .reply(reply), topic: "topic-1"), from: .helpdesk)
        }
        for _ in 0..<30 {
            try await scene.relay()
            guard let due = try await scene.store.nextDue(now: scene.time.now) else { return }
            if due > scene.time.now { scene.time.advance(due.timeIntervalSince(scene.time.now)) }
        }
    }

    @Test("It is read again until they are, and then sent as a whole and in its place", arguments: 1...3)
    func comes(look: Int) async throws {
        var scene = EngineScene()
        let (late, sooner) = (
            history(reply([.text("see"), Self.there])), history(reply([.text("see"), Self.pending]))
        )
        scene.helpdesk.history = { .success($0 < look ? sooner : late) }
        let start = scene.time.now
        try await relay(scene, [.text("see"), Self.pending])
        #expect(
            scene.channel.sent.all.map(\.message.plainText) == [
                "see\n📎 File: offer.pdf\nhttps://cdn.example/offer.pdf", "behind",
            ])
        #expect(scene.helpdesk.asked.all == Array(repeating: start.addingTimeInterval(-2), count: look))
        #expect(scene.helpdesk.notes.all == [])
    }

    @Test("Where they never come, the customer reads so, the agent is told, and what is behind it goes")
    func never() async throws {
        var scene = EngineScene()
        let answer = history(reply([Self.pending, Self.there]), reply([.text("another")], id: "O"))
        scene.helpdesk.history = { _ in .success(answer) }
        try await relay(scene, [.text("see"), Self.pending, .attachment(Attachment(kind: .image, url: nil))])
        #expect(
            scene.channel.sent.all.map(\.message.plainText) == [
                "[A file could not be sent: offer.pdf]\n📎 File: offer.pdf\nhttps://cdn.example/offer.pdf", "behind",
            ])
        // This clock may jump over a look.
        #expect((2...FilePatience.delays.count).contains(scene.helpdesk.asked.count))
        let note = try #require(scene.helpdesk.notes.all.first)
        #expect(scene.helpdesk.notes.count == 1 && note.contains("offer.pdf") && note.contains("Fake"))
    }

    @Test("A picture that isn't in the conversation any more becomes words, and the text beside it stays")
    func gone() async throws {
        var scene = EngineScene()
        scene.helpdesk.history = { _ in .success(nil) }
        try await relay(scene, [.text("see"), .attachment(Attachment(kind: .image, url: nil))])
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["see\n[A picture could not be sent]", "behind"])
        #expect(scene.helpdesk.notes.count == 1)
    }

    @Test("What is a private note by now is not shown")
    func privateByNow() async throws {
        var scene = EngineScene()
        let answer = history(reply([.text("secret"), Self.there], isPrivate: true))
        scene.helpdesk.history = { _ in .success(answer) }
        try await relay(scene, [Self.pending])
        #expect(
            scene.channel.sent.all.map(\.message.plainText) == ["[A file could not be sent: offer.pdf]", "behind"])
    }

    @Test("A helpdesk that doesn't answer is asked again; what a token may not read is not waited for")
    func failures() async throws {
        var scene = EngineScene()
        let late = history(reply([Self.there]))
        let failure = DeliveryFailure(.retry(after: nil), reason: "The desk is down", detail: "")
        scene.helpdesk.history = { $0 <= 3 ? .failure(failure) : .success(late) }
        try await relay(scene, [Self.pending])
        #expect(
            scene.channel.sent.all.map(\.message.plainText) == [
                "📎 File: offer.pdf\nhttps://cdn.example/offer.pdf", "behind",
            ])

        var refused = EngineScene()
        refused.helpdesk.history = { _ in .failure(DeliveryFailure(.giveUp, reason: "403", detail: "")) }
        try await relay(refused, [Self.pending])
        #expect(
            refused.channel.sent.all.map(\.message.plainText) == ["[A file could not be sent: offer.pdf]", "behind"])
    }

    @Test("A helpdesk that is down for long costs the file, and not the text")
    func outage() async throws {
        var scene = EngineScene()
        scene.helpdesk.history = { _ in .failure(DeliveryFailure(.retry(after: nil), reason: "Down", detail: "")) }
        let start = scene.time.now
        try await relay(scene, [.text("see"), Self.pending])
        #expect(
            scene.channel.sent.all.map(\.message.plainText) == [
                "see\n[A file could not be sent: offer.pdf]", "behind",
            ])
        #expect(scene.time.now < start.addingTimeInterval(3600))
    }

    @Test("A reply with all of its files costs no look")
    func complete() async throws {
        let scene = EngineScene()
        try await relay(scene, [.text("see"), Self.there])
        #expect(scene.helpdesk.asked.all == [])
        #expect(scene.channel.sent.count == 2)
    }

    @Test("Its pieces stay the same, whatever becomes of the file while they are sent")
    func pieces() async throws {
        var scene = EngineScene()
        let there = history(reply([.text("a|b"), Self.there]))
        scene.helpdesk.history = { $0 == 1 ? .success(there) : .success(nil) }
        let failure = DeliveryFailure(.retry(after: nil), reason: "No luck", detail: "")
        scene.channel.answer = { _, number in number == 2 ? failure : nil }
        try await relay(scene, [.text("a|b"), Self.pending])
        let end = "b\n📎 File: offer.pdf\nhttps://cdn.example/offer.pdf"
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["a", end, end, "behind"])
        #expect(scene.helpdesk.asked.count == 1)
    }

    @Test("Looks come soon at first, and a clock that was set makes no wait long")
    func looks() {
        let accepted = Date(timeIntervalSince1970: 1_790_000_000)
        var now = accepted
        var waits: [Double] = []
        while let next = FilePatience.nextCheck(acceptedAt: accepted, now: now) {
            waits.append((next.timeIntervalSince(now) * 10).rounded() / 10)
            now = next
        }
        #expect(waits == [0.7, 1.5, 3, 6, 10])
        let past = accepted.addingTimeInterval(-7200)
        #expect(FilePatience.firstCheck(acceptedAt: accepted, now: past) == nil)
        #expect(FilePatience.nextCheck(acceptedAt: accepted, now: past) == past.addingTimeInterval(10))
        #expect(FilePatience.firstCheck(acceptedAt: accepted, now: accepted) == accepted.addingTimeInterval(0.7))
    }
}
