import FoundationEssentials
import Relay
import RelayCore
import Testing

@Suite("The relay's engine")
struct EngineTests {
    func failure(_ remedy: DeliveryFailure.Remedy, isCertain: Bool = true) -> DeliveryFailure {
        DeliveryFailure(remedy, isCertain: isCertain, reason: "No luck", detail: "code 7")
    }

    @Test("Messages go over in order, and the mapping that the first one found serves the next")
    func inOrder() async throws {
        let scene = EngineScene()
        try await scene.install()
        scene.customerWrites("1", "2", "3")
        try await scene.relay()
        #expect(scene.helpdesk.posted.all.map(\.message.plainText) == ["1", "2", "3"])
        #expect(scene.helpdesk.posted.all.map(\.user) == [nil, "user-1", "user-1"])
        #expect(scene.helpdesk.posted.all.map(\.conversation) == [nil, "conversation-1", "conversation-1"])
        #expect(scene.helpdesk.posted.all.map(\.reference.text) == ["fake:anna", "fake:anna", "fake:anna"])
        #expect(try await scene.deliveries(.delivered).count == 3)
    }

    @Test("A failure is tried again until it goes, and what stands behind it waits")
    func retried() async throws {
        var scene = EngineScene()
        let failure = failure(.retry(after: nil))
        scene.helpdesk.answer = { _, number in number <= 3 ? failure : nil }
        try await scene.install()
        scene.customerWrites("1", "2")
        try await scene.relayAll()
        #expect(scene.helpdesk.posted.all.map(\.message.plainText) == ["1", "1", "1", "1", "2"])
        #expect(try await scene.deliveries(.delivered).count == 2)
    }

