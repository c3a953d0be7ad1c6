import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let mappingChecks: [Check] = [
        Check("User and conversation are remembered, for the topic that they belong to") { scene in
            let anna = try await scene.acquaint()
            try await scene.store.save(scene.sample(scene.installation, topic: "topic-2"), now: scene.start)
            #expect(try await scene.store.contact(anna)?.user == "user of anna")
            #expect(try await scene.store.contact(anna)?.conversation == nil)
            try await scene.store.save(scene.sample(scene.installation), now: scene.start)
            #expect(try await scene.store.contact(anna)?.conversation == "conversation-1")
            try scene.accept(scene.status(true, key: "resolved"), scene.message("again"))
            let claim = try await scene.claim()
            #expect(claim.contact?.isResolved == true)
            try await scene.store.remember(user: "user-2", written: nil, for: claim, now: scene.start)
            try await scene.store.remember(
                conversation: "conversation-2", topic: scene.topic, for: claim, now: scene.start)
            let contact = try await scene.store.contact(anna)
            #expect(contact?.user == "user-2" && contact?.conversation == "conversation-2")
            #expect(contact?.isResolved == false)
        },
        Check("A reply without a contact is bound to one, with its conversation and those behind it") { scene in
            try scene.accept(scene.reply("one", user: "user-1"), scene.reply("two", user: "user-1"))
            let claim = try await scene.claim()
            #expect(claim.contact == nil && claim.delivery.contact == nil)
            let bound = try await scene.store.bind(
                claim, to: "anna", reference: Reference("viber:anna"), topic: scene.topic, now: scene.start)
            let anna = try #require(bound.contact)
            #expect(anna.profile.userID == "anna" && anna.conversation == "conversation-1")
            #expect(anna.user == "user-1" && bound.delivery.contact == anna.id)
            let next = try #require(try await scene.complete(bound))
            #expect(next.delivery.text == "two" && next.contact?.id == anna.id)
        },
        Check("Replies that come after the binding stay behind those that came before it") { scene in
            try scene.accept(scene.reply("one"))
            let claim = try await scene.claim()
            let bound = try await scene.store.bind(
                claim, to: "anna", reference: Reference("viber:anna"), topic: scene.topic, now: scene.start)
            try scene.accept(scene.reply("two"))
            #expect(try await scene.claims(by: "worker-b").isEmpty)
            try await scene.retry(bound, after: scene.refusal, until: 10, wakes: true)
            try scene.accept(scene.message("hi"), at: 5)
            let claims = try await scene.claims(at: 5)
            #expect(claims.map(\.delivery.text).sorted() == ["hi", "one"])
            let first = try #require(claims.first { $0.delivery.text == "one" })
            #expect(try await scene.complete(first, at: 6)?.delivery.text == "two")
        },
        Check("A reply is kept in the form in which it is sent, and its note with it") { scene in
            try scene.accept(scene.reply("one", user: "user-1"), scene.reply("two", user: "user-1"))
            let claim = try await scene.claim()
            guard case .reply(var reply) = claim.delivery.payload else { throw StoreFailure(.notFound, "no reply") }
            reply.message = Message(text: "one, with its file")
            let note = NoteDraft(text: "a file is missing", conversation: "conversation-1")
            let amended = try await scene.store.amend(claim, to: reply, note: note, now: scene.start)
            #expect(amended.delivery.text == "one, with its file")
            #expect(try await scene.delivery(claim.delivery.id).text == "one, with its file")
            try await scene.retry(amended, after: scene.refusal, until: 1)
            let claims = try await scene.claims(at: 2)
            #expect(Set(claims.map(\.delivery.text)) == ["one, with its file", "note: a file is missing"])
            let again = try #require(claims.first { $0.delivery.id == claim.delivery.id })
            #expect(try await scene.complete(again, at: 2)?.delivery.text == "two")
        },
        Check("An agent's name is known for as long as asked, also that there is none") { scene in
            let store = scene.store
            let id = scene.installation
            #expect(try await store.agentName("a", of: id, notBefore: scene.start) == .none)
            try await store.remember(agent: "a", name: "Olga", of: id, now: scene.at(10))
            try await store.remember(agent: "b", name: nil, of: id, now: scene.at(10))
            #expect(try await store.agentName("a", of: id, notBefore: scene.at(10)) == .some("Olga"))
            #expect(try await store.agentName("b", of: id, notBefore: scene.at(10)) == .some(nil))
            #expect(try await store.agentName("a", of: id, notBefore: scene.at(11)) == .none)
            #expect(try await store.agentName("a", of: "viber-2", notBefore: scene.start) == .none)
        },
    ]

    static let administrationChecks: [Check] = [
        Check("The outbox is listed newest first, filtered, page by page") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            for number in 0..<4 {
                let user = ChannelUserID("user-\(number)")
                try scene.accept(scene.message("a\(number)", from: user))
                try scene.accept(scene.message("b\(number)", from: user), to: "viber-2")
            }
            let claims = try await scene.claims(limit: 100)
            for claim in claims {
                switch claim.delivery.text {
                case "a0", "b1": try await scene.complete(claim)
                case "a1": try await scene.retry(claim, after: scene.silence, until: 10)
                case "a2": try await scene.store.markDead(claim, because: scene.silence, note: nil, now: scene.start)
                default: try await scene.store.release(claim, now: scene.start)
                }
            }
            func texts(_ filter: DeliveryFilter) async throws -> [String] {
                try await scene.store.deliveries(filter).map(\.text)
            }
            #expect(try await texts(DeliveryFilter()) == ["b3", "a3", "b2", "a2", "b1", "a1", "b0", "a0"])
            #expect(try await texts(DeliveryFilter(states: [.delivered])) == ["b1", "a0"])
            #expect(try await texts(DeliveryFilter(installation: "viber-2")) == ["b3", "b2", "b1", "b0"])
            #expect(try await texts(DeliveryFilter(onlyInDoubt: true)) == ["a2", "a1"])
            #expect(try await texts(DeliveryFilter(states: [.waiting], onlyInDoubt: true)) == ["a1"])
            #expect(try await texts(DeliveryFilter(installation: "viber-2", onlyInDoubt: true)).isEmpty)
            let page = try await scene.store.deliveries(DeliveryFilter(states: [.waiting, .dead], limit: 3))
            #expect(page.map(\.text) == ["b3", "a3", "b2"])
            let rest = DeliveryFilter(states: [.waiting, .dead], before: page.last?.id, limit: 3)
            #expect(try await texts(rest) == ["a2", "a1", "b0"])
            #expect(try await texts(DeliveryFilter(limit: 0)).isEmpty)
            let counts = try await scene.store.counts(of: nil)
            #expect(counts.waiting == 5 && counts.delivered == 2 && counts.dead == 1 && counts.inDoubt == 1)
            #expect(try await scene.store.counts(of: "viber-2").waiting == 3)
            #expect(counts.oldestWaiting == scene.start)
        },
        Check("A dead letter that is redriven is due at once, in its place") { scene in
            let ids = try scene.accept(scene.message("one"), scene.message("two"), scene.message("three")).deliveries
            try await scene.retry(scene.claim(), after: scene.silence, until: 1)
            try await scene.store.markDead(scene.claim(at: 1), because: scene.refusal, note: nil, now: scene.at(1))
            try await scene.retry(scene.claim(at: 1), after: scene.refusal, until: 100, at: 1)
            try await scene.store.redrive(ids[0], from: .command, now: scene.at(5))
            let first = try await scene.claim(at: 5)
            #expect(first.delivery.id == ids[0] && first.delivery.attempts == 0 && first.delivery.reason.isEmpty)
            #expect(first.doubt != nil && first.delivery.finishedAt == nil)
            #expect(try await scene.complete(first, at: 6) == nil)
            #expect(try await scene.store.nextDue(now: scene.at(6)) == scene.at(100))
        },
        Check("A dead letter that is redriven while a later one is being made comes next") { scene in
            let ids = try scene.accept(scene.message("one"), scene.message("two"), scene.message("three")).deliveries
            try await scene.store.markDead(scene.claim(), because: scene.refusal, note: nil, now: scene.start)
            let second = try await scene.claim()
            try await scene.store.redrive(ids[0], from: .command, now: scene.at(1))
            let next = try await scene.complete(second, at: 1)
            #expect(next?.delivery.id == ids[0] && next?.delivery.isLate == true)
        },
        Check("A dead letter is late once a later one of its key went out, and only then") { scene in
            let ids = try scene.accept(scene.message("one"), scene.message("two"), scene.message("three")).deliveries
            try scene.accept(scene.message("other", from: "bert"))
            for _ in 0..<2 {
                let claims = try await scene.claims()
                let annas = try #require(claims.first { $0.delivery.text != "other" })
                try await scene.store.markDead(annas, because: scene.refusal, note: nil, now: scene.start)
                for claim in claims where claim.delivery.text == "other" { try await scene.complete(claim) }
            }
            #expect(try await scene.store.deliveries(DeliveryFilter(states: [.dead])).map(\.isLate) == [false, false])
            try await scene.store.redrive(ids[0], from: .command, now: scene.start)
            let first = try await scene.claim()
            #expect(first.delivery.id == ids[0] && !first.delivery.isLate)
            let third = try #require(try await scene.complete(first))
            #expect(third.delivery.id == ids[2])
            try await scene.complete(third)
            try await scene.store.redrive(ids[1], from: .command, now: scene.start)
            let late = try await scene.claim()
            #expect(late.delivery.isLate)
            try await scene.complete(late)
            #expect(try scene.store.metrics().counters[Flow(scene.installation, .inbound)]?[.late] == 1)
        },
        Check("One that backs off is due when it is redriven, and is not while it is being made") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            let claim = try await scene.claim()
            await scene.expect(.conflict) { try await scene.store.redrive(id, from: .command, now: scene.start) }
            await scene.expect(.conflict) { try await scene.store.discard(id, from: .command, now: scene.start) }
            try await scene.retry(claim, after: scene.refusal, until: 100)
            try await scene.store.redrive(id, from: .command, now: scene.at(1))
            #expect(try await scene.claim(at: 1).delivery.attempts == 0)
        },
        Check("What a person discards is never made, and nothing waits for it") { scene in
            let ids = try scene.accept(scene.message("one"), scene.message("two")).deliveries
            try await scene.retry(scene.claim(), after: scene.silence, until: 100)
            try await scene.store.discard(ids[0], from: .command, now: scene.at(1))
            let discarded = try await scene.delivery(ids[0])
            #expect(discarded.state == .discarded && discarded.finishedAt == scene.at(1))
            #expect(discarded.doubtSince == nil)
            try await scene.complete(scene.claim(at: 1), at: 1)
            for id in ids {
                await scene.expect(.conflict) { try await scene.store.redrive(id, from: .command, now: scene.at(2)) }
                await scene.expect(.conflict) { try await scene.store.discard(id, from: .command, now: scene.at(2)) }
            }
            let nobody = DeliveryID(rawValue: 1_000_000)
            await scene.expect(.notFound) { try await scene.store.redrive(nobody, from: .command, now: scene.start) }
            await scene.expect(.notFound) { try await scene.store.discard(nobody, from: .command, now: scene.start) }
        },
        Check("Of what isn't there nothing is found") { scene in
            let contact = try await scene.store.contact(ContactID(rawValue: 99))
            #expect(contact == nil)
            #expect(try await scene.store.attempts(of: DeliveryID(rawValue: 99)).isEmpty)
            #expect(try await scene.store.receipts(of: DeliveryID(rawValue: 99)).isEmpty)
            #expect(try await scene.store.delivery(thatBecame: "x", of: scene.installation) == nil)
        },
    ]
}
