import FoundationEssentials
import RelayCore
import Testing

extension StoreScene {
    /// A look a minute after something happened, and a call a second.
    var pace: PollPace { PollPace(interval: .seconds(60), callsPerMinute: 60) }

    func polls(at seconds: Double) async throws -> [WatchedConversation] {
        try await store.takeConversations(pace, now: at(seconds))
    }

    /// The one conversation that there is to be looked into.
    func poll(at seconds: Double) async throws -> WatchedConversation {
        let taken = try await polls(at: seconds)
        try #require(taken.count == 1)
        return taken[0]
    }

    func record(
        _ conversation: WatchedConversation, next: Double?, inVain: Int = 1, seenUntil: Double? = nil, calls: Int = 1,
        rest: Double = 0, at seconds: Double
    ) async throws {
        try await store.record(
            PollOutcome(
                beginsAt: conversation.beginsAt, seenUntil: seenUntil.map(at), emptyPolls: inVain,
                nextPoll: next.map { .seconds($0) }, calls: calls, rest: .seconds(rest)),
            of: conversation, pace, now: at(seconds))
    }
}

extension StoreConformance {
    static let reconciliationChecks: [Check] = [
        Check("A conversation is to be looked into one interval after a customer's message came into it") { scene in
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.start) == nil)
            _ = try await scene.acquaint()
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.start) == scene.at(60))
            #expect(try await scene.polls(at: 59).isEmpty)
            #expect(
                try await scene.polls(at: 60) == [
                    WatchedConversation(
                        installation: scene.installation, account: "freshchat-of-viber-1", id: "conversation-1",
                        isResolved: false, activeAt: scene.start, emptyPolls: 0, beginsAt: scene.start, seenUntil: nil)
                ])
        },
        Check("A conversation that was taken is nobody else's for an interval, also when nothing is recorded") {
            scene in
            _ = try await scene.acquaint()
            _ = try await scene.poll(at: 70)
            #expect(try await scene.polls(at: 71).isEmpty)
            #expect(try await scene.polls(at: 129).isEmpty)
            #expect(try await scene.poll(at: 130).id == "conversation-1")
        },
        Check("What is recorded of a look is there at the next, which comes when it is said") { scene in
            _ = try await scene.acquaint()
            var taken = try await scene.poll(at: 60)
            taken.beginsAt = scene.at(-5)
            try await scene.record(taken, next: 120, inVain: 3, seenUntil: 50, at: 61)
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(61)) == scene.at(181))
            #expect(try await scene.polls(at: 180).isEmpty)
            let next = try await scene.poll(at: 181)
            #expect(next.beginsAt == scene.at(-5) && next.seenUntil == scene.at(50) && next.emptyPolls == 3)
            try await scene.record(next, next: nil, at: 182)
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(182)) == nil)
            #expect(try await scene.polls(at: 10_000).isEmpty)
        },
        Check("A reply, a status, and a reply that is bound later make a poll due again") { scene in
            _ = try await scene.acquaint()
            for (number, arrival) in [
                scene.reply("answer"), scene.status(true, key: "resolved"), scene.status(false, key: "open"),
            ].enumerated() {
                let now = Double(number) * 1000
                try await scene.record(scene.poll(at: now + 60), next: nil, inVain: 5, at: now + 61)
                try scene.accept(arrival, at: now + 100)
                let due = scene.at(now + 160)
                #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(now + 100)) == due)
                try scene.accept(scene.reply("later \(number)"), at: now + 1000)
            }
            try await scene.record(scene.poll(at: 3060), next: nil, inVain: 5, at: 3061)
            try scene.accept(scene.reply("stranger's", in: "conversation-9"), at: 3100)
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(3100)) == nil)
            let unbound = try await scene.claims(at: 3100).first { $0.contact == nil }
            let claim = try #require(unbound)
            _ = try await scene.store.bind(
                claim, to: "bert", reference: Reference("viber:bert"), topic: scene.topic, now: scene.at(3101))
            #expect(try await scene.poll(at: 3161).id == "conversation-9")
        },
        Check("A look that is due is not put off by what happens before it") { scene in
            _ = try await scene.acquaint()
            for second in stride(from: 10.0, to: 60, by: 10) { try scene.accept(scene.reply("\(second)"), at: second) }
            let taken = try await scene.poll(at: 60)
            #expect(taken.activeAt == scene.at(50) && taken.beginsAt == scene.start)
        },
        Check("What happens during a look isn't forgotten by what is recorded of it") { scene in
            _ = try await scene.acquaint()
            let taken = try await scene.poll(at: 60)
            try scene.accept(scene.reply("meanwhile"), at: 61)
            try await scene.record(taken, next: nil, inVain: 7, seenUntil: 40, at: 62)
            let next = try await scene.poll(at: 120)
            #expect(next.emptyPolls == 0 && next.seenUntil == scene.at(40))
        },
        Check("A note of ours is nothing that happens") { scene in
            _ = try await scene.acquaint()
            try await scene.record(scene.poll(at: 60), next: nil, at: 61)
            try scene.accept(scene.reply("answer"), at: 61)
            try await scene.store.markDead(
                scene.claim(at: 61), because: scene.refusal,
                note: NoteDraft(text: "lost", conversation: "conversation-1"), now: scene.at(62))
            try await scene.record(scene.poll(at: 121), next: nil, at: 122)
            try await scene.complete(scene.claim(at: 123), at: 124)
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(124)) == nil)
        },
        Check("Nothing is looked into through a closed gate, for a paused installation, or on a former topic") {
            scene in
            _ = try await scene.acquaint()
            try await scene.store.closeGate(scene.scope(.helpdesk), until: scene.at(90))
            #expect(try await scene.polls(at: 89).isEmpty)
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(60)) == scene.at(90))
            try await scene.store.pause(scene.installation, by: .credential, reason: "credential", now: scene.at(89))
            #expect(try await scene.polls(at: 95).isEmpty)
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(95)) == nil)
            try await scene.store.resume(scene.installation, now: scene.at(96))
            try await scene.store.save(scene.sample(scene.installation, topic: "topic-2"), now: scene.at(96))
            #expect(try await scene.polls(at: 97).isEmpty)
            try await scene.store.save(scene.sample(scene.installation), now: scene.at(98))
            try scene.accept(scene.reply("answer"), at: 98)
            #expect(try await scene.polls(at: 158).count == 1)
        },
        Check("The calls of an installation keep their pace, and those of another have their own") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            for (number, user) in ["anna", "bert", "carl"].enumerated() {
                _ = try await scene.acquaint(
                    ChannelUserID(user), conversation: HelpdeskConversationID("conversation-\(number)"))
            }
            try scene.accept(
                scene.reply("of two", in: "conversation-x", reference: "viber:dora"), to: "viber-2")
            #expect(Set(try await scene.polls(at: 60).map(\.installation)) == ["viber-1", "viber-2"])
            #expect(try await scene.polls(at: 60.9).isEmpty)
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(60.9)) == scene.at(61))
            let second = try await scene.poll(at: 61)
            try await scene.record(second, next: nil, calls: 4, at: 61)
            #expect(try await scene.polls(at: 63.9).isEmpty)
            let third = try await scene.poll(at: 64)
            try await scene.record(third, next: 60, rest: 500, at: 64)
            #expect(try await scene.polls(at: 563).map(\.installation) == ["viber-2"])
            #expect(try await scene.polls(at: 564).map(\.installation) == ["viber-1"])
        },
        Check("A conversation in which nothing has happened for long is let go of") { scene in
            _ = try await scene.acquaint()
            #expect(try await scene.polls(at: 24 * 60 * 60 + 1).isEmpty)
            #expect(try await scene.store.nextPoll(scene.pace, now: scene.at(24 * 60 * 60 + 1)) == nil)
        },
        Check("Messages are known that were accepted, and those that we made") { scene in
            try scene.accept(scene.message("hello"), scene.reply("answer", id: "R1"))
            for claim in try await scene.claims() {
                try await scene.complete(claim, as: claim.delivery.direction == .inbound ? .helpdesk("M1") : nil)
            }
            #expect(
                try await scene.store.knownMessages(among: ["M1", "R1", "X"], of: scene.installation) == ["M1", "R1"])
            #expect(try await scene.store.knownMessages(among: ["M1"], of: "viber-2").isEmpty)
        },
        Check("What is found is accepted as what a webhook brings, once by either way") { scene in
            let anna = try await scene.acquaint()
            try scene.accept(scene.reply("one", id: "R1"))
            let found = try await scene.store.acceptFound(
                scene.acceptance([scene.reply("one", id: "R1"), scene.reply("two", id: "R2")], at: 1))
            #expect(found.accepted == 1 && found.repeated == 1 && found.replies == ["R2"])
            #expect(try await scene.delivery(found.deliveries[0]).contact == anna)
            #expect(try scene.accept(scene.reply("two", id: "R2")).repeated == 1)
            await scene.expect(.notFound) {
                _ = try await scene.store.acceptFound(
                    scene.acceptance([scene.reply("three")], of: "nobody"))
            }
        },
    ]
}