    @Test("A piece that was delivered is not sent again when a later one fails")
    func pieces() async throws {
        var scene = EngineScene()
        let failure = failure(.retry(after: nil))
        scene.channel.answer = { _, number in number == 2 ? failure : nil }
        try await scene.install()
        scene.agentWrites("a|b|c")
        try await scene.relayAll()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["a", "b", "b", "c"])
        let keys = scene.channel.sent.all.map(\.idempotencyKey)
        #expect(keys[1] == keys[2])
        #expect(Set(keys).count == 3)
    }

    @Test("Of a reply in more than 100 pieces the first 100 are sent, and the agent is told that the rest is cut")
    func longReply() async throws {
        let scene = EngineScene()
        try await scene.install()
        scene.agentWrites(
            (1...130).map { "\($0)" }.joined(separator: "|"), (1...100).map { "\($0)" }.joined(separator: "|"))
        try await scene.relayAll()
        let sent = (1...100).map { "\($0)" }
        #expect(scene.channel.sent.all.map(\.message.plainText) == sent + sent)
        #expect(scene.helpdesk.notes.all.count == 1)
        #expect(
            scene.helpdesk.notes.all.first?.contains("Fake received its first 100 messages; the rest was cut") == true)
    }

    @Test("Of a customer's message in more than 100 pieces the last one says that the rest is cut")
    func longMessage() async throws {
        let scene = EngineScene()
        try await scene.install()
        scene.customerWrites((1...130).map { "\($0)" }.joined(separator: "|"))
        try await scene.relayAll()
        let posted = scene.helpdesk.posted.all.map(\.message.plainText)
        #expect(posted.count == 100)
        #expect(posted.dropLast() == (1...99).map { "\($0)" }[...])
        #expect(posted.last?.contains("The rest of it was cut") == true)
        #expect(scene.helpdesk.notes.all.isEmpty)
    }

    @Test("A reply that nothing helps is a dead letter, the agent is told once, and the next one goes")
    func dead() async throws {
        var scene = EngineScene()
        let failure = failure(.giveUp)
        scene.channel.answer = { piece, _ in piece.message.plainText == "bad" ? failure : nil }
        try await scene.install()
        scene.agentWrites("bad", "good")
        try await scene.relayAll()
        #expect(scene.channel.sent.all.map(\.message.plainText) == ["bad", "good"])
        let dead = try await scene.deliveries(.dead)
        #expect(dead.map(\.reason) == ["No luck"])
        #expect(dead.map(\.detail) == ["code 7"])
        #expect(scene.helpdesk.notes.count == 1)
        let note = try #require(scene.helpdesk.notes.all.first)
        #expect(note.contains("No luck") && note.contains("bad") && note.contains("Fake"))
    }

    @Test("A rate limit holds back everything to that side until it is over, and counts as no attempt")
    func gate() async throws {
        var scene = EngineScene()
        let until = scene.time.now.addingTimeInterval(50)
        let failure = failure(.slowDown(until: until))
        let time = scene.time
        let early = Log<Date>()
        scene.helpdesk.answer = { _, number in
            if number == 1 { return failure }
            if time.now < until { _ = early.add(time.now) }
            return nil
        }
        try await scene.install()
        scene.customerWrites("1", "2")
        scene.agentWrites("answer")
        try await scene.relayAll()
        #expect(early.all.isEmpty)
        #expect(scene.channel.sent.count == 1)
        #expect(try await scene.deliveries(.delivered).count == 3)
        #expect(try await scene.deliveries(.delivered).allSatisfy { $0.attempts == 0 })
    }

    @Test("A refused credential pauses the account, which keeps everything and goes on when it is resumed")
    func paused() async throws {
        var scene = EngineScene()
        let failure = failure(.pause)
        scene.helpdesk.answer = { _, number in number == 1 ? failure : nil }
        try await scene.install()
        scene.customerWrites("1", "2")
        try await scene.relay()
        #expect(scene.helpdesk.posted.count == 1)
        let installation = try #require(try await scene.store.installations().first)
        guard case .paused(let reason, _, .credential) = installation.state else {
            Issue.record("not paused")
            return
        }
        #expect(reason.contains("No luck"))
        scene.customerWrites("3")
        try await scene.store.resume("one", now: scene.time.now)
        try await scene.relayAll()
        #expect(scene.helpdesk.posted.all.map(\.message.plainText) == ["1", "1", "2", "3"])
    }

    @Test("A credential that was replaced while the old one was being refused does not pause the account")
    func replacedMeanwhile() async throws {
        var scene = EngineScene()
        let failure = failure(.pause)
        let (store, time) = (scene.store, scene.time)
        scene.helpdesk.answer = { _, number in
            guard number == 1 else { return nil }
            do {
                var installation = try #require(try await store.installations().first)
                installation.helpdesk.token = Secret("new")
                try await store.save(installation, now: time.now)
            } catch {
                Issue.record(error)
            }
            return failure
        }
        try await scene.install()
        scene.customerWrites("1")
        try await scene.relayAll()
        #expect(scene.helpdesk.posted.count == 2)
        #expect(try await scene.store.installations().first?.isActive == true)
    }

    @Test("A channel that has lost its webhook is told it again, and the reply goes")
    func registered() async throws {
        var scene = EngineScene()
        let failure = failure(.register)
        scene.channel.answer = { _, number in number == 1 ? failure : nil }
        try await scene.install()
        scene.agentWrites("answer")
        try await scene.relayAll()
        #expect(scene.channel.registered.all == ["https://x/hook/t"])
        #expect(scene.channel.sent.count == 2)
    }

    @Test("A channel that can't be told its webhook pauses its account")
    func registrationRefused() async throws {
        var scene = EngineScene()
        let failure = failure(.register)
        scene.channel.answer = { _, _ in failure }
        scene.channel.registration = SetupFailure(side: "Fake", problem: "no", remedy: "do")
        try await scene.install()
        scene.agentWrites("answer")
        try await scene.relay()
        #expect(try await scene.store.installations().first?.isActive == false)
        #expect(scene.channel.sent.count == 1)
    }

    @Test("A relay that is cancelled comes to its end", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        let scene = EngineScene()
        try await scene.install()
        let task = Task { try await scene.engine().run() }
        task.cancel()
        _ = await task.result
        scene.customerWrites("1")
        #expect(scene.helpdesk.posted.count == 0)
    }

    @Test("A hopeless reply that is tried again and dies of the same leaves no second note")
    func hopeless() async throws {
        var scene = EngineScene()
        let failure = failure(.giveUp)
        scene.channel.answer = { _, _ in failure }
        try await scene.install()
        scene.agentWrites("answer")
        try await scene.relayAll()
        for _ in 0..<3 {
            let dead = try #require(try await scene.deliveries(.dead).first)
            #expect(dead.cause == .refused)
            try await scene.store.redrive(dead.id, from: .command, now: scene.time.now)
            try await scene.relayAll()
        }
        #expect(scene.channel.sent.count == 4)
        #expect(scene.helpdesk.notes.count == 1)
    }

    @Test("An agent's name is asked for once a day, not for each reply")
    func names() async throws {
        let scene = EngineScene()
        try await scene.install()
        scene.agentWrites("1", "2")
        try await scene.relayAll()
        #expect(scene.channel.sent.all.map(\.senderName) == ["Denise", "Denise"])
        #expect(scene.helpdesk.lookedUp.count == 1)
        scene.time.advance(90_000)
        scene.agentWrites("3")
        try await scene.relayAll()
        #expect(scene.helpdesk.lookedUp.count == 2)
    }

    @Test("A customer who writes wakes the reply that waits for them")
    func wakes() async throws {
        var scene = EngineScene()
        let failure = failure(.waitForContact(until: scene.time.now.addingTimeInterval(900_000)))
        scene.channel.answer = { _, number in number == 1 ? failure : nil }
        try await scene.install()
        scene.customerWrites("hi")
        scene.agentWrites("answer")
        try await scene.relay()
        #expect(scene.channel.sent.count == 1)
        scene.customerWrites("are you there")
        try await scene.relay()
        #expect(scene.channel.sent.count == 2)
    }

    @Test(
        "A side that fails for everyone is tried by one delivery at a time until it is well, and then all go in order")
    func breaker() async throws {
        var scene = EngineScene()
        let outage = scene.time.now.addingTimeInterval(3000)
        let time = scene.time
        let failure = failure(.retry(after: nil), isCertain: false)
        scene.helpdesk.answer = { _, _ in time.now < outage ? failure : nil }
        try await scene.install()
        for number in 1...40 { scene.customerWrites("user-\(number)/first", "user-\(number)/second") }
        try await scene.relayAll()
        #expect(try await scene.deliveries(.delivered).count == 80)
        #expect(try await scene.store.openBreakers().isEmpty)
        // Each of forty would have been tried a dozen times in that time; one probe in 30 s is a hundred in all.
        #expect((Breaker.threshold...Breaker.threshold + 120).contains(scene.helpdesk.posted.count - 80))
        for number in 1...40 {
            let texts = scene.helpdesk.posted.all.map(\.message.plainText).filter { $0.hasPrefix("user-\(number)/") }
            #expect(texts.last?.hasSuffix("second") == true)
            #expect(texts.dropLast().allSatisfy { $0.hasSuffix("first") })
        }
    }

    @Test("Five 503s in a row are a service that is down, in the reason and in the attempts, and no five riddles")
    func fiveFaults() async throws {
        var scene = EngineScene()
        let fault = DeliveryFailure(
            ServiceFault(service: "Desk", status: 503), after: nil, isCertain: false, detail: "POST: HTTP 503")
        let unreached = DeliveryFailure(.retry(after: nil), reason: "Desk could not be reached", detail: "reset")
        scene.helpdesk.answer = { _, number in number == 3 ? unreached : fault }
        let store = scene.store
        let reasons = Log<String>()
        let answer = scene.helpdesk.answer
        scene.helpdesk.answer = { piece, number in
            if let delivery = try? await store.deliveries(DeliveryFilter(states: [.waiting])).first {
                _ = reasons.add(delivery.reason)
            }
            return number > 9 ? nil : await answer(piece, number)
        }
        try await scene.install()
        scene.customerWrites("1")
        try await scene.relayAll()
        // The reason before each attempt; the fourth to the eighth are the five after the one that wasn't answered.
        let once = "Desk server error: it answered 503"
        let down = { (count: Int) in
            "Desk is down: it answered \(count) attempts in a row with server errors, this one with 503"
        }
        #expect(
            reasons.all == [
                "", once, once, "Desk could not be reached", once, once, once, once, down(5), down(6),
            ])
        let delivery = try #require(try await scene.deliveries(.delivered).first)
        let attempts = try await store.attempts(of: delivery.id)
        #expect(attempts.map(\.outcome).prefix(2) == [.inDoubt, .inDoubt])
        #expect(attempts[7].detail == down(5) + " (POST: HTTP 503)")
    }

    @Test("What a cancelled relay breaks off counts as no attempt")
    func brokenOff() async throws {
        var scene = EngineScene()
        let isReached = AsyncStream<Void>.makeStream()
        scene.helpdesk.answer = { _, _ in
            isReached.continuation.yield()
            // Until it is cancelled, as a request is.
            for await _ in AsyncStream<Never>.makeStream().stream {}
            return DeliveryFailure(.retry(after: nil), isCertain: false, reason: "Broken off", detail: "")
        }
        try await scene.install()
        scene.customerWrites("one", "two")
        let relay = Task { [scene] in try await scene.relay() }
        for await _ in isReached.stream { break }
        relay.cancel()
        try await relay.value
        let waiting = try await scene.deliveries(.waiting)
        #expect(waiting.map(\.attempts) == [0, 0])
        #expect(waiting.count { $0.doubtSince != nil } == 1)
        #expect(try await scene.store.openBreakers().isEmpty)
    }
}
