import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let outcomeChecks: [Check] = [
        Check("A delivered piece moves on, ends the doubt and counts attempts from zero") { scene in
            let id = try scene.accept(scene.message("long")).deliveries[0]
            try await scene.retry(scene.claim(), after: scene.silence, until: 10)
            let first = try await scene.claim(at: 10)
            #expect(first.delivery.attempts == 1 && first.doubt?.since == scene.start)
            let second = try await scene.store.advance(
                first, delivered: PieceOutcome(.helpdesk("piece-0")), lease: scene.lease, now: scene.at(11))
            #expect(second.delivery.progress == 1 && second.delivery.attempts == 0 && second.doubt == nil)
            #expect(second.attempt != first.attempt && second.startedAt == scene.at(11))
            try await scene.complete(second, as: .helpdesk("piece-1"), at: 12)
            let delivery = try await scene.delivery(id)
            #expect(delivery.state == .delivered && delivery.progress == 2 && delivery.finishedAt == scene.at(12))
            #expect(delivery.reason.isEmpty && delivery.doubtSince == nil)
            let attempts = try await scene.store.attempts(of: id)
            #expect(attempts.map(\.piece) == [0, 0, 1])
            #expect(attempts.map(\.outcome) == [.inDoubt, .delivered, .delivered])
            for piece in ["piece-0", "piece-1"] {
                let message = HelpdeskMessageID(piece)
                #expect(try await scene.store.delivery(thatBecame: message, of: scene.installation) == id)
                #expect(try await scene.store.delivery(thatBecame: message, of: "viber-2") == nil)
            }
        },
        Check("The next piece knows the user and the conversation that the first one found") { scene in
            try scene.accept(scene.message("long"))
            let first = try await scene.claim()
            #expect(first.contact?.user == nil && first.contact?.conversation == nil)
            try await scene.store.remember(user: "user-1", written: nil, for: first, now: scene.start)
            try await scene.store.remember(
                conversation: "conversation-1", topic: scene.topic, for: first, now: scene.start)
            let second = try await scene.store.advance(
                first, delivered: PieceOutcome(.helpdesk("piece-0")), lease: scene.lease, now: scene.at(1))
            #expect(second.contact?.user == "user-1" && second.contact?.conversation == "conversation-1")
        },
        Check("A certain failure waits without doubt, and keeps an earlier one") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            try await scene.retry(scene.claim(), after: scene.refusal, until: 10, at: 1)
            var delivery = try await scene.delivery(id)
            #expect(delivery.state == .waiting && delivery.attempts == 1 && delivery.doubtSince == nil)
            #expect(delivery.nextAttemptAt == scene.at(10))
            #expect(delivery.reason == "Viber is busy" && delivery.detail == "status 1")
            #expect(try await scene.claims(at: 9).isEmpty)
            try await scene.retry(scene.claim(at: 10), after: scene.silence, until: 20, at: 11)
            try await scene.retry(scene.claim(at: 20), after: scene.silence, until: 30, at: 21)
            try await scene.retry(scene.claim(at: 30), after: scene.refusal, until: 40, counting: false, at: 31)
            delivery = try await scene.delivery(id)
            #expect(delivery.attempts == 3 && delivery.doubtSince == scene.at(10))
            let outcomes = try await scene.store.attempts(of: id).map(\.outcome)
            #expect(outcomes == [.failed, .inDoubt, .inDoubt, .failed])
        },
        Check("What waits for the customer is due when they write, and nobody else's writing wakes it") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.reply("answer"), scene.reply("answer 2"))
            try await scene.retry(scene.claim(), after: scene.refusal, until: 3600, wakes: true)
            try scene.accept(scene.message("hi", from: "bert"), at: 5)
            #expect(try await scene.claim(at: 5).delivery.text == "hi")
            try scene.accept(scene.message("anna is back"), at: 6)
            #expect(try await scene.claims(at: 6).map(\.delivery.text).sorted() == ["anna is back", "answer"])
        },
        Check("What doesn't wait for the customer isn't woken by their writing") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.reply("answer"))
            try await scene.retry(scene.claim(), after: scene.refusal, until: 3600)
            try scene.accept(scene.message("hi"), at: 5)
            #expect(try await scene.claim(at: 5).delivery.text == "hi")
        },
        Check("A dead letter keeps its reason, leaves its note, and the key moves on") { scene in
            let anna = try await scene.acquaint()
            let id = try scene.accept(scene.reply("one"), scene.reply("two")).deliveries[0]
            let note = NoteDraft(text: "Not delivered", conversation: "conversation-1")
            let failure = DeliveryFailure(.giveUp, reason: "The customer has unsubscribed", detail: "status 6")
            try await scene.store.bury(scene.claim(), because: failure, note: note, now: scene.at(1))
            let dead = try await scene.delivery(id)
            #expect(dead.state == .dead && dead.finishedAt == scene.at(1) && dead.doubtSince == nil)
            #expect(dead.reason == "The customer has unsubscribed" && dead.detail == "status 6")
            let claims = try await scene.claims(at: 1)
            #expect(claims.map(\.delivery.text).sorted() == ["note: Not delivered", "two"])
            #expect(claims.allSatisfy { $0.contact?.id == anna })
            let noted = try #require(claims.first { $0.delivery.direction == .inbound })
            try await scene.complete(noted, as: .helpdesk("note-1"), at: 2)
            #expect(try scene.accept(scene.reply("Not delivered", id: "note-1")).repeated == 1)
        },
        Check("What is delivered can leave a note, and the key moves on") { scene in
            let anna = try await scene.acquaint()
            let id = try scene.accept(scene.reply("one"), scene.reply("two")).deliveries[0]
            let note = NoteDraft(text: "Cut", conversation: "conversation-1")
            let next = try await scene.store.complete(
                scene.claim(), delivered: PieceOutcome(nil), note: note, lease: .seconds(60), now: scene.at(1))
            #expect(try await scene.delivery(id).state == .delivered)
            #expect(next?.delivery.text == "two")
            let noted = try await scene.claim(at: 1)
            #expect(noted.delivery.text == "note: Cut" && noted.contact?.id == anna)
        },
        Check("A dead letter whose last attempt is in doubt says so") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            try await scene.store.bury(scene.claim(), because: scene.silence, note: nil, now: scene.at(1))
            #expect(try await scene.delivery(id).doubtSince == scene.start)
        },
        Check("What is held waits for a person, and the key moves on") { scene in
            let id = try scene.accept(scene.message("one"), scene.message("two")).deliveries[0]
            try await scene.store.hold(
                scene.claim(), reason: "It may have arrived", note: nil, now: scene.at(1))
            let held = try await scene.delivery(id)
            #expect(held.state == .held && held.reason == "It may have arrived" && held.doubtSince == scene.start)
            let next = try await scene.claim(at: 2)
            #expect(next.delivery.text == "two")
            try await scene.complete(next, at: 2)
            try await scene.store.redrive(id, from: .command, now: scene.at(3))
            let again = try await scene.claim(at: 3)
            #expect(again.delivery.id == id && again.doubt == nil)
        },
        Check("A claim that is given back leaves no trace") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            let before = try await scene.delivery(id)
            try await scene.store.release(scene.claim(at: 1), now: scene.at(2))
            #expect(try await scene.delivery(id) == before)
            #expect(try await scene.store.attempts(of: id).isEmpty)
            #expect(try await scene.claim(by: "worker-b", at: 2).doubt == nil)
        },
        Check("A reply to nobody of ours is discarded with its reason") { scene in
            let id = try scene.accept(scene.reply("one"), scene.reply("two")).deliveries[0]
            try await scene.store.dismiss(scene.claim(), reason: "no contact of ours", now: scene.at(1))
            let dismissed = try await scene.delivery(id)
            #expect(dismissed.state == .discarded && dismissed.reason == "no contact of ours")
            #expect(try await scene.claim(at: 1).delivery.text == "two")
        },
    ]
}
