import FoundationEssentials
import RelayCore
import Testing

extension StoreScene {
    fileprivate var account: ChannelAccountID { "viber-acct-of-viber-1" }

    fileprivate func park(
        _ arrivals: Acceptance.Arrival..., of other: ChannelAccountID? = nil, address: Address = .only,
        at seconds: Double
    ) throws -> [ArrivalFate] {
        try store.park(arrivals, account: other ?? account, address: address, now: at(seconds))
    }

    /// The installation that takes in what comes to the first one's address.
    fileprivate func taker(at seconds: Double) throws -> InstallationID? {
        try store.directory().installation(of: account, at: .only, now: at(seconds))?.id
    }
}

extension StoreConformance {
    static let drainingChecks: [Check] = [
        Check("An installation that is taken out of service delivers what waits, both ways, and is removed then") {
            scene in
            let anna = try await scene.acquaint()
            try scene.accept(scene.message("in"), scene.reply("out"))
            try await scene.store.drain(scene.installation, now: scene.at(1))
            try await scene.store.drain(scene.installation, now: scene.at(2))
            #expect(try scene.present().state == .draining(since: scene.at(1)))
            #expect(try scene.taker(at: 2) == nil)
            // A conversation that is open is answered to its end.
            #expect(try scene.accept(scene.reply("out 2"), at: 2).fates.map(\.installation) == ["viber-1"])
            #expect(try scene.accept(scene.reply("begun", in: "c-9", user: "user of anna"), at: 2).fates == [.foreign])
            #expect(try await scene.store.finishDraining(now: scene.at(3)).isEmpty)
            for claim in try await scene.claims(at: 4) {
                var next: Claim? = claim
                while let claim = next { next = try await scene.complete(claim, at: 4) }
            }
            #expect(try await scene.store.finishDraining(now: scene.at(5)) == [scene.installation])
            #expect(try await scene.store.installations().isEmpty)
            #expect(try await scene.texts([.delivered]) == ["hello of anna", "in", "out", "out 2"])
            #expect(try await scene.store.contact(anna) != nil)
            #expect(try await scene.store.removedInstallations().map(\.id) == [scene.installation])
            #expect(try await scene.store.finishDraining(now: scene.at(6)).isEmpty)
            await scene.expect(.notFound) { try await scene.store.drain(scene.installation, now: scene.at(6)) }
        },
        Check("What comes for its address is parked, and accepted once by the installation that comes") { scene in
            try await scene.store.drain(scene.installation, now: scene.at(1))
            let fates = try scene.park(scene.message("one"), scene.message("two", from: "bert"), at: 2)
            #expect(fates == [.parked, .parked])
            #expect(try scene.park(scene.message("one"), at: 3) == [.repeated(nil)])
            #expect(
                try await scene.store.parkedEvents() == [
                    ParkedEvents(
                        account: scene.account, channel: "viber", address: .only, count: 2, since: scene.at(2))
                ])
            #expect(try await scene.store.counts(of: nil).waiting == 0)
            #expect(try await scene.store.finishDraining(now: scene.at(4)) == [scene.installation])
            let target = try scene.store.directory().channelAccount(targetToken: "target-viber-1", now: scene.at(4))
            #expect(target?.id == scene.account)
            var next = scene.sample("viber-2")
            next.channel = try #require(target)
            try await scene.store.save(next, now: scene.at(5))
            #expect(try await scene.store.parkedEvents().isEmpty)
            #expect(try await scene.texts([.waiting]) == ["one", "two"])
            #expect(try await scene.claims(at: 6).allSatisfy { $0.delivery.installation == "viber-2" })
            try await scene.store.save(next, now: scene.at(7))
            #expect(try scene.accept(scene.message("one"), to: "viber-2", at: 8).repeated == 1)
            #expect(try await scene.store.counts(of: nil).waiting == 2)
        },
        Check("What is parked is kept until a week after the first of it, and the account no longer than that") {
            scene in
            try await scene.store.drain(scene.installation, now: scene.start)
            _ = try scene.park(scene.message("one"), at: 0)
            _ = try scene.park(scene.message("two"), at: StoreScene.day)
            _ = try await scene.store.finishDraining(now: scene.at(6.5 * StoreScene.day))
            let parked = try await scene.store.parkedEvents()
            #expect(parked.map(\.count) == [2] && parked.map(\.since) == [scene.start])
            _ = try scene.park(scene.message("three"), at: 6.5 * StoreScene.day)
            _ = try await scene.store.finishDraining(now: scene.at(7 * StoreScene.day))
            #expect(try await scene.store.parkedEvents().isEmpty)
            #expect(try scene.store.directory().channelAccounts.isEmpty)
        },
        Check("An account still in use parks nothing more for an address that nobody came for in a week") { scene in
            try await scene.add("viber-2", at: "second")
            try await scene.store.drain(scene.installation, now: scene.start)
            _ = try await scene.store.finishDraining(now: scene.start)
            #expect(try scene.park(scene.message("one"), at: 1) == [.parked])
            _ = try await scene.store.finishDraining(now: scene.at(8 * StoreScene.day))
            #expect(try scene.park(scene.message("two"), at: 8 * StoreScene.day) == [.foreign])
            #expect(try await scene.store.parkedEvents().isEmpty)
            #expect(try scene.store.directory()[scene.account] != nil)
        },
        Check("What became of the messages of an installation that is taken out of service is recorded") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.reply("out"))
            try await scene.complete(scene.claim(), as: .channel("sent-1"))
            try await scene.store.drain(scene.installation, now: scene.at(1))
            let draining = try scene.store.directory().drainingInstallation(of: scene.account, at: .only)
            #expect(draining?.id == scene.installation)
            #expect(try scene.accept(scene.receipt(.read, of: "sent-1"), at: 2).accepted == 1)
        },
        Check("For an address that never had an installation nothing is kept") { scene in
            let fates = try scene.park(scene.message("one"), address: "never", at: 0)
            #expect(fates == [.foreign])
            #expect(try await scene.store.parkedEvents().isEmpty)
            await scene.expect(.notFound) {
                _ = try scene.park(scene.message("one"), of: "viber-acct-nobody", at: 0)
            }
        },
        Check("An installation that is put back into service accepts what was parked meanwhile") { scene in
            var installation = try scene.present()
            try await scene.store.drain(scene.installation, now: scene.start)
            _ = try scene.park(scene.message("one"), at: 1)
            installation.ownState = .active
            try await scene.store.save(installation, now: scene.at(2))
            #expect(try scene.taker(at: 2) == scene.installation)
            #expect(try await scene.claim(at: 3).delivery.text == "one")
        },
    ]
}
