import FoundationEssentials
import RelayCore
import Testing

extension StoreScene {
    static let day = 86_400.0

    /// Steps until the sweep rests.
    func sweep(_ ages: RetentionAges = RetentionAges(), at seconds: Double) async throws -> SweepResult {
        var sum = SweepResult()
        repeat { sum += try await store.sweep(ages, now: at(seconds)) } while sum.hasMore
        return sum
    }

    /// An inbound message and an agent's reply that were delivered at the start, with a receipt and all ids known.
    func exchange(_ name: String) async throws -> (inbound: DeliveryID, outbound: DeliveryID) {
        let user = ChannelUserID("user of \(name)")
        try accept(message("hello \(name)", from: user))
        let inbound = try await claim()
        try await store.remember(conversation: HelpdeskConversationID(name), topic: topic, for: inbound, now: start)
        try await complete(inbound, as: .helpdesk(HelpdeskMessageID("posted \(name)")))
        try accept(reply("answer \(name)", in: HelpdeskConversationID(name)))
        let outbound = try await claim()
        try await complete(outbound, as: .channel(ChannelMessageID("sent \(name)")))
        try accept(receipt(.delivered, of: ChannelMessageID("sent \(name)")))
        return (inbound.delivery.id, outbound.delivery.id)
    }
}

extension StoreConformance {
    static let retentionChecks: [Check] = [
        Check("Delivered and discarded deliveries go at their age, with what belongs to them") { scene in
            let ids = try await scene.exchange("a")
            let unwanted = try scene.accept(scene.message("unwanted")).deliveries[0]
            try await scene.store.discard(unwanted, from: .command, now: scene.start)
            let early = try await scene.sweep(at: 29.9 * StoreScene.day)
            #expect(early.deliveries == 0 && early.receipts == 0)
            #expect(try await scene.store.receipts(of: ids.outbound).count == 1)
            let late = try await scene.sweep(at: 30.1 * StoreScene.day)
            #expect(late.deliveries == 3 && late.receipts == 1 && late.dedupeKeys == 0)
            #expect(try await scene.store.deliveries(DeliveryFilter()).isEmpty)
            for id in [ids.inbound, ids.outbound, unwanted] {
                #expect(try await scene.store.attempts(of: id).isEmpty)
            }
        },
        Check("What waits, is held or is dead stays with its attempts, however old it is") { scene in
            for name in ["waiting", "held", "dead"] {
                try scene.accept(scene.message(name, from: ChannelUserID(name)))
            }
            for claim in try await scene.claims() {
                switch claim.delivery.text {
                case "held": try await scene.store.hold(claim, reason: "doubt", note: nil, now: scene.start)
                case "dead": try await scene.store.bury(claim, because: scene.refusal, note: nil, now: scene.start)
                default: try await scene.retry(claim, after: scene.refusal, until: 10)
                }
            }
            let swept = try await scene.sweep(at: 4000 * StoreScene.day)
            #expect(swept.deliveries == 0 && swept.attempts == 0 && swept.dedupeKeys == 3)
            let kept = try await scene.store.deliveries(DeliveryFilter())
            #expect(kept.map(\.text) == ["dead", "held", "waiting"])
            let attempts = try await scene.store.attemptCounts(of: kept.map(\.id))
            #expect(kept.map { attempts[$0.id] } == [1, nil, 1])
            #expect(try await scene.claim(at: 4000 * StoreScene.day).delivery.text == "waiting")
        },
        Check("Attempts of finished deliveries go earlier than these") { scene in
            let ids = try await scene.exchange("a")
            #expect(try await scene.sweep(at: 13.9 * StoreScene.day).attempts == 0)
            #expect(try await scene.store.attempts(of: ids.inbound).count == 1)
            let swept = try await scene.sweep(at: 14.1 * StoreScene.day)
            #expect(swept.attempts == 2 && swept.deliveries == 0)
            #expect(try await scene.store.attempts(of: ids.inbound).isEmpty)
            #expect(try await scene.delivery(ids.inbound).state == .delivered)
        },
        Check("A repeated event is recognised until its key's age, also when its delivery is long gone") { scene in
            var ages = RetentionAges()
            ages.delivered = .zero
            ages.attempts = .zero
            _ = try await scene.exchange("a")
            #expect(try await scene.sweep(ages, at: 1).deliveries == 2)
            let repeated = scene.message("hello a", from: "user of a")
            #expect(try scene.accept(repeated, at: 59 * StoreScene.day).repeated == 1)
            #expect(try await scene.sweep(ages, at: 59.9 * StoreScene.day).dedupeKeys == 0)
            #expect(try await scene.sweep(ages, at: 60.1 * StoreScene.day).dedupeKeys == 3)
            #expect(try scene.accept(repeated, at: 60.2 * StoreScene.day).accepted == 1)
        },
        Check("A Freshchat message is recognised by its id until the keys' age, also when its delivery is gone") {
            scene in
            var ages = RetentionAges()
            ages.delivered = .zero
            let ids = try await scene.exchange("a")
            #expect(try await scene.sweep(ages, at: 1).deliveries == 2)
            let store = scene.store
            #expect(try await store.delivery(thatBecame: "posted a", of: scene.installation) == ids.inbound)
            #expect(try await store.delivery(thatBecame: "id of answer a", of: scene.installation) == nil)
            for (id, key) in [("posted a", "echo"), ("id of answer a", "other way in")] {
                let reply = scene.reply("again", in: "a", id: HelpdeskMessageID(id), key: DedupeKey(key))
                #expect(try scene.accept(reply, at: 59 * StoreScene.day).repeated == 1)
            }
            #expect(try await scene.sweep(ages, at: 60.1 * StoreScene.day).messageIDs == 2)
            #expect(try await store.delivery(thatBecame: "posted a", of: scene.installation) == nil)
        },
        Check("Dedupe keys stay for thirty days, whatever is asked") { scene in
            var ages = RetentionAges()
            ages.dedupe = .zero
            _ = try await scene.exchange("a")
            #expect(try await scene.sweep(ages, at: 29 * StoreScene.day).dedupeKeys == 0)
            #expect(try await scene.sweep(ages, at: 31 * StoreScene.day).dedupeKeys == 3)
        },
        Check("A sweep that came to its end is followed by a rest, and then by another") { scene in
            var ages = RetentionAges()
            ages.delivered = .zero
            #expect(try await scene.sweep(ages, at: 0).removed == 0)
            _ = try await scene.exchange("a")
            #expect(try await scene.sweep(ages, at: 1).removed == 0)
            #expect(try await scene.sweep(ages, at: 3700).deliveries == 2)
        },
        Check("A backlog goes in several steps, and nothing of it is forgotten") { scene in
            for number in 0..<450 {
                try scene.accept(scene.message("m\(number)", from: ChannelUserID("user \(number)")))
            }
            for claim in try await scene.claims(limit: 1000) { try await scene.complete(claim) }
            let swept = try await scene.sweep(at: 90 * StoreScene.day)
            #expect(swept.deliveries == 450 && swept.attempts == 450 && swept.dedupeKeys == 450)
            #expect(try await scene.store.deliveries(DeliveryFilter()).isEmpty)
        },
    ]
}
