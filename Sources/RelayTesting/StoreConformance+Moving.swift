import FoundationEssentials
import RelayCore
import Testing

extension StoreScene {
    fileprivate func move(_ target: MoveTarget, at seconds: Double) async throws {
        try await store.move(installation, to: target, now: at(seconds))
    }

    /// Another account of each side, without an installation of the scene's, by one that is there for it.
    fileprivate func neighbour() async throws -> Installation {
        try await store.save(sample("viber-9", topic: "topic-9", address: "ninth"), now: start)
    }

    /// Who takes in what comes by a channel account.
    fileprivate func taker(
        of account: ChannelAccountID, at address: Address = .only, _ seconds: Double
    ) throws -> InstallationID? {
        try store.directory().installation(of: account, at: address, now: at(seconds))?.id
    }

    /// Five hundred messages in both directions, of ten customers in turn.
    fileprivate func fill() async throws {
        for number in 0..<10 {
            try await acquaint(.init("user-\(number)"), with: installation, in: .init("c-\(number)"))
        }
        for number in 0..<250 {
            try accept(message("in \(number)", from: ChannelUserID("user-\(number % 10)")), at: 1)
            try accept(reply("out \(number)", in: .init("c-\(number % 10)")), at: 1)
        }
    }

    /// Delivers all that waits.
    ///
    /// - Returns: the texts of each ordering key, and the claims.
    fileprivate func deliverAll(at seconds: Double) async throws -> (texts: [OrderingKey: [String]], claims: [Claim]) {
        var texts: [OrderingKey: [String]] = [:]
        var made: [Claim] = []
        for claim in try await claims(limit: 1000, at: seconds) {
            var next: Claim? = claim
            while let claim = next {
                texts[claim.delivery.orderingKey, default: []].append(claim.delivery.text)
                made.append(claim)
                next = try await complete(claim, at: seconds)
            }
        }
        return (texts, made)
    }

    /// That all five hundred went out, each conversation's in its order.
    fileprivate func expectAll(_ texts: [OrderingKey: [String]]) {
        #expect(texts.count == 20 && texts.values.map(\.count) == Array(repeating: 25, count: 20))
        for lane in texts.values {
            let numbers = lane.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
            #expect(numbers == numbers.sorted() && numbers.count == 25)
        }
    }
}

