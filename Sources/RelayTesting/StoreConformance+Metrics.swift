import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let metricsChecks: [Check] = [
        Check("What is accepted, repeated and delivered is counted, each way by itself") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.message("one"), scene.reply("two"))
            try scene.accept(scene.message("one"), scene.reply("two"), scene.receipt(.sent, of: "x"))
            try scene.accept(scene.receipt(.sent, of: "x"))
            for claim in try await scene.claims(at: 2) { try await scene.complete(claim, at: 3) }
            #expect(try scene.counters(.inbound) == [.accepted: 2, .repeated: 2, .delivered: 2])
            #expect(try scene.counters(.outbound) == [.accepted: 1, .repeated: 1, .delivered: 1])
        },
        Check("A failed attempt is a retry, one in doubt both, and a dead letter is dead") { scene in
            try scene.accept(scene.message("one"))
            try await scene.retry(scene.claim(), after: scene.refusal, until: 0)
            try await scene.retry(scene.claim(), after: scene.silence, until: 0)
            let note = NoteDraft(text: "lost", conversation: "conversation-1")
            try await scene.store.markDead(scene.claim(), because: scene.refusal, note: note, now: scene.start)
            let expected: [Counter: Int64] = [.accepted: 2, .notesAccepted: 1, .retried: 2, .inDoubt: 1, .dead: 1]
            #expect(try scene.counters(.inbound) == expected)
        },
        Check("The attempts of a worker that took too long are in doubt, and counted so") { scene in
            try scene.accept(scene.message("one"), scene.message("two", from: "boris"))
            #expect(try await scene.claims().count == 2)
            #expect(try await scene.reap(at: 61) == 2)
            #expect(try await scene.reap(at: 62) == 0)
            #expect(try scene.counters(.inbound) == [.accepted: 2, .inDoubt: 2])
        },
        Check("What is held, dismissed or discarded is counted") { scene in
            let ids = try scene.accept(
                scene.reply("one", in: "a"), scene.reply("two", in: "b"), scene.reply("three", in: "c"),
                scene.reply("four", in: "d")
            ).deliveries
            for claim in try await scene.claims() {
                switch claim.delivery.id {
                case ids[0]: try await scene.store.hold(claim, reason: "unknown", note: nil, now: scene.start)
                case ids[1]: try await scene.store.dismiss(claim, reason: "not ours", now: scene.start)
                default: try await scene.store.release(claim, now: scene.start)
                }
            }
            try await scene.store.discard(ids[2], from: .command, now: scene.start)
            #expect(try scene.counters(.outbound) == [.accepted: 4, .held: 1, .discarded: 2])
            try await scene.store.remove(scene.installation, keepingHistory: false, now: scene.start)
            #expect(try scene.counters(.outbound) == [.accepted: 4, .held: 1, .discarded: 3])
        },
        Check("Private notes are told apart from customers' messages") { scene in
            _ = try await scene.acquaint()
            let draft = NoteDraft(text: "a note", conversation: "conversation-1")
            for number in 0..<3 {
                try scene.accept(scene.reply("refused \(number)"))
                try await scene.store.markDead(scene.claim(), because: scene.refusal, note: draft, now: scene.start)
                let note = try #require(
                    try await scene.store.deliveries(DeliveryFilter(states: [.waiting])).first { $0.isNote })
                switch number {
                case 0: try await scene.complete(scene.claim())
                case 1:
                    try await scene.store.markDead(scene.claim(), because: scene.refusal, note: nil, now: scene.start)
                default: #expect(note.state == .waiting)
                }
            }
            let counters = try scene.counters(.inbound)
            #expect(counters[.notesAccepted] == 3 && counters[.notesDelivered] == 1 && counters[.notesDead] == 1)
            let inbound = try #require(try scene.store.metrics().outbox[Flow(scene.installation, .inbound)])
            #expect(inbound.waiting == 1 && inbound.waitingNotes == 1 && inbound.waitingMessages == 0)
            #expect(inbound.dead == 1 && inbound.deadNotes == 1 && inbound.deadMessages == 0)
            let outbound = try #require(try scene.store.metrics().outbox[Flow(scene.installation, .outbound)])
            #expect(outbound.dead == 3 && outbound.deadNotes == 0)
        },
        Check("A write that is refused counts nothing") { scene in
            try scene.accept(scene.message("one"))
            let claim = try await scene.claim()
            _ = try await scene.reap(at: 61)
            await scene.expect(.leaseLost) { try await scene.complete(claim, at: 61) }
            #expect(try scene.counters(.inbound) == [.accepted: 1, .inDoubt: 1])
        },
        Check("What else is counted adds up") { scene in
            let flow = Flow(scene.installation, .outbound)
            try await scene.store.count(.polled, flow, by: 2)
            try await scene.store.count(.polled, flow, by: 3)
            try await scene.store.count(.late, flow, by: 1)
            #expect(try scene.counters(.outbound) == [.polled: 5, .late: 1])
        },
        Check("How long deliveries took is sorted into buckets") { scene in
            for (text, seconds) in [("one", 0.004), ("two", 0.3), ("three", 100_000)] {
                try scene.accept(scene.message(text))
                try await scene.complete(scene.claim(at: seconds), at: seconds)
            }
            let flow = Flow(scene.installation, .inbound)
            let histogram = try #require(try scene.store.metrics().histograms[.delivery]?[flow])
            let filled = histogram.counts.filter { $0.count > 0 }
            #expect(filled.map(\.bound) == [10_000, 500_000, .max])
            #expect(filled.map(\.count) == [1, 1, 1])
            #expect(histogram.sum == 100_000_304_000)
        },
        Check("What processes counted of webhooks adds up") { scene in
            let flow = Flow(scene.installation, .outbound)
            var tally = IntakeTally()
            tally.acknowledgements[flow, default: Histogram(.acknowledgement)].record(microseconds: 700)
            tally.acknowledgements[flow]?.record(microseconds: 10_000_000)
            for _ in 0..<2 { try await scene.store.add(tally) }
            let histogram = try #require(try scene.store.metrics().histograms[.acknowledgement]?[flow])
            #expect(histogram.count == 4 && histogram.sum == 20_001_400)
            #expect(histogram.counts.filter { $0.count > 0 }.map(\.bound) == [1000, .max])
        },
        Check("The last webhook's time is kept, and an older one that comes later changes nothing") { scene in
            let flow = Flow(scene.installation, .inbound)
            #expect(try scene.store.metrics().lastWebhooks[flow] == nil)
            for second in [5, 9, 7] {
                var tally = IntakeTally()
                tally.lastAt[flow] = scene.at(TimeInterval(second))
                try await scene.store.add(tally)
            }
            #expect(try scene.store.metrics().lastWebhooks == [flow: scene.at(9)])
        },
        Check("A withheld message is counted once, makes no delivery, and doesn't stand in the way of the same one") {
            scene in
            let withheld = scene.withheld("internal", key: "withheld/message/r")
            let result = try scene.accept(withheld, at: 5)
            #expect(result.accepted == 1 && result.withheld.map(\.kind) == ["internal"] && result.deliveries.isEmpty)
            let repeated = try scene.accept(withheld, at: 7)
            #expect(repeated.accepted == 0 && repeated.withheld.isEmpty)
            let flow = Flow(scene.installation, .outbound)
            #expect(try scene.counters(.outbound) == [.withheld: 1])
            #expect(try scene.store.metrics().lastWithheld == [flow: scene.at(5)])
            _ = try scene.accept(scene.withheld("x", key: "withheld/message/s"), at: 9)
            #expect(try scene.counters(.outbound) == [.withheld: 2])
            #expect(try scene.store.metrics().lastWithheld == [flow: scene.at(9)])
        },
        Check("Events that another account's webhook brought are counted") { scene in
            var tally = IntakeTally()
            tally.foreign[Flow(scene.installation, .outbound)] = 3
            for _ in 0..<2 { try await scene.store.add(tally) }
            #expect(try scene.counters(.outbound) == [.foreign: 6])
        },
        Check("Wrong signatures are counted, and in a row until a right one of their kind comes") { scene in
            let flow = Flow(scene.installation, .outbound)
            func note(_ isGenuine: Bool, isASCII: Bool) async throws -> StoreMetrics.Signatures {
                var tally = IntakeTally()
                tally.signatures[flow, default: SignatureTally()].note(isGenuine: isGenuine, isASCII: isASCII)
                try await scene.store.add(tally)
                return try scene.store.metrics().signatures[flow] ?? .init()
            }
            _ = try await note(false, isASCII: true)
            _ = try await note(false, isASCII: false)
            var row = try await note(false, isASCII: false)
            #expect(row.ascii == 1 && row.other == 2)
            row = try await note(true, isASCII: true)
            #expect(row.ascii == 0 && row.other == 2)
            row = try await note(true, isASCII: false)
            #expect(row.ascii == 0 && row.other == 0)
            #expect(try scene.counters(.outbound) == [.signatureFailures: 3])
        },
        Check("What isn't finished is counted by installation and direction") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            try scene.accept(scene.message("in doubt"), at: 1)
            try await scene.retry(scene.claim(at: 1), after: scene.silence, until: 100, at: 1)
            try scene.accept(scene.message("dead", from: "boris"), at: 2)
            try await scene.store.markDead(scene.claim(at: 2), because: scene.refusal, note: nil, now: scene.at(2))
            try scene.accept(scene.reply("held", in: "a"), at: 3)
            try await scene.store.hold(scene.claim(at: 3), reason: "unknown", note: nil, now: scene.at(3))
            try scene.accept(scene.reply("four", in: "b"), scene.reply("five", in: "c"), to: "viber-2", at: 4)
            try await scene.store.pause("viber-2", by: .credential, reason: "401", now: scene.at(4))
            let metrics = try scene.store.metrics()
            let inbound = try #require(metrics.outbox[Flow(scene.installation, .inbound)])
            #expect(inbound.waiting == 1 && inbound.inDoubt == 1 && inbound.dead == 1 && inbound.held == 0)
            #expect(inbound.oldestWaiting == scene.at(1))
            let outbound = try #require(metrics.outbox[Flow(scene.installation, .outbound)])
            #expect(outbound.waiting == 0 && outbound.held == 1 && outbound.oldestWaiting == nil)
            let second = try #require(metrics.outbox[Flow("viber-2", .outbound)])
            #expect(second.waiting == 2 && second.oldestWaiting == scene.at(4))
            #expect(metrics.outbox.count == 3)
            #expect(
                metrics.installations == [
                    .init(id: scene.installation, pausedReason: nil), .init(id: "viber-2", pausedReason: "401"),
                ])
        },
        Check("What is due is shown with its time, but not what is leased, paused or behind a closed gate") { scene in
            let store = scene.store
            #expect(try store.metrics().relay.dueSince == nil)
            try scene.accept(scene.message("one"))
            #expect(try store.metrics().relay.dueSince == scene.start)
            let claim = try await scene.claim()
            #expect(try store.metrics().relay.dueSince == nil)
            try await scene.retry(claim, after: scene.refusal, until: 7)
            #expect(try store.metrics().relay.dueSince == scene.at(7))
            try await store.closeGate(scene.scope(.helpdesk), until: scene.at(90))
            #expect(try store.metrics().relay.dueSince == scene.at(90))
            try await store.pause(scene.installation, by: .credential, reason: "401", now: scene.at(8))
            #expect(try store.metrics().relay.dueSince == nil)
        },
        Check("The lease that ends first is shown with the time it has left, by the boot clock") { scene in
            let store = scene.store
            #expect(try store.metrics().relay.leaseEndsIn == nil)
            try scene.accept(scene.message("one"), scene.message("two", from: "boris"))
            scene.clock.move(to: 0)
            let first = try #require(
                try await scene.store.claim(
                    by: scene.store.enlist(now: scene.start), limit: 1, lease: scene.lease, now: scene.start
                ).first)
            #expect(try store.metrics().relay.leaseEndsIn == .seconds(60))
            scene.clock.move(to: 10)
            let second = try await scene.claims(at: 10)
            #expect(second.count == 1)
            #expect(try store.metrics().relay.leaseEndsIn == .seconds(50))
            scene.clock.move(to: 75)
            #expect(try store.metrics().relay.leaseEndsIn == .seconds(-15))
            scene.clock.move(to: 20)
            try await scene.complete(first, at: 20)
            #expect(try store.metrics().relay.leaseEndsIn == .seconds(50))
        },
        Check("What waits is counted no further than asked") { scene in
            for number in 0..<5 { try scene.accept(scene.message("m\(number)")) }
            #expect(try await scene.store.load(waitingUpTo: 3).waiting == 3)
            #expect(try await scene.store.load(waitingUpTo: 100).waiting == 5)
            try await scene.complete(scene.claim())
            #expect(try await scene.store.load(waitingUpTo: 100).waiting == 4)
        },
        Check("An alarm is raised once and cleared once, by the first worker to do so") { scene in
            let store = scene.store
            let alarm = Alarm(.breakerOpen, of: scene.installation, subject: "channel")
            let other = Alarm(.breakerOpen, of: scene.installation, subject: "helpdesk")
            let general = Alarm(.storePressure, subject: "disk")
            let isNews = [
                try await store.raise(alarm, because: "500", now: scene.at(1)),
                try await store.raise(alarm, because: "again", now: scene.at(2)),
                try await store.raise(other, because: "404", now: scene.at(3)),
                try await store.raise(general, because: "full", now: scene.at(4)),
            ]
            #expect(isNews == [true, false, true, true])
            let expected = [
                RaisedAlarm(alarm, reason: "500", since: scene.at(1)),
                RaisedAlarm(other, reason: "404", since: scene.at(3)),
                RaisedAlarm(general, reason: "full", since: scene.at(4)),
            ]
            #expect(try await store.alarms() == expected)
            #expect(try store.metrics().alarms == expected)
            let wasRaised = [try await store.clear(alarm), try await store.clear(alarm)]
            #expect(wasRaised == [true, false])
            #expect(try await store.alarms().map(\.alarm) == [other, general])
            let isNewsAgain = try await store.raise(alarm, because: "anew", now: scene.at(5))
            #expect(isNewsAgain)
        },
    ]
}

extension StoreScene {
    /// What is counted of one direction of the scene's installation.
    func counters(_ direction: Direction) throws -> [Counter: Int64] {
        try store.metrics().counters[Flow(installation, direction)] ?? [:]
    }
}
