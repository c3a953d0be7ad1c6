import FoundationEssentials
import Logging
import Relay
import RelayCore
import RelayTesting
import Testing

@Suite("Looking for lost webhooks")
struct ReconciliationTests {
    /// A scene in which a customer's message, `posted-1`, has just come into his conversation.
    private func scene() async throws -> EngineScene {
        let scene = EngineScene()
        try await scene.install()
        scene.customerWrites("hello")
        try await scene.relay()
        // The relay may have slept once more after it: the minute begins with the message.
        let pace = PollPace(interval: .seconds(60), callsPerMinute: 60_000)
        let due = try #require(try await scene.store.nextPoll(pace, now: scene.time.now))
        scene.time.advance(due.timeIntervalSince(scene.time.now) - 60)
        return scene
    }

    private func failure(_ remedy: DeliveryFailure.Remedy) -> DeliveryFailure {
        DeliveryFailure(remedy, reason: "No luck", detail: "code 7")
    }

    @Test("Replies that no webhook brought are found and sent in order, and their late webhooks are repeats")
    func found() async throws {
        var scene = try await scene()
        scene.serve([scene.event("posted-1", by: .user, at: 0), scene.event("a", at: 1), scene.event("b", at: 2)])
        #expect(await scene.poll(after: 59) == 0)
        #expect(await scene.poll(after: 1) == 2)
        scene.agentWrites("a", "b")
        #expect(await scene.poll(after: 60) == 0)
        try await scene.relay()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["a", "b"])
        #expect(scene.helpdesk.asked.count == 2)
    }

    @Test("A reply that its webhook has brought is not brought again, and comes in its place among lost ones")
    func known() async throws {
        var scene = try await scene()
        scene.agentWrites("b")
        scene.serve(["a", "b", "c"].enumerated().map { scene.event($1, at: Double($0)) }, afterOurs: true)
        #expect(await scene.poll(after: 60) == 2)
        try await scene.relay()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["b", "a", "c"])
    }

    @Test(
        "Echoes, private notes, system lines and empty ones stay where they are; whose the rest is, the conversation says"
    )
    func filtered() async throws {
        var scene = try await scene()
        scene.serve(
            [
                scene.event("mine", by: .user, at: 1), scene.event("secret", at: 2, isPrivate: true),
                scene.event("reopened", by: .system, at: 3), scene.event(" ", at: 4),
                scene.event("other topic", at: 5, topic: "topic-2"), scene.event("bot", by: .bot, at: 6),
                scene.event("no topic", at: 7, topic: nil),
            ], afterOurs: true)
        #expect(await scene.poll(after: 60) == 3)
        try await scene.relay()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["other topic", "bot", "no topic"])
    }

    @Test(
        "What was written before our first message is never sent, however far the clocks are apart",
        arguments: [-21_600, -300, 0, 300, 21_600] as [Double])
    func history(clockIsAhead: Double) async throws {
        var scene = try await scene()
        let old = scene.event("old", at: clockIsAhead - 20)
        scene.serve([
            old, scene.event("posted-1", by: .user, at: clockIsAhead), scene.event("new", at: clockIsAhead + 30),
        ])
        #expect(await scene.poll(after: 60) == 1)
        // The next look overlaps with what came before.
        scene.serve([
            old, scene.event("posted-1", by: .user, at: clockIsAhead), scene.event("new", at: clockIsAhead + 30),
            scene.event("newer", at: clockIsAhead + 70),
        ])
        #expect(await scene.poll(after: 60) == 1)
        try await scene.relay()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["new", "newer"])
        #expect(scene.helpdesk.asked.all.last == scene.origin.addingTimeInterval(clockIsAhead))
    }

    @Test("Where none of our messages is found, our own clock says what is from before our time")
    func ownClock() async throws {
        var scene = try await scene()
        scene.serve([scene.event("old", at: -20), scene.event("undated", at: nil), scene.event("new", at: 20)])
        #expect(await scene.poll(after: 60) == 1)
        try await scene.relay()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["new"])
    }

    @Test("After the first look the next asks from a minute before the newest message seen")
    func overlap() async throws {
        var scene = try await scene()
        scene.serve([scene.event("posted-1", by: .user, at: 0), scene.event("a", at: 500)])
        #expect(await scene.poll(after: 600) == 1)
        #expect(await scene.poll(after: 60) == 0)
        #expect(scene.helpdesk.asked.all.last == scene.origin.addingTimeInterval(440))
    }

    @Test("Messages of more than a week ago are left alone, also when Freshchat gives more than it was asked for")
    func longAgo() async throws {
        var scene = try await scene()
        scene.serve([scene.event("posted-1", by: .user, at: 0), scene.event("a", at: 1)])
        #expect(await scene.poll(after: 60) == 1)
        scene.serve([scene.event("ancient", at: 2), scene.event("lately", at: 86_400)])
        scene.time.advance(7 * 86_400)
        scene.customerWrites("again")
        try await scene.relay()
        #expect(await scene.poll(after: 60) == 1)
        #expect(try await scene.texts(outbound: true) == ["a", "lately"])
    }

    @Test("While nothing new comes each look waits twice as long, and a message begins anew")
    func pace() async throws {
        var scene = try await scene()
        scene.serve([scene.event("posted-1", by: .user, at: 0)])
        var looks: [Int] = []
        for second in 1...1000 {
            _ = await scene.poll(after: 1)
            if scene.helpdesk.asked.count > looks.count { looks.append(second) }
        }
        #expect(looks == [60, 180, 420, 900])
        scene.agentWrites("a")
        #expect(await scene.poll(after: 60) == 0)
        #expect(scene.helpdesk.asked.count == 5)
    }

    @Test("A resolved conversation is looked into once more, so that the answer before is not lost with its webhook")
    func resolved() async throws {
        var scene = try await scene()
        try await scene.resolve()
        scene.serve([scene.event("goodbye", at: 10)], afterOurs: true)
        #expect(await scene.poll(after: 60) == 1)
        #expect(await scene.poll(after: 60) == 0)
        #expect(await scene.poll(after: 10_000) == 0)
        #expect(scene.helpdesk.asked.count == 2)
    }

    @Test("A limit that is reached closes the gate, and nothing is asked before it opens")
    func slowDown() async throws {
        var scene = try await scene()
        let until = scene.time.now.addingTimeInterval(250)
        let refusal = failure(.slowDown(until: until))
        let served = [scene.event("posted-1", by: .user, at: 0), scene.event("a", at: 1)]
        scene.helpdesk.history = { number in
            number == 1 ? .failure(refusal) : .success(ConversationHistory(messages: served, calls: 1))
        }
        #expect(await scene.poll(after: 60) == 0)
        scene.customerWrites("waits")
        #expect(try await scene.store.nextDue(now: scene.time.now) == until)
        #expect(await scene.poll(after: 189) == 0)
        #expect(scene.helpdesk.asked.count == 1)
        #expect(await scene.poll(after: 1) == 1)
        #expect(try await scene.deliveries(.waiting).allSatisfy { $0.attempts == 0 })
    }

    @Test("A token that was replaced during the call is no reason to pause the new one")
    func replacedToken() async throws {
        var scene = try await scene()
        let refusal = failure(.pause)
        let (store, now) = (scene.store, scene.time.now)
        scene.helpdesk.history = { _ in
            do {
                var installation = try #require(try await store.installation("one"))
                installation.helpdesk.token = Secret("a new one")
                try await store.save(installation, now: now)
            } catch {
                Issue.record(error)
            }
            return .failure(refusal)
        }
        _ = await scene.poll(after: 60)
        #expect(scene.helpdesk.asked.count == 1)
        #expect(try await scene.store.installation("one")?.isActive == true)
    }

    @Test("A token that isn't taken pauses the installation, and nothing is asked until it goes on")
    func refusedToken() async throws {
        var scene = try await scene()
        let refusal = failure(.pause)
        scene.helpdesk.history = { _ in .failure(refusal) }
        _ = await scene.poll(after: 60)
        #expect(try await scene.store.installation("one")?.isActive == false)
        _ = await scene.poll(after: 10_000)
        #expect(scene.helpdesk.asked.count == 1)
        try await scene.store.resume("one", now: scene.time.now)
        _ = await scene.poll(after: 60)
        #expect(scene.helpdesk.asked.count == 2)
    }

    @Test("Trouble of Freshchat's own makes it wait and ask again; a conversation that is gone is left alone")
    func trouble() async throws {
        var scene = try await scene()
        let refusal = failure(.retry(after: .seconds(100)))
        scene.helpdesk.history = { number in number < 3 ? .failure(refusal) : .success(nil) }
        for after in [60.0, 99, 1, 99, 1, 1000, 10_000] { #expect(await scene.poll(after: after) == 0) }
        #expect(scene.helpdesk.asked.count == 3)
        #expect(try await scene.store.installation("one")?.isActive == true)
    }

    @Test("A store that can't be written leaves what was found for the next look")
    func storeDown() async throws {
        var scene = try await scene()
        scene.serve([scene.event("a", at: 1)], afterOurs: true)
        scene.refuse(with: StoreFailure(.unavailable, "disk full"))
        #expect(await scene.poll(after: 60) == 0)
        scene.refuse(with: nil)
        #expect(await scene.poll(after: 60) == 1)
    }
}

