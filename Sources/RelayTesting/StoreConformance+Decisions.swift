import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let decisionChecks: [Check] = [
        Check("A person's decisions are kept with the delivery, each as what it was, when and from where") { scene in
            _ = try await scene.acquaint()
            let id = try scene.accept(scene.reply("one")).deliveries[0]
            try await scene.store.markDead(scene.claim(), because: scene.refusal, note: nil, now: scene.start)
            try await scene.store.redrive(id, from: .command, now: scene.at(1))
            try await scene.store.hold(scene.claim(at: 1), reason: "unknown", note: nil, now: scene.at(1))
            try await scene.store.redrive(id, from: .pages(address: "10.0.0.7"), now: scene.at(2))
            try await scene.store.hold(scene.claim(at: 2), reason: "unknown", note: nil, now: scene.at(2))
            try await scene.store.confirmArrival(id, from: .pages(address: nil), now: scene.at(3))
            try await scene.store.discard(id, from: .command, now: scene.at(4))
            await scene.expect(.conflict) { try await scene.store.discard(id, from: .command, now: scene.at(5)) }
            #expect(
                try await scene.store.decisions(of: id) == [
                    DeliveryDecision(.retry, piece: 0, at: scene.at(1), from: .command),
                    DeliveryDecision(.resend, piece: 0, at: scene.at(2), from: .pages(address: "10.0.0.7")),
                    DeliveryDecision(.confirmedArrival, piece: 0, at: scene.at(3), from: .pages(address: nil)),
                    DeliveryDecision(.discard, piece: 1, at: scene.at(4), from: .command),
                ])
            #expect(try await scene.store.decisions(of: DeliveryID(rawValue: 99)).isEmpty)
            _ = try await scene.sweep(at: 31 * StoreScene.day)
            #expect(try await scene.store.decisions(of: id).isEmpty)
        },
        Check("The refusal of a decision is known without making it") { scene in
            _ = try await scene.acquaint()
            let held = try scene.accept(scene.reply("held")).deliveries[0]
            try await scene.retry(scene.claim(), after: scene.silence, until: 1)
            try await scene.store.hold(scene.claim(at: 1), reason: "unknown", note: nil, now: scene.at(1))
            let ids = try scene.accept(scene.reply("gone"), scene.message("waits")).deliveries
            try await scene.store.discard(ids[0], from: .command, now: scene.at(2))
            let nobody = DeliveryID(rawValue: 999)
            let all = [held, ids[0], ids[1], nobody]
            for (decision, refused) in [
                (.retry, [ids[0], nobody]), (.discard, [ids[0], nobody]),
                (.confirmedArrival, [ids[0], ids[1], nobody]),
            ] as [(DeliveryDecision.Kind, [DeliveryID])] {
                let refusals = try await scene.store.refusals(of: decision, about: all)
                #expect(Set(refusals.keys) == Set(refused), "\(decision)")
                #expect(refusals[nobody]?.kind == .notFound && refusals[ids[0]]?.kind == .conflict)
            }
            #expect(try await scene.store.decisions(of: held).isEmpty)
        },
        Check("A claim that sent nothing isn't an attempt: held, too early, nothing left, or an unknown contact") {
            scene in
            _ = try await scene.acquaint()
            let id = try scene.accept(scene.reply("one")).deliveries[0]
            let early = DeliveryFailure(.wait(until: scene.at(1)), reason: "Its file isn't there yet", detail: "")
            try await scene.retry(scene.claim(), after: early, until: 1, counting: false)
            #expect(try await scene.store.attempts(of: id).isEmpty)
            #expect(try await scene.delivery(id).reason == "Its file isn't there yet")
            try await scene.retry(scene.claim(at: 1), after: scene.silence, until: 2, at: 1)
            try await scene.store.hold(scene.claim(at: 2), reason: "unknown", note: nil, now: scene.at(2))
            try await scene.store.confirmArrival(id, from: .command, now: scene.at(3))
            let claim = try await scene.claim(at: 3)
            _ = try await scene.store.complete(claim, delivered: nil, lease: scene.lease, now: scene.at(3))
            let delivered = try await scene.delivery(id)
            #expect(delivered.state == .delivered && delivered.progress == 1)
            #expect(try await scene.store.attempts(of: id).map(\.outcome) == [.inDoubt])
            let foreign = try scene.accept(scene.reply("two", in: "elsewhere"), at: 4).deliveries[0]
            try await scene.store.dismiss(scene.claim(at: 4), reason: "not ours", now: scene.at(4))
            #expect(try await scene.store.attempts(of: foreign).isEmpty)
            #expect(try await scene.store.attemptCounts(of: [id, foreign]) == [id: 1])
        },
        Check("Attempts are counted and numbered by piece, the one under way among them") { scene in
            let ids = try scene.accept(scene.message("long"), scene.message("other", from: "bert")).deliveries
            let claims = try await scene.claims()
            let first = try #require(claims.first { $0.delivery.id == ids[0] })
            try await scene.retry(first, after: scene.refusal, until: 1)
            let again = try await scene.claim(at: 1)
            _ = try await scene.store.advance(
                again, delivered: PieceOutcome(nil), lease: scene.lease, now: scene.at(2))
            #expect(try await scene.store.attempts(of: ids[0]).map(\.piece) == [0, 0, 1])
            #expect(try await scene.store.attempts(of: ids[0]).map(\.number) == [1, 2, 1])
            #expect(try await scene.store.attemptCounts(of: ids) == [ids[0]: 3, ids[1]: 1])
            #expect(try await scene.store.attemptCounts(of: []).isEmpty)
        },
        Check("A reply says how it came, and what isn't one says nothing") { scene in
            func accept(_ text: String, _ source: ReplySource?) throws -> DeliveryID {
                var acceptance = try scene.acceptance([scene.reply(text, in: HelpdeskConversationID("c-\(text)"))])
                acceptance.source = source
                return try scene.store.accept(acceptance).deliveries[0]
            }
            for source in ReplySource.allCases where source != .poll {
                #expect(try await scene.delivery(accept(source.rawValue, source)).source == source)
            }
            let found = try await scene.store.acceptFound(scene.acceptance([scene.reply("found", in: "d")]))
            #expect(try await scene.delivery(found.deliveries[0]).source == .poll)
            let message = try scene.accept(scene.message("hi")).deliveries[0]
            #expect(try await scene.delivery(message).source == nil)
        },
        Check("A dead letter keeps its cause until it is tried again") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            var failure = DeliveryFailure(.giveUp, reason: "Blocked", detail: "")
            failure.cause = .unsubscribed
            try await scene.store.markDead(scene.claim(), because: failure, note: nil, now: scene.start)
            #expect(try await scene.delivery(id).cause == .unsubscribed)
            try await scene.store.redrive(id, from: .command, now: scene.at(1))
            #expect(try await scene.delivery(id).cause == nil)
            try await scene.store.markDead(scene.claim(at: 1), because: scene.refusal, note: nil, now: scene.at(1))
            #expect(try await scene.delivery(id).cause == .exhausted)
        },
        Check("A dead letter that dies again of the same leaves no second note, and of something else does") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            let note = NoteDraft(text: "lost", conversation: "conversation-1")
            func die(_ reason: String, at seconds: Double, with note: NoteDraft?) async throws -> Bool {
                let claims = try await scene.claims(at: seconds)
                guard let claim = claims.first(where: { $0.delivery.id == id }) else {
                    throw StoreFailure(.notFound, "delivery \(id) isn't claimed")
                }
                for other in claims where other.delivery.id != id { try await scene.complete(other, at: seconds) }
                let failure = DeliveryFailure(.giveUp, reason: reason, detail: "")
                let isNoted = try await scene.store.markDead(
                    claim, because: failure, note: note, now: scene.at(seconds))
                try await scene.store.redrive(id, from: .command, now: scene.at(seconds))
                return isNoted
            }
            var noted = [try await die("refused", at: 1, with: nil)]
            noted.append(try await die("refused", at: 2, with: note))
            noted.append(try await die("refused", at: 3, with: note))
            noted.append(try await die("blocked", at: 4, with: note))
            #expect(noted == [false, true, false, true])
            #expect(try scene.counters(.inbound)[.accepted] == 3)
        },
    ]
}
