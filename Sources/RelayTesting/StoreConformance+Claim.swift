import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let claimChecks: [Check] = [
        Check("Deliveries of one contact are made one at a time, in the order of acceptance") { scene in
            try scene.accept(scene.message("one"), scene.message("two"), scene.message("three"))
            var claim: Claim? = try await scene.claim()
            #expect(try await scene.claims(by: "worker-b").isEmpty)
            var made: [String] = []
            while let present = claim {
                made.append(present.delivery.text)
                claim = try await scene.complete(present)
            }
            #expect(made == ["one", "two", "three"])
            #expect(try await scene.claims().isEmpty)
            #expect(try await scene.store.nextDue(now: scene.start) == nil)
        },
        Check("Different contacts, and the two directions of one, don't wait for each other") { scene in
            _ = try await scene.acquaint()
            try scene.accept(
                scene.message("from anna"), scene.reply("to anna"), scene.message("from bert", from: "bert"))
            #expect(try await scene.claims().count == 3)
        },
        Check("A claim carries the contact with user and conversation, and its attempt is on record") { scene in
            let anna = try await scene.acquaint()
            let id = try scene.accept(scene.message("one"), at: 1).deliveries[0]
            let claim = try await scene.claim(at: 2)
            #expect(claim.contact?.id == anna && claim.contact?.user == "user of anna")
            #expect(claim.contact?.conversation == "conversation-1" && claim.doubt == nil)
            #expect(claim.startedAt == scene.at(2) && claim.leasedUntil == scene.uptime(62))
            let attempts = try await scene.store.attempts(of: id)
            #expect(attempts.map(\.worker) == ["worker-a"] && attempts.map(\.outcome) == [nil])
            #expect(attempts.map(\.startedAt) == [scene.at(2)] && attempts.map(\.finishedAt) == [nil])
        },
        Check("No more is claimed than asked for") { scene in
            for number in 0..<5 { try scene.accept(scene.message("hi", from: ChannelUserID("user-\(number)"))) }
            #expect(try await scene.claims(limit: 0).isEmpty)
            #expect(try await scene.claims(limit: 3).count == 3)
            #expect(try await scene.claims(limit: 3).count == 2)
        },
        Check("A paused installation gives nothing, keeps all, and is due at once when it is resumed") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            try scene.accept(scene.message("one"))
            try scene.accept(scene.message("other"), to: "viber-2")
            let waiting = try await scene.claims()
            try #require(waiting.count == 2)
            for claim in waiting { try await scene.retry(claim, after: scene.refusal, until: 600) }
            try await scene.store.pause(scene.installation, by: .credential, reason: "401", now: scene.start)
            #expect(try await scene.claims(at: 700).map(\.delivery.installation) == ["viber-2"])
            #expect(try await scene.store.nextDue(now: scene.start) == nil)
            try await scene.store.resume(scene.installation, now: scene.at(5))
            #expect(try await scene.store.nextDue(now: scene.at(5)) == scene.at(5))
            #expect(try await scene.claim(at: 5).delivery.text == "one")
        },
        Check("A closed gate holds up its side only, counts for nextDue, and is only ever moved later") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.message("in"), scene.reply("out"))
            try await scene.store.closeGate(scene.scope(.channel), until: scene.at(100))
            try await scene.store.closeGate(scene.scope(.channel), until: scene.at(50))
            let inbound = try await scene.claim(at: 60)
            #expect(inbound.delivery.text == "in")
            #expect(try await scene.store.nextDue(now: scene.at(60)) == scene.at(100))
            #expect(try await scene.claim(at: 100).delivery.text == "out")
        },
        Check("The next of a key isn't handed over by a paused installation or through a closed gate") { scene in
            try scene.accept(scene.message("one"), scene.message("two"), scene.message("three"))
            let first = try await scene.claim()
            try await scene.store.closeGate(scene.scope(.helpdesk), until: scene.at(100))
            #expect(try await scene.complete(first) == nil)
            let second = try await scene.claim(at: 100)
            #expect(second.delivery.text == "two")
            try await scene.store.pause(scene.installation, by: .credential, reason: "401", now: scene.at(100))
            #expect(try await scene.complete(second, at: 101) == nil)
            try await scene.store.resume(scene.installation, now: scene.at(102))
            #expect(try await scene.claim(at: 102).delivery.text == "three")
        },
        Check("Resuming opens the gates") { scene in
            try scene.accept(scene.message("one"))
            try await scene.store.closeGate(scene.scope(.helpdesk), until: scene.at(100))
            try await scene.store.resume(scene.installation, now: scene.start)
            #expect(try await scene.claims().count == 1)
        },
        Check("The next due time is that of the earliest delivery that isn't leased") { scene in
            #expect(try await scene.store.nextDue(now: scene.start) == nil)
            try scene.accept(scene.message("one"), scene.message("two", from: "bert"), at: 3)
            #expect(try await scene.store.nextDue(now: scene.at(3)) == scene.at(3))
            let claims = try await scene.claims(at: 3)
            #expect(try await scene.store.nextDue(now: scene.at(3)) == nil)
            try await scene.retry(claims[0], after: scene.refusal, until: 40, at: 4)
            try await scene.retry(claims[1], after: scene.refusal, until: 30, at: 4)
            #expect(try await scene.store.nextDue(now: scene.at(4)) == scene.at(30))
        },
        Check("Each new lease has a higher number than every lease before") { scene in
            var last: Int64 = 0
            for number in 0..<5 {
                try scene.accept(scene.message("message \(number)"))
                let claim = try await scene.claim()
                #expect(claim.fence > last)
                last = claim.fence
                try await scene.complete(claim)
            }
        },
    ]

    static let leaseChecks: [Check] = [
        Check("A lease that ran out is another worker's to take, and the attempt is in doubt") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            let lost = try await scene.claim(at: 1)
            #expect(try await scene.claims(by: "worker-b", at: 60).isEmpty)
            let taken = try await scene.claim(by: "worker-b", at: 61)
            #expect(taken.fence > lost.fence)
            #expect(taken.doubt == Doubt(since: scene.at(1), endedAt: scene.at(61)))
            #expect(try await scene.store.attempts(of: id).map(\.outcome) == [.inDoubt, nil])
        },
        Check("Who lost the lease records nothing") { scene in
            try scene.accept(scene.message("one"))
            let lost = try await scene.claim()
            let taken = try await scene.claim(by: "worker-b", at: 61)
            let store = scene.store
            let now = scene.at(62)
            await scene.expect(.leaseLost) { try await scene.complete(lost, at: 62) }
            await scene.expect(.leaseLost) {
                _ = try await store.advance(lost, delivered: PieceOutcome(nil), lease: scene.lease, now: now)
            }
            await scene.expect(.leaseLost) { try await scene.retry(lost, after: scene.refusal, until: 99, at: 62) }
            await scene.expect(.leaseLost) {
                try await store.markDead(lost, because: scene.refusal, note: nil, now: now)
            }
            await scene.expect(.leaseLost) { try await store.hold(lost, reason: "", note: nil, now: now) }
            await scene.expect(.leaseLost) { try await store.dismiss(lost, reason: "", now: now) }
            await scene.expect(.leaseLost) { try await store.release(lost, now: now) }
            await scene.expect(.leaseLost) { try await store.remember(user: "u", written: nil, for: lost, now: now) }
            await scene.expect(.leaseLost) {
                try await store.remember(conversation: "c", topic: scene.topic, for: lost, now: now)
            }
            await scene.expect(.leaseLost) {
                _ = try await store.bind(
                    lost, to: "bert", reference: Reference("viber:bert"), topic: scene.topic, now: now)
            }
            await scene.expect(.leaseLost) {
                _ = try await store.lockUser(Reference("viber:bert"), for: lost, now: now)
            }
            await scene.expect(.leaseLost) {
                _ = try await store.settleOwner(lost, found: nil, routes: [], note: nil, now: now)
            }
            await scene.expect(.leaseLost) {
                let reply = HelpdeskMessage(
                    id: "m", conversation: "c", user: nil, actor: .agent, actorID: nil, isPrivate: false,
                    message: Message(text: "lost"))
                _ = try await store.amend(lost, to: reply, note: nil, now: now)
            }
            #expect(try await scene.delivery(lost.delivery.id).state == .waiting)
            let contact = try #require(taken.contact?.id)
            #expect(try await store.contact(contact)?.user == nil)
            try await scene.complete(taken, at: 63)
            #expect(try await scene.delivery(lost.delivery.id).state == .delivered)
        },
        Check("What was done under a lease can't be done again") { scene in
            try scene.accept(scene.message("one"), scene.message("two"))
            let first = try await scene.claim()
            let second = try #require(try await scene.complete(first))
            await scene.expect(.leaseLost) { try await scene.complete(first) }
            try await scene.complete(second)
            await scene.expect(.leaseLost) { try await scene.complete(second) }
        },
        Check("Reaping frees leases that ran out, and says how many") { scene in
            try scene.accept(scene.message("one"), scene.message("two", from: "bert"))
            #expect(try await scene.claims().count == 2)
            #expect(try await scene.reap(at: 59) == 0)
            #expect(try await scene.reap(at: 61) == 2)
            #expect(try await scene.store.counts(of: nil).inDoubt == 2)
        },
        Check("A worker that retires frees what it holds at once, in doubt") { scene in
            let worker = try await scene.store.enlist(now: scene.start)
            let id = try scene.accept(scene.message("one")).deliveries[0]
            #expect(try await scene.claims(by: worker).count == 1)
            try await scene.store.retire(worker, now: scene.at(1))
            #expect(try await scene.claim(by: "worker-b", at: 2).doubt?.since == scene.start)
            #expect(try await scene.store.attempts(of: id).map(\.outcome) == [.inDoubt, nil])
        },
        Check("A living worker is not reaped, and no two have the same name") { scene in
            let first = try await scene.store.enlist(now: scene.start)
            let second = try await scene.store.enlist(now: scene.start)
            #expect(first != second)
            try scene.accept(scene.message("one"))
            let claim = try await scene.claim(by: first)
            #expect(try await scene.reap(at: 1) == 0)
            try await scene.complete(claim, at: 2)
        },
        Check("The next piece extends the lease") { scene in
            try scene.accept(scene.message("one"))
            let first = try await scene.claim()
            scene.clock.move(to: 50)
            let second = try await scene.store.advance(
                first, delivered: PieceOutcome(nil), lease: scene.lease, now: scene.at(50))
            #expect(second.leasedUntil == scene.uptime(110))
            #expect(try await scene.claims(by: "worker-b", at: 100).isEmpty)
            try await scene.complete(second, at: 105)
        },
    ]
}