extension EngineScene {
    /// When the scene began.
    var origin: Date { Date(timeIntervalSince1970: 1_790_000_000) }

    /// A message of the conversation, so many seconds after the beginning by Freshchat's clock.
    func event(
        _ text: String, by actor: HelpdeskMessage.Actor = .agent, at seconds: Double?, isPrivate: Bool = false,
        topic: TopicID? = "topic-1"
    ) -> HelpdeskEvent {
        HelpdeskEvent(
            dedupeKey: DedupeKey(text), topic: topic,
            content: .message(
                HelpdeskMessage(
                    id: HelpdeskMessageID(text), conversation: "conversation-1", user: "user-1", actor: actor,
                    actorID: "agent-1", isPrivate: isPrivate,
                    message: Message(text: text, sentAt: seconds.map(origin.addingTimeInterval)))))
    }

    /// What Freshchat gives from now on.
    mutating func serve(_ events: [HelpdeskEvent], afterOurs: Bool = false) {
        let ours = afterOurs ? [event("posted-1", by: .user, at: 0)] : []
        helpdesk.history = { _ in .success(ConversationHistory(messages: ours + events, calls: 1)) }
    }

    /// Lets time go by and makes the looks that are due.
    func poll(after seconds: Double) async -> Int {
        time.advance(seconds)
        return await Reconciliation(
            store: store, helpdesk: helpdesk, http: RecordingSender(replies: []),
            pace: PollPace(interval: .seconds(60), callsPerMinute: 60_000), time: time.relayTime, wakeUp: WakeUp(),
            logger: Logger(label: "test")
        ).run(for: .milliseconds(1))
    }

    func resolve() async throws {
        try accept(
            .init(
                dedupeKey: "resolved", content: .status(conversation: "conversation-1", isResolved: true),
                topic: "topic-1"), from: .helpdesk)
    }

    func texts(outbound: Bool) async throws -> [String] {
        try await store.deliveries(DeliveryFilter()).reversed().filter { ($0.direction == .outbound) == outbound }
            .compactMap { delivery in
                guard case .reply(let reply) = delivery.payload else { return nil }
                return reply.message.plainText
            }
    }
}
