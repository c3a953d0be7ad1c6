import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    /// As many customers as open a breaker write to two installations in turn, and all their attempts fail.
    private static func failForBoth(_ scene: StoreScene) async throws {
        for number in 0..<Breaker.threshold {
            try scene.accept(
                scene.message("hi \(number)", from: ChannelUserID("user-\(number)")),
                to: number.isMultiple(of: 2) ? "viber-1" : "viber-2")
        }
        let claims = try await scene.claims()
        try #require(claims.count == Breaker.threshold)
        for claim in claims { try await scene.retry(claim, after: scene.refusal, until: 0) }
    }

    static let gateChecks: [Check] = [
        Check("A rate limit of Freshchat that one installation meets holds back all of the account, and no other") {
            scene in
            try await scene.add("viber-2")
            try await scene.store.save(scene.sample("viber-3"), now: scene.start)
            for id in ["viber-1", "viber-2", "viber-3"] as [InstallationID] {
                try scene.accept(scene.message("to \(id)"), to: id)
            }
            let account = try scene.present().account(of: .helpdesk)
            try await scene.store.closeGate(.account(account), until: scene.at(60))
            #expect(try await scene.claims(at: 59).map(\.delivery.text) == ["to viber-3"])
            #expect(try await scene.store.nextDue(now: scene.at(59)) == scene.at(60))
            #expect(Set(try await scene.claims(at: 60).map(\.delivery.text)) == ["to viber-1", "to viber-2"])
        },
        Check("A limit of one address holds back that address only, and one of the account all of them") { scene in
            try await scene.add("viber-2", at: "second")
            for (number, id) in (["viber-1", "viber-2"] as [InstallationID]).enumerated() {
                try await scene.acquaint("anna", with: id, in: .init("of \(id)"), as: .init("user \(number)"))
            }
            for id in ["viber-1", "viber-2"] { try scene.accept(scene.reply("by \(id)", in: .init("of \(id)"))) }
            let channel = try scene.present().channel.id
            try await scene.store.closeGate(.address(channel, "second"), until: scene.at(60))
            try await scene.store.closeGate(.address(channel, "third"), until: scene.at(600))
            let first = try await scene.claim(at: 1)
            #expect(first.delivery.text == "by viber-1")
            try await scene.store.release(first, now: scene.at(1))
            try await scene.store.closeGate(.account(.channel(channel)), until: scene.at(30))
            #expect(try await scene.claims(at: 29).isEmpty)
            #expect(try await scene.claims(at: 30).map(\.delivery.text) == ["by viber-1"])
            #expect(try await scene.store.nextDue(now: scene.at(31)) == scene.at(60))
            #expect(try await scene.claims(at: 60).map(\.delivery.text) == ["by viber-2"])
        },
        Check("Of the limits of its address and its account, the one that ends last is why a reply waits") { scene in
            _ = try await scene.store.enlist(now: scene.start)
            _ = try await scene.acquaint()
            let id = try scene.accept(scene.reply("out")).deliveries[0]
            let channel = try scene.present().channel.id
            try await scene.store.closeGate(.address(channel, .only), until: scene.at(60))
            try await scene.store.closeGate(.account(.channel(channel)), until: scene.at(30))
            let reasons = try await scene.store.waitReasons(of: [id], now: scene.at(1))
            #expect(reasons == [id: .gateClosed(.channel, until: scene.at(60))])
        },
        Check("Failures of several installations open one breaker, and one delivery over all of them probes") { scene in
            try await scene.add("viber-2")
            try await failForBoth(scene)
            let open = try await scene.store.openBreakers()
            #expect(Set(open.map(\.installation)) == ["viber-1", "viber-2"] && open.count == 2)
            #expect(open.allSatisfy { $0.side == .helpdesk && $0.openings == 1 && $0.openedAt == scene.start })
            #expect(try await scene.claims().isEmpty)
            let probe = try await scene.claim(at: 1)
            try scene.accept(scene.message("more", from: "carl"), to: "viber-2", at: 1)
            #expect(try await scene.claims(by: "worker-b", at: 1).isEmpty)
            try await scene.complete(probe, at: 1)
            #expect(try await scene.store.openBreakers().isEmpty)
            #expect(try await scene.claims(at: 1).count == Breaker.threshold)
        },
        Check("A reply that isn't decided yet isn't a second probe") { scene in
            try await scene.add("viber-2")
            try await failForBoth(scene)
            try scene.accept(scene.reply("whose", in: "c-1", on: nil))
            let probe = try await scene.claim(at: 1)
            #expect(try await scene.claims(by: "worker-b", at: 1).isEmpty)
            try await scene.complete(probe, at: 1)
            #expect(try await scene.claims(at: 1).contains { $0.delivery.text == "whose" })
        },
    ]
}
