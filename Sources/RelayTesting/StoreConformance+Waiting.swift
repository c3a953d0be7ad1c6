import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let waitingChecks: [Check] = [
        Check("Each delivery says why it waits, and those that don't wait say nothing") { scene in
            let worker = try await scene.store.enlist(now: scene.start)
            let ids = try scene.accept(
                scene.message("one"), scene.message("two"), scene.message("three", from: "bert"),
                scene.message("four", from: "carl")
            ).deliveries
            #expect(try await scene.waits(ids) == [.due, .behind(ids[0]), .due, .due])
            let claims = try await scene.claims(by: worker)
            #expect(try await scene.waits(ids)[0] == .underWay(since: scene.start))
            for claim in claims {
                switch claim.delivery.id {
                case ids[0]: try await scene.retry(claim, after: scene.refusal, until: 30)
                case ids[2]: try await scene.retry(claim, after: scene.refusal, until: 40, wakes: true)
                default: try await scene.complete(claim)
                }
            }
            let expected: [WaitReason?] = [
                .retry(at: scene.at(30), orWhenCustomerWrites: false), .behind(ids[0]),
                .retry(at: scene.at(40), orWhenCustomerWrites: true), nil,
            ]
            #expect(try await scene.waits(ids, at: 1) == expected)
            try await scene.store.closeGate(scene.scope(.helpdesk), until: scene.at(90))
            #expect(try await scene.waits(ids, at: 1)[0] == .gateClosed(.helpdesk, until: scene.at(90)))
            #expect(try await scene.waits(ids, at: 90)[0] == .due)
            try await scene.store.pause(scene.installation, by: .credential, reason: "401", now: scene.at(2))
            #expect(try await scene.waits(ids, at: 90)[0] == .paused(reason: "401", since: scene.at(2)))
            #expect(try await scene.store.waitReasons(of: [], now: scene.start).isEmpty)
        },
        Check("Behind an open breaker the next probe is shown, until it is due") { scene in
            _ = try await scene.store.enlist(now: scene.start)
            let ids = try (0...Breaker.threshold).map { number in
                try scene.accept(scene.message("m", from: ChannelUserID("user-\(number)"))).deliveries[0]
            }
            for claim in try await scene.claims(limit: Breaker.threshold) {
                try await scene.retry(claim, after: scene.refusal, until: 600)
            }
            let last = try #require(ids.last)
            #expect(try await scene.waits([last]) == [.breakerOpen(.helpdesk, nextProbe: scene.at(1))])
            #expect(try await scene.waits([last], at: 1) == [.breakerOpen(.helpdesk, nextProbe: nil)])
        },
        Check("Where no worker lives, that is why") { scene in
            let id = try scene.accept(scene.message("one")).deliveries[0]
            #expect(try await scene.waits([id]) == [.noWorker])
            let worker = try await scene.store.enlist(now: scene.start)
            #expect(try await scene.waits([id]) == [.due])
            try await scene.store.retire(worker, now: scene.at(1))
            #expect(try await scene.waits([id]) == [.noWorker])
        },
        Check("Each installation shows when Freshchat was last heard of, and what was posted since") { scene in
            func signs() throws -> HelpdeskSigns {
                try scene.store.metrics().helpdesk[scene.installation] ?? HelpdeskSigns()
            }
            func post(_ text: String, at seconds: Double) async throws {
                try scene.accept(scene.message(text), at: seconds)
                try await scene.complete(scene.claim(at: seconds), at: seconds)
            }
            #expect(try signs() == HelpdeskSigns())
            try await post("one", at: 1)
            try await post("two", at: 2)
            #expect(try signs().postsUnheard == 2 && signs().firstPostUnheard == scene.at(1))
            for number in 3...5 { try await post("\(number)", at: Double(number)) }
            #expect(try signs().postsUnheard == HelpdeskSigns.countLimit)
            for second in [8.0, 7] {
                var tally = IntakeTally()
                tally.heardAt[scene.installation] = scene.at(second)
                try await scene.store.add(tally)
            }
            var expected = HelpdeskSigns()
            expected.lastHeard = scene.at(8)
            #expect(try signs() == expected)
            try await post("six", at: 9)
            // A worker's tally comes some seconds late: what was accepted since is still to be echoed.
            var late = IntakeTally()
            late.heardAt[scene.installation] = scene.at(8.5)
            try await scene.store.add(late)
            #expect(try signs().lastHeard == scene.at(8.5))
            #expect(try signs().postsUnheard == 1 && signs().firstPostUnheard == scene.at(9))
            let note = NoteDraft(text: "lost", conversation: "conversation-1")
            try scene.accept(scene.message("seven"), at: 10)
            try await scene.store.markDead(scene.claim(at: 10), because: scene.refusal, note: note, now: scene.at(10))
            try await scene.complete(scene.claim(at: 10), at: 10)
            #expect(try signs().postsUnheard == 1)
            _ = try await scene.store.acceptFound(scene.acceptance([scene.reply("found")], at: 11))
            #expect(try signs().lastFound == scene.at(11))
            _ = try await scene.store.acceptFound(scene.acceptance([scene.reply("found")], at: 12))
            #expect(try signs().lastFound == scene.at(11))
        },
    ]
}

extension StoreScene {
    /// Why each of these waits; `nil` for one that doesn't.
    fileprivate func waits(_ ids: [DeliveryID], at seconds: Double = 0) async throws -> [WaitReason?] {
        let reasons = try await store.waitReasons(of: ids, now: at(seconds))
        return ids.map { reasons[$0] }
    }
}
