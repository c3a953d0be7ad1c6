import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    /// As many customers as open a breaker have one message each waiting; all their attempts fail.
    private static func failForAll(_ scene: StoreScene, at seconds: Double = 0) async throws {
        for number in 0..<Breaker.threshold {
            try scene.accept(scene.message("hi", from: ChannelUserID("user-\(number)")))
        }
        let claims = try await scene.claims(at: seconds)
        try #require(claims.count == Breaker.threshold)
        for claim in claims { try await scene.retry(claim, after: scene.refusal, until: seconds, at: seconds) }
    }

    static let breakerChecks: [Check] = [
        Check("A side that fails for everyone is left alone, and then one delivery at a time is tried") { scene in
            try await failForAll(scene)
            #expect(
                try await scene.store.openBreakers() == [
                    OpenBreaker(
                        installation: scene.installation, side: .helpdesk, openedAt: scene.start, openings: 1)
                ])
            #expect(try scene.store.metrics().breakers == (try await scene.store.openBreakers()))
            #expect(try await scene.claims().isEmpty)
            #expect(try await scene.store.nextDue(now: scene.start) == scene.at(1))
            let probe = try await scene.claim(at: 1)
            #expect(try await scene.claims(by: "worker-b", at: 1).isEmpty)
            #expect(try await scene.store.nextDue(now: scene.at(1)) == nil)
            try await scene.retry(probe, after: scene.silence, until: 1, at: 1)
            #expect(try await scene.store.openBreakers().map(\.openings) == [2])
            #expect(try await scene.claims(at: 2.9).isEmpty)
            #expect(try await scene.claims(at: 3).count == 1)
        },
        Check("The figures say why a side fails for everyone, as long as the delivery that showed it waits") { scene in
            try await failForAll(scene)
            let breaker = try #require(try await scene.store.openBreakers().first)
            #expect(try scene.store.metrics().breakerReasons == [breaker: scene.refusal.reason])
            for delivery in try await scene.store.deliveries(DeliveryFilter(states: [.waiting])) {
                try await scene.store.discard(delivery.id, from: .command, now: scene.start)
            }
            #expect(try scene.store.metrics().breakers == [breaker])
            #expect(try scene.store.metrics().breakerReasons.isEmpty)
        },
        Check("The probe's success closes the breaker, and all the others go") { scene in
            try await failForAll(scene)
            let probe = try await scene.claim(at: 1)
            #expect(try await scene.complete(probe, at: 1) == nil)
            #expect(try await scene.store.openBreakers().isEmpty)
            #expect(try await scene.claims(at: 1).count == Breaker.threshold - 1)
        },
        Check("A message that the side has looked at and refused shows that it works") { scene in
            try await failForAll(scene)
            let refused = DeliveryFailure(.giveUp, reason: "Too long", detail: "")
            try await scene.store.markDead(scene.claim(at: 1), because: refused, note: nil, now: scene.at(1))
            #expect(try await scene.claims(at: 1).count == Breaker.threshold - 1)
        },
        Check("One conversation that always fails opens no breaker") { scene in
            try scene.accept(scene.message("one"))
            for _ in 0..<20 { try await scene.retry(scene.claim(), after: scene.refusal, until: 0) }
            #expect(try await scene.store.openBreakers().isEmpty)
            try scene.accept(scene.message("other", from: "bert"))
            #expect(try await scene.claims().count == 2)
        },
        Check("A breaker holds up its side of its installation only") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            _ = try await scene.acquaint()
            try await failForAll(scene)
            try scene.accept(scene.reply("out"))
            try scene.accept(scene.message("elsewhere"), to: "viber-2")
            #expect(Set(try await scene.claims().map(\.delivery.text)) == ["out", "elsewhere"])
        },
        Check("What was under way when the breaker opened doesn't open it again") { scene in
            try await failForAll(scene)
            let probe = try await scene.claim(at: 1)
            var early = probe
            early.startedAt = scene.at(-1)
            try await scene.retry(early, after: scene.refusal, until: 1, at: 1)
            #expect(try await scene.store.openBreakers().map(\.openings) == [1])
        },
        Check("A rate limit opens no breaker, and resuming closes it") { scene in
            let slow = DeliveryFailure(.slowDown(until: scene.start), reason: "Slow down", detail: "")
            for number in 0...Breaker.threshold {
                try scene.accept(scene.message("hi", from: ChannelUserID("user-\(number)")))
            }
            for claim in try await scene.claims() { try await scene.retry(claim, after: slow, until: 0) }
            #expect(try await scene.store.openBreakers().isEmpty)
            for claim in try await scene.claims() { try await scene.retry(claim, after: scene.refusal, until: 0) }
            #expect(try await scene.store.openBreakers().count == 1)
            try await scene.store.resume(scene.installation, now: scene.start)
            #expect(try await scene.store.openBreakers().isEmpty)
            #expect(try await scene.claims().count == Breaker.threshold + 1)
        },
        Check("A failure of Freshchat, met on the way to the channel, counts as Freshchat's") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.reply("out"))
            var failure = scene.refusal
            failure.side = .helpdesk
            try await scene.retry(scene.claim(), after: failure, until: 0)
            for number in 1..<Breaker.threshold {
                try scene.accept(scene.message("hi", from: ChannelUserID("user-\(number)")))
            }
            for claim in try await scene.claims() where claim.delivery.direction == .inbound {
                try await scene.retry(claim, after: scene.refusal, until: 0)
            }
            #expect(try await scene.store.openBreakers().map(\.side) == [.helpdesk])
        },
    ]

    static let clockChecks: [Check] = [
        Check("Neither direction of a set wall clock ends a living lease") { scene in
            try scene.accept(scene.message("one"))
            let claim = try await scene.claim()
            for jump in [3600.0, -3600] {
                #expect(
                    try await scene.store.claim(
                        by: "worker-b", limit: 1, lease: scene.lease, now: scene.at(jump)
                    ).isEmpty)
                #expect(try await scene.store.reap(now: scene.at(jump)) == 0)
            }
            try await scene.complete(claim)
        },
        Check("What waits is moved along when the wall clock is set, in either direction", clockIsSet),
        Check("A clock that is only trimmed moves nothing") { scene in
            try scene.accept(scene.message("one"))
            try await scene.retry(scene.claim(), after: scene.refusal, until: 10)
            #expect(try await scene.store.noticeClock(now: scene.start) == nil)
            for step in [0.3, 0.9, 1.6, 0.2] { #expect(try await scene.store.noticeClock(now: scene.at(step)) == nil) }
            #expect(try await scene.store.nextDue(now: scene.start) == scene.at(10))
        },
    ]

    @Sendable private static func clockIsSet(_ scene: StoreScene) async throws {
        try scene.accept(scene.message("one"), scene.message("two"), scene.message("other", from: "bert"))
        let claims = try await scene.claims()
        for claim in claims { try await scene.retry(claim, after: scene.silence, until: 10) }
        try await scene.store.closeGate(scene.scope(.helpdesk), until: scene.at(20))
        #expect(try await scene.store.noticeClock(now: scene.start) == nil)
        for jump in [-3600.0, 3600] {
            // An hour's jump; the boot clock goes on as ever.
            let before = try await scene.store.nextDue(now: scene.start)
            let present: Double = jump < 0 ? -3600 : 0
            #expect(try await scene.store.noticeClock(now: scene.at(present)) == .seconds(jump))
            #expect(try await scene.store.noticeClock(now: scene.at(present)) == nil)
            let after = try await scene.store.nextDue(now: scene.at(present))
            #expect(before.flatMap { after?.timeIntervalSince($0) } == jump)
        }
        #expect(try await scene.claims(at: 19.9).isEmpty)
        let due = try await scene.claims(at: 20)
        #expect(due.count == 2)
        #expect(due.allSatisfy { $0.doubt?.since == scene.start })
        let next = try await scene.complete(try #require(due.first { $0.delivery.text == "one" }), at: 20)
        #expect(next?.delivery.text == "two")
    }
}