extension StoreConformance {
    static let movingChecks: [Check] = [
        Check("Moved to another topic, all that waits follows in its order, and open conversations stay its own") {
            scene in
            try await scene.fill()
            try await scene.move(MoveTarget(topic: "topic-2", topicName: "New"), at: 2)
            let moved = try scene.present()
            #expect(moved.topic == "topic-2" && moved.topicName == "New" && moved.formerTopics == [scene.topic])
            let made = try await scene.deliverAll(at: 3)
            scene.expectAll(made.texts)
            // The customer's next message opens a conversation on the new topic.
            #expect(made.claims.allSatisfy { $0.contact?.conversation == nil && $0.contact?.user != nil })
            let result = try scene.accept(
                scene.reply("in the old one", in: "c-1"),
                scene.reply("begun on the old topic", in: "c-x", user: "user of user-1"),
                scene.reply("begun on the new topic", in: "c-y", user: "user of user-1", on: "topic-2"), at: 4)
            #expect(result.fates.map(\.installation) == ["viber-1", "viber-1", "viber-1"])
            try await scene.move(MoveTarget(topic: scene.topic), at: 5)
            #expect(try scene.present().topic == scene.topic && scene.present().formerTopics == ["topic-2"])
        },
        Check("Moved to another Freshchat account, all that waits follows, and customers are created there again") {
            scene in
            try await scene.fill()
            let other = try await scene.neighbour().helpdesk.id
            try await scene.move(MoveTarget(topic: "topic-2", helpdesk: other), at: 2)
            #expect(try scene.present().helpdesk.id == other)
            let made = try await scene.deliverAll(at: 3)
            scene.expectAll(made.texts)
            #expect(made.claims.allSatisfy { $0.contact?.user == nil && $0.contact?.conversation == nil })
            for claim in made.claims where claim.delivery.direction == .outbound {
                #expect(claim.conversationAccount == "freshchat-of-viber-1")
            }
        },
        Check("Replies in the conversations of the account that it left are its own, and new ones there aren't") {
            scene in
            let anna = try await scene.acquaint()
            let old: HelpdeskAccountID = "freshchat-of-viber-1"
            let other = try await scene.neighbour().helpdesk.id
            try await scene.move(MoveTarget(topic: "topic-2", helpdesk: other), at: 1)
            func fate(_ arrival: Acceptance.Arrival, at seconds: Double) throws -> ArrivalFate? {
                let routes = try scene.store.directory().routes(of: old)
                let acceptance = scene.heard(by: old, routes, [arrival], at: seconds)
                let result = try scene.store.accept(acceptance)
                return result.fates.first
            }
            #expect(try fate(scene.reply("in the old one", user: "user of anna"), at: 2)?.installation == "viber-1")
            #expect(try fate(scene.reply("begun", in: "c-2", user: "user of anna"), at: 2) == .foreign)
            let claim = try await scene.claim(at: 3)
            #expect(claim.contact?.id == anna && claim.conversationAccount == old)
            // A user of the account that it left is nobody in the present one.
            #expect(claim.contact?.user == nil)
            try await scene.complete(claim, at: 3)
            try scene.accept(scene.message("again"), at: 4)
            let next = try await scene.claim(at: 4)
            try await scene.store.remember(user: "new user", written: nil, for: next, now: scene.at(4))
            try await scene.store.remember(conversation: "new one", topic: "topic-2", for: next, now: scene.at(4))
            try await scene.complete(next, at: 4)
            #expect(try await scene.store.contact(anna)?.conversation == "new one")
            let answer = try scene.accept(scene.reply("answer", in: "new one", on: nil), at: 5)
            #expect(answer.fates.map(\.installation) == ["viber-1"])
            #expect(try await scene.claim(at: 5).conversationAccount == other)
        },
        Check("A note of a delivery from before the move goes to the account of its conversation") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.reply("out"))
            let other = try await scene.neighbour().helpdesk.id
            try await scene.move(MoveTarget(topic: "topic-2", helpdesk: other), at: 1)
            let note = NoteDraft(text: "Not delivered", conversation: "conversation-1")
            try await scene.store.markDead(scene.claim(at: 2), because: scene.refusal, note: note, now: scene.at(2))
            let claim = try await scene.claim(at: 3)
            #expect(claim.delivery.text == "note: Not delivered")
            #expect(claim.conversationAccount == "freshchat-of-viber-1")
        },
        Check("The URLs of accounts that it left work for seven more days, and no longer") { scene in
            let neighbour = try await scene.neighbour()
            try await scene.move(
                MoveTarget(
                    topic: "topic-2", helpdesk: neighbour.helpdesk.id, channel: neighbour.channel.id, address: "new"),
                at: 0)
            func isKnown(at seconds: Double) throws -> [Bool] {
                let directory = try scene.store.directory()
                let now = scene.at(seconds)
                return [
                    directory.channelAccount(targetToken: "target-viber-1", now: now) != nil,
                    directory.helpdeskAccount(helpdeskToken: "helpdesk-viber-1", now: now) != nil,
                    directory.helpdeskAccount(eventSecret: "event-viber-1", now: now) != nil,
                    directory.channelAccount(targetToken: "target-viber-9", now: now) != nil,
                    directory.helpdeskAccount(helpdeskToken: "helpdesk-viber-9", now: now) != nil,
                ]
            }
            let end = Endpoint.timeAfterMove
            #expect(try isKnown(at: end - 1) == [true, true, true, true, true])
            #expect(try isKnown(at: end) == [false, false, false, true, true])
            #expect(try await scene.store.finishDraining(now: scene.at(end - 1)).isEmpty)
            #expect(try scene.store.directory().helpdeskAccounts.count == 2)
            _ = try await scene.store.finishDraining(now: scene.at(end + 1))
            let directory = try scene.store.directory()
            #expect(directory.channelAccounts.map(\.id) == [neighbour.channel.id])
            #expect(directory.helpdeskAccounts.map(\.id) == [neighbour.helpdesk.id])
            #expect(try scene.present().former.isEmpty)
        },
        Check("An account that other installations use keeps its URLs when one moves away") { scene in
            try await scene.add("viber-2", at: "second")
            let neighbour = try await scene.neighbour()
            try await scene.move(
                MoveTarget(
                    topic: "topic-2", helpdesk: neighbour.helpdesk.id, channel: neighbour.channel.id, address: "new"),
                at: 0)
            _ = try await scene.store.finishDraining(now: scene.at(30 * StoreScene.day))
            let directory = try scene.store.directory()
            let late = scene.at(30 * StoreScene.day)
            #expect(directory.channelAccount(targetToken: "target-viber-1", now: late) != nil)
            #expect(directory.helpdeskAccount(helpdeskToken: "helpdesk-viber-1", now: late) != nil)
        },
        Check("An account that an installation comes back to keeps its URLs for good") { scene in
            let neighbour = try await scene.neighbour()
            let before = try scene.present()
            try await scene.move(MoveTarget(topic: "topic-2", helpdesk: neighbour.helpdesk.id), at: 0)
            try await scene.move(MoveTarget(topic: scene.topic, helpdesk: before.helpdesk.id), at: 1)
            let late = scene.at(30 * StoreScene.day)
            let directory = try scene.store.directory()
            #expect(directory.helpdeskAccount(helpdeskToken: "helpdesk-viber-1", now: late) != nil)
            #expect(directory.routes(of: before.helpdesk.id).map(\.topic) == [scene.topic])
        },
        Check("What customers write to the address that it left is its own for seven days") { scene in
            let anna = try await scene.acquaint()
            let old = try scene.present().channel.id
            let neighbour = try await scene.neighbour()
            try await scene.move(MoveTarget(channel: neighbour.channel.id, address: "new"), at: 0)
            let end = Endpoint.timeAfterMove
            #expect(try scene.taker(of: old, end - 1) == scene.installation)
            #expect(try scene.taker(of: old, end) == nil)
            #expect(try scene.taker(of: neighbour.channel.id, at: "new", 1) == scene.installation)
            let route = try scene.present().route
            let result = try scene.store.accept(
                Acceptance(
                    account: .channel(old), routes: [route], arrivals: [scene.message("late")], at: scene.at(5)))
            #expect(result.fates.map(\.installation) == [scene.installation])
            // A customer of that address is the same one here.
            #expect(try await scene.claim(at: 5).contact?.id == anna)
        },
        Check("Moved to another address with what waits, replies leave by the new one in their order") { scene in
            try await scene.fill()
            let neighbour = try await scene.neighbour()
            try await scene.move(MoveTarget(channel: neighbour.channel.id, address: "new"), at: 2)
            #expect(try scene.present().address == "new" && scene.present().channel.id == neighbour.channel.id)
            // The limits are those of the account that it is at now.
            try await scene.store.closeGate(.account(.channel("viber-acct-of-viber-1")), until: scene.at(900))
            scene.expectAll(try await scene.deliverAll(at: 3).texts)
        },
        Check("An installation isn't moved to where another one is, or to an account that isn't there") { scene in
            let neighbour = try await scene.neighbour()
            let before = try await scene.store.installations()
            await scene.expect(.conflict) {
                try await scene.move(MoveTarget(channel: neighbour.channel.id, address: "ninth"), at: 1)
            }
            await scene.expect(.notFound) { try await scene.move(MoveTarget(helpdesk: "freshchat-nobody"), at: 1) }
            await scene.expect(.notFound) { try await scene.move(MoveTarget(channel: "viber-acct-nobody"), at: 1) }
            await scene.expect(.notFound) {
                try await scene.store.move("nobody", to: MoveTarget(topic: "topic-2"), now: scene.at(1))
            }
            #expect(try await scene.store.installations() == before)
        },
        Check("What was parked for the address that it moves to is accepted there") { scene in
            let neighbour = try await scene.neighbour()
            try await scene.store.drain("viber-9", now: scene.start)
            _ = try scene.store.park(
                [scene.message("parked")], account: neighbour.channel.id, address: "ninth", now: scene.at(1))
            #expect(try await scene.store.finishDraining(now: scene.at(2)) == ["viber-9"])
            try await scene.move(MoveTarget(channel: neighbour.channel.id, address: "ninth"), at: 3)
            let claim = try await scene.claim(at: 4)
            #expect(claim.delivery.text == "parked" && claim.delivery.installation == scene.installation)
        },
        Check("Conversations of the topic and of the account that it left are looked into, too") { scene in
            _ = try await scene.acquaint()
            try await scene.move(MoveTarget(topic: "topic-2"), at: 1)
            let neighbour = try await scene.neighbour()
            #expect(try await scene.poll(at: 60).id == "conversation-1")
            try await scene.move(MoveTarget(topic: "topic-3", helpdesk: neighbour.helpdesk.id), at: 61)
            let taken = try await scene.poll(at: 200)
            #expect(taken.id == "conversation-1" && taken.account == "freshchat-of-viber-1")
        },
    ]
}
