import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let intakeChecks: [Check] = [
        Check("An event that comes again is accepted once") { scene in
            let first = try scene.accept(scene.message("one"))
            #expect(first.accepted == 1 && first.repeated == 0 && first.deliveries.count == 1)
            let second = try scene.accept(scene.message("one"), scene.message("two"), scene.message("two"))
            #expect(second.accepted == 1 && second.repeated == 2 && second.deliveries.count == 1)
            #expect(try await scene.texts([.waiting]) == ["one", "two"])
        },
        Check("The same key of another installation is another event") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            try scene.accept(scene.message("one"))
            #expect(try scene.accept(scene.message("one"), to: "viber-2").accepted == 1)
        },
        Check("An installation that isn't there takes nothing in; a paused one does") { scene in
            await scene.expect(.notFound) { try scene.accept(scene.message("one"), to: "nobody") }
            try await scene.store.pause(scene.installation, by: .credential, reason: "credential", now: scene.start)
            #expect(try scene.accept(scene.message("two")).accepted == 1)
            try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.start)
            await scene.expect(.notFound) { try scene.accept(scene.message("three")) }
        },
        Check("A message is kept whole, with its contact and the time of acceptance") { scene in
            let result = try scene.accept(scene.message("Привіт 👋🏽", name: "Анна"), at: 5)
            let delivery = try await scene.delivery(try #require(result.deliveries.first))
            #expect(delivery.text == "Привіт 👋🏽")
            #expect(delivery.direction == .inbound && delivery.state == .waiting && delivery.progress == 0)
            #expect(delivery.acceptedAt == scene.at(5) && delivery.nextAttemptAt == scene.at(5))
            let id = try #require(delivery.contact)
            let contact = try #require(try await scene.store.contact(id))
            #expect(contact.profile == ContactProfile(userID: "anna", name: "Анна"))
            #expect(contact.subscription == .subscribed && contact.user == nil && contact.conversation == nil)
        },
        Check("A profile takes over what is new and keeps what isn't repeated") { scene in
            let first = try scene.accept(scene.message("one", name: "Anna"))
            try scene.accept(scene.message("two"))
            let id = try #require(try await scene.delivery(first.deliveries[0]).contact)
            #expect(try await scene.store.contact(id)?.profile.name == "Anna")
            try scene.accept(scene.message("three", name: "Anna B."))
            #expect(try await scene.store.contact(id)?.profile.name == "Anna B.")
        },
        Check("A reply finds its contact by conversation, then by user, then by reference") { scene in
            let anna = try await scene.acquaint()
            try scene.accept(
                scene.reply("by conversation"),
                scene.reply("by user", in: "conversation-2", user: "user of anna"),
                scene.reply("by reference", in: "conversation-3", reference: "viber:anna"),
                scene.reply("by a new reference", in: "conversation-4", reference: "viber:a/b+c=:d"),
                scene.reply("another channel's", in: "conversation-5", reference: "telegram:anna"),
                scene.reply("nobody's", in: "conversation-6"))
            let deliveries = try await scene.store.deliveries(DeliveryFilter(states: [.waiting])).reversed()
            #expect(deliveries.map(\.contact).prefix(3) == [anna, anna, anna])
            let stranger = try #require(deliveries.first { $0.text == "by a new reference" }?.contact)
            #expect(try await scene.store.contact(stranger)?.profile.userID == "a/b+c=:d")
            #expect(try await scene.store.contact(stranger)?.conversation == "conversation-4")
            #expect(deliveries.suffix(2).map(\.contact) == [nil, nil])
            #expect(deliveries.allSatisfy { $0.direction == .outbound })
        },
        Check("A conversation that an agent began becomes the contact's current one; a known one doesn't") { scene in
            let anna = try await scene.acquaint()
            try scene.accept(scene.reply("hello", in: "conversation-2", user: "user of anna"))
            #expect(try await scene.store.contact(anna)?.conversation == "conversation-2")
            try scene.accept(scene.reply("late answer", in: "conversation-1"))
            #expect(try await scene.store.contact(anna)?.conversation == "conversation-2")
        },
        Check("Our own message coming back isn't a reply") { scene in
            try scene.accept(scene.message("hello"))
            try await scene.complete(scene.claim(), as: .helpdesk("echo-1"))
            let result = try scene.accept(scene.reply("hello", id: "echo-1"))
            #expect(result.accepted == 0 && result.repeated == 1 && result.deliveries.isEmpty)
        },
        Check("A reply that comes by two ways under two names of its event is accepted once") { scene in
            try scene.accept(scene.reply("hello", key: "webhook"))
            let result = try scene.accept(scene.reply("hello", key: "product event"))
            #expect(result.accepted == 0 && result.repeated == 1)
        },
        Check("Whether a conversation is resolved is remembered, until it is the current one again") { scene in
            let anna = try await scene.acquaint()
            try scene.accept(scene.status(true, key: "1"), scene.status(true, of: "unknown", key: "2"))
            #expect(try await scene.store.contact(anna)?.isResolved == true)
            try scene.accept(scene.status(false, key: "3"))
            #expect(try await scene.store.contact(anna)?.isResolved == false)
        },
        Check("To open the chat says less than an answer to it, and a late event undoes no newer one") { scene in
            try scene.accept(scene.subscription(.opened, at: -60))
            try scene.accept(scene.message("hello"))
            let id = try #require(try await scene.claim().contact?.id)
            #expect(try await scene.store.contact(id)?.subscription == .subscribed)
            try scene.accept(scene.subscription(.opened, at: 1), at: 10)
            #expect(try await scene.store.contact(id)?.subscription == .subscribed)
            try scene.accept(scene.subscription(.unsubscribed, at: -10), at: 10)
            #expect(try await scene.store.contact(id)?.subscription == .subscribed)
            try scene.accept(scene.subscription(.unsubscribed, at: 5), at: 10)
            #expect(try await scene.store.contact(id)?.subscription == .unsubscribed)
            try scene.accept(scene.subscription(.opened, at: 6), at: 10)
            #expect(try await scene.store.contact(id)?.subscription == .unsubscribed)
            try scene.accept(scene.message("again"), at: 20)
            #expect(try await scene.store.contact(id)?.subscription == .subscribed)
        },
        Check("A durable write of no consequence can be made") { scene in
            try scene.store.probe()
            #expect(try await scene.store.counts(of: nil) == OutboxCounts())
        },
    ]

    static let receiptChecks: [Check] = [
        Check("A receipt never goes backwards") { scene in
            _ = try await scene.acquaint()
            let id = try scene.accept(scene.reply("answer")).deliveries[0]
            try await scene.complete(scene.claim(), as: .channel("piece-1"))
            for state in [Receipt.State.delivered, .sent, .failed, .delivered] {
                try scene.accept(scene.receipt(state, of: "piece-1", note: "not for now"))
                #expect(try await scene.store.receipts(of: id).map(\.state) == [.delivered])
            }
            try scene.accept(scene.receipt(.read, of: "piece-1"))
            #expect(try await scene.store.receipts(of: id).map(\.state) == [.read])
            #expect(try await scene.texts([.waiting]).isEmpty)
        },
        Check("A reply that the channel reports as failed leaves one note, however often it does") { scene in
            let anna = try await scene.acquaint()
            let id = try scene.accept(scene.reply("answer")).deliveries[0]
            let next = try await scene.store.advance(
                scene.claim(), delivered: PieceOutcome(.channel("piece-1")), lease: scene.lease, now: scene.start)
            try await scene.complete(next, as: .channel("piece-2"))
            try scene.accept(scene.receipt(.sent, of: "piece-1"))
            for key in ["phone", "tablet"] {
                try scene.accept(scene.receipt(.failed, of: "piece-1", note: "It failed", key: DedupeKey(key)))
            }
            try scene.accept(scene.receipt(.failed, of: "piece-2", note: "It failed"))
            let waiting = try await scene.store.deliveries(DeliveryFilter(states: [.waiting]))
            #expect(waiting.map(\.payload) == [.note(text: "It failed", conversation: "conversation-1")])
            #expect(waiting.map(\.direction) == [.inbound] && waiting.map(\.contact) == [anna])
            #expect(try await scene.store.receipts(of: id).map(\.reason) == ["blocked", "blocked"])
        },
        Check("A failure that comes before the message's id is known leaves its note when it is") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.reply("answer"))
            let claim = try await scene.claim()
            try scene.accept(scene.receipt(.failed, of: "piece-1", note: "It failed"))
            #expect(try await scene.texts([.waiting]) == ["answer"])
            try await scene.complete(claim, as: .channel("piece-1"))
            #expect(try await scene.texts([.waiting]) == ["note: It failed"])
        },
        Check("A failure that another device has made good by then leaves no note") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.reply("answer"))
            let claim = try await scene.claim()
            try scene.accept(scene.receipt(.failed, of: "piece-1", note: "It failed"))
            try scene.accept(scene.receipt(.delivered, of: "piece-1"))
            try await scene.complete(claim, as: .channel("piece-1"))
            #expect(try await scene.texts([.waiting]).isEmpty)
        },
        Check("A failed message that was no agent's reply leaves no note") { scene in
            try scene.accept(scene.receipt(.failed, of: "a stranger's", note: "It failed"))
            #expect(try await scene.texts([.waiting]).isEmpty)
        },
    ]
}
