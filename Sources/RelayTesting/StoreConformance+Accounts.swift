import FoundationEssentials
import RelayCore
import Testing

extension StoreConformance {
    static let accountChecks: [Check] = savingChecks + pausingChecks + mergingChecks

    private static let savingChecks: [Check] = [
        Check("An account without an id gets one that nobody else has, and one with an id keeps it") { scene in
            var fresh = scene.sample("viber-2", topic: "topic-2")
            fresh.channel.id = ""
            fresh.helpdesk.id = ""
            let second = try await scene.store.save(fresh, now: scene.start)
            fresh.id = "viber-3"
            let third = try await scene.store.save(fresh, now: scene.start)
            #expect(second.channel.id.rawValue.hasPrefix("viber-acct-") && second.channel.id != third.channel.id)
            #expect(second.helpdesk.id.rawValue.hasPrefix("freshchat-") && second.helpdesk.id != third.helpdesk.id)
            #expect(try await scene.store.installation("viber-2") == second)
            #expect(try await scene.store.save(second, now: scene.at(1)) == second)
            #expect(try scene.store.directory().channelAccounts.count == 3)
        },
        Check("What is saved of an account is so for all its installations, and its identity stays") { scene in
            try await scene.add("viber-2", at: "second")
            try await scene.store.identify(.channel("viber-acct-of-viber-1"), as: "bot", now: scene.start)
            try await scene.store.identify(.helpdesk("freshchat-of-viber-1"), as: "shop", now: scene.start)
            var first = try scene.present()
            first.channel.identity = nil
            first.channel.secrets["auth_token"] = Secret("another")
            first.helpdesk.identity = nil
            first.helpdesk.token = Secret("another")
            try await scene.store.save(first, now: scene.at(1))
            let second = try scene.present("viber-2")
            #expect(second.channel.secrets["auth_token"] == Secret("another") && second.channel.identity == "bot")
            #expect(second.helpdesk.token == Secret("another") && second.helpdesk.identity == "shop")
            #expect(
                try scene.store.directory().installations(of: second.channel.id).map(\.id) == ["viber-1", "viber-2"])
        },
        Check("No two installations have the same address of one account; a removed one gives it back") { scene in
            var second = scene.sample("viber-2")
            second.channel = try scene.present().channel
            let taken = second
            await scene.expect(.conflict) { try await scene.store.save(taken, now: scene.start) }
            #expect(try await scene.store.installations().map(\.id) == [scene.installation])
            second.address = "second"
            try await scene.store.save(second, now: scene.start)
            try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.at(1))
            second.address = .only
            try await scene.store.save(second, now: scene.at(2))
            #expect(try scene.present("viber-2").address == .only)
        },
        Check("An account lives until its last installation is removed; then its URLs mean nothing") { scene in
            try await scene.add("viber-2", at: "second")
            func isKnown() throws -> [Bool] {
                let directory = try scene.store.directory()
                return [
                    directory.channelAccount(targetToken: "target-viber-1", now: scene.start) != nil,
                    directory.helpdeskAccount(helpdeskToken: "helpdesk-viber-1", now: scene.start) != nil,
                ]
            }
            try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.at(1))
            #expect(try isKnown() == [true, true])
            try await scene.store.remove("viber-2", keepingHistory: true, now: scene.at(2))
            #expect(try isKnown() == [false, false])
            await scene.expect(.notFound) {
                try await scene.store.resume(.channel("viber-acct-of-viber-1"), now: scene.at(3))
            }
        },
        Check("The same key in another account is another event") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            try scene.accept(scene.reply("one", in: "c-1"))
            #expect(try scene.accept(scene.reply("one", in: "c-2"), to: "viber-2").accepted == 1)
        },
        Check("The same key at two addresses of one account is one event") { scene in
            try await scene.add("viber-2", at: "second")
            try scene.accept(scene.message("one", key: "event"))
            let second = try scene.accept(scene.message("one", key: "event"), to: "viber-2")
            #expect(second.repeated == 1 && second.fates == [.repeated("viber-2")])
        },
    ]

    private static let pausingChecks: [Check] = [
        Check("A refused credential holds up what goes to that account, of all its installations, and nothing else") {
            scene in
            try await scene.add("viber-2")
            _ = try await scene.acquaint()
            try scene.accept(scene.message("in"), scene.reply("out"))
            try scene.accept(scene.message("in 2"), to: "viber-2")
            let refusal = try await scene.refuse(.helpdesk, at: 1)
            #expect(refusal == .paused)
            for id in ["viber-1", "viber-2"] as [InstallationID] {
                #expect(try scene.present(id).state == .paused(reason: "401", since: scene.at(1), by: .credential))
                #expect(try scene.present(id).ownState == .active)
            }
            #expect(try scene.store.metrics().installations.map(\.pausedReason) == ["401", "401"])
            #expect(try await scene.claims(at: 2).map(\.delivery.text) == ["out"])
            #expect(try await scene.store.nextDue(now: scene.at(2)) == nil)
        },
        Check("A channel's refused credential leaves the way to the agents open") { scene in
            _ = try await scene.acquaint()
            try scene.accept(scene.message("in"), scene.reply("out"))
            try await scene.refuse(.channel, at: 1)
            #expect(try await scene.claims(at: 2).map(\.delivery.text) == ["in"])
            #expect(try scene.accept(scene.message("more"), at: 3).accepted == 1)
        },
        Check("Who finds the same refusal again changes nothing") { scene in
            let account = try scene.present().usedAccount(of: .helpdesk)
            var answers: [AccountRefusal] = []
            for second in 1...3 {
                answers.append(
                    try await scene.store.refuse(account, reason: "401 \(second)", now: scene.at(Double(second))))
            }
            #expect(answers == [.paused, .paused, .paused])
            #expect(try scene.present().helpdesk.state == .paused(reason: "401 1", since: scene.at(1)))
        },
        Check("A spare token takes the place of a refused one; only without any the account is paused") { scene in
            var installation = try scene.present()
            installation.helpdesk.spareTokens = [Secret("spare 1"), Secret("spare 2")]
            try await scene.store.save(installation, now: scene.start)
            for spare in ["spare 1", "spare 2"] {
                let refusal = try await scene.refuse(.helpdesk, at: 1)
                #expect(refusal == .spareTakesOver)
                #expect(try scene.present().helpdesk.token == Secret(spare))
            }
            #expect(try scene.present().helpdesk.spareTokens.isEmpty && scene.present().isActive)
            let refusal = try await scene.refuse(.helpdesk, at: 2)
            let state = try scene.present().helpdesk.state
            #expect(refusal == .paused && state == .paused(reason: "401", since: scene.at(2)))
        },
        Check("A credential that was replaced while two workers used it takes neither the account nor two spares") {
            scene in
            var installation = try scene.present()
            installation.helpdesk.spareTokens = [Secret("spare 1"), Secret("spare 2")]
            try await scene.store.save(installation, now: scene.start)
            let old = try scene.present()
            let store = scene.store
            var answers: [AccountRefusal] = []
            for second in [1, 2] as [Double] {
                answers.append(
                    try await store.refuse(old.usedAccount(of: .helpdesk), reason: "401", now: scene.at(second)))
            }
            #expect(answers == [.spareTakesOver, .outdated])
            #expect(try scene.present().helpdesk.token == Secret("spare 1"))
            #expect(try scene.present().helpdesk.spareTokens == [Secret("spare 2")])
            installation = try scene.present()
            installation.channel.secrets["auth_token"] = Secret("new")
            try await store.save(installation, now: scene.at(3))
            let late = try await store.refuse(old.usedAccount(of: .channel), reason: "401", now: scene.at(4))
            #expect(try late == .outdated && scene.present().isActive)
            var gone = old.helpdesk
            gone.id = "freshchat-nobody"
            #expect(try await store.refuse(.helpdesk(gone), reason: "401", now: scene.at(4)) == .outdated)
        },
        Check("A replaced credential resumes all installations of the account, and what waits is due at once") {
            scene in
            try await scene.add("viber-2")
            _ = try await scene.acquaint()
            try scene.accept(scene.message("in"), scene.reply("out"))
            try scene.accept(scene.message("in 2"), to: "viber-2")
            for claim in try await scene.claims() { try await scene.retry(claim, after: scene.refusal, until: 600) }
            let account = try scene.present().account(of: .helpdesk)
            try await scene.refuse(.helpdesk, at: 1)
            try await scene.store.closeGate(.account(account), until: scene.at(900))
            try await scene.store.resume(account, now: scene.at(2))
            #expect(try scene.present().isActive && scene.present("viber-2").isActive)
            #expect(Set(try await scene.claims(at: 2).map(\.delivery.text)) == ["in", "out", "in 2"])
        },
        Check("Resuming one installation resumes its accounts, and not another that a person has paused") { scene in
            try await scene.add("viber-2")
            try await scene.store.pause("viber-2", by: .person, reason: "holiday", now: scene.start)
            try await scene.refuse(.helpdesk, at: 0)
            try await scene.store.resume(scene.installation, now: scene.at(1))
            #expect(try scene.present().isActive)
            #expect(try scene.present("viber-2").state == .paused(reason: "holiday", since: scene.start, by: .person))
        },
        Check("Why a delivery waits names the account that it waits for, and no other") { scene in
            _ = try await scene.store.enlist(now: scene.start)
            _ = try await scene.acquaint()
            let ids = try scene.accept(scene.message("in"), scene.reply("out")).deliveries
            try await scene.refuse(.helpdesk, at: 1)
            let reasons = try await scene.store.waitReasons(of: ids, now: scene.at(2))
            #expect(reasons == [ids[0]: .accountPaused(.helpdesk, reason: "401", since: scene.at(1)), ids[1]: .due])
        },
    ]

    private static let mergingChecks: [Check] = [
        Check("Two Freshchat accounts that turn out to be one become the older one, with all URLs, keys and tokens") {
            scene in
            var second = scene.sample("viber-2", topic: "topic-2")
            second.helpdesk.webhookPublicKey = "PEM 2"
            try await scene.store.save(second, now: scene.start)
            let store = scene.store
            #expect(try await store.identify(.helpdesk("freshchat-of-viber-1"), as: "shop", now: scene.at(1)) == .alone)
            #expect(
                try await store.identify(.helpdesk("freshchat-of-viber-2"), as: "shop", now: scene.at(2))
                    == .merged(.helpdesk("freshchat-of-viber-2")))
            let directory = try store.directory()
            #expect(directory.helpdeskAccounts.map(\.id) == ["freshchat-of-viber-1"])
            let account = try scene.present("viber-2").helpdesk
            #expect(try scene.present().helpdesk == account && account.identity == "shop")
            // The one that was checked last has proved itself.
            #expect(
                account.token == Secret("freshchat-viber-2") && account.spareTokens == [Secret("freshchat-viber-1")])
            #expect(account.publicKeys == ["PEM 2", "PEM"])
            for id in ["viber-1", "viber-2"] {
                #expect(directory.helpdeskAccount(helpdeskToken: "helpdesk-\(id)", now: scene.at(3)) == account)
                #expect(directory.helpdeskAccount(eventSecret: "event-\(id)", now: scene.at(3)) == account)
            }
            #expect(account.helpdeskToken == Secret("helpdesk-viber-1"))
            #expect(directory.routes(of: account.id).map(\.installation) == ["viber-1", "viber-2"])
            // To find it again merges nothing more.
            #expect(try await store.identify(.helpdesk("freshchat-of-viber-1"), as: "shop", now: scene.at(4)) == .alone)
        },
        Check("Two accounts of a channel that turn out to be one become the older one") { scene in
            try await scene.store.save(scene.sample("viber-2", address: "second"), now: scene.start)
            try await scene.store.save(scene.sample("chat-1", kind: "chat"), now: scene.start)
            let store = scene.store
            #expect(try await store.identify(.channel("viber-acct-of-viber-2"), as: "bot", now: scene.at(1)) == .alone)
            // What another kind of channel calls its account means nothing here.
            #expect(try await store.identify(.channel("chat-acct-of-chat-1"), as: "bot", now: scene.at(1)) == .alone)
            #expect(
                try await store.identify(.channel("viber-acct-of-viber-1"), as: "bot", now: scene.at(2))
                    == .merged(.channel("viber-acct-of-viber-2")))
            let directory = try store.directory()
            let account = try scene.present().channel
            #expect(directory.installations(of: account.id).map(\.id) == ["viber-1", "viber-2"])
            #expect(account.secrets["auth_token"] == Secret("token-of-viber-1"))
            for id in ["viber-1", "viber-2"] {
                #expect(directory.channelAccount(targetToken: "target-\(id)", now: scene.at(3)) == account)
            }
            #expect(account.targetToken == Secret("target-viber-1"))
        },
        Check("Two accounts with one address aren't merged: both installations work until one of them is removed") {
            scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            let store = scene.store
            try await store.identify(.channel("viber-acct-of-viber-1"), as: "bot", now: scene.start)
            let other = AccountID.channel("viber-acct-of-viber-2")
            for _ in 0..<2 {
                let found = try await store.identify(other, as: "bot", now: scene.start)
                #expect(found == .sharesAddress("viber-1", "viber-2"))
            }
            let directory = try store.directory()
            #expect(directory.channelAccounts.map(\.identity) == ["bot", "bot"])
            #expect(directory.sharedAddresses.map(\.0) == ["viber-1"])
            #expect(directory.sharedAddresses.map(\.1) == ["viber-2"])
            for id in ["viber-1", "viber-2"] as [InstallationID] {
                #expect(try scene.accept(scene.message("to \(id)"), to: id).accepted == 1)
            }
            #expect(try await scene.claims().count == 2)
            try await store.remove("viber-1", keepingHistory: true, now: scene.at(1))
            #expect(try store.directory().sharedAddresses.isEmpty)
        },
        Check("A merge wakes what waited behind the account that was paused") { scene in
            let store = scene.store
            try await store.save(scene.sample("viber-2", topic: "topic-2"), now: scene.start)
            _ = try await scene.acquaint()
            try scene.accept(scene.reply("out"))
            // It needs something of the paused account, which isn't the one of its own side.
            try await scene.retry(scene.claim(), after: scene.refusal, until: 600)
            try await store.identify(.helpdesk("freshchat-of-viber-1"), as: "shop", now: scene.start)
            try await scene.refuse(.helpdesk, at: 1)
            #expect(try await scene.claims(at: 2).isEmpty)
            try await store.identify(.helpdesk("freshchat-of-viber-2"), as: "shop", now: scene.at(3))
            #expect(try await scene.claims(at: 3).map(\.delivery.text) == ["out"])
        },
        Check("After a merge the events of both are known, their gates hold, and what waits leaves in its order") {
            scene in
            try await scene.store.save(scene.sample("viber-2", topic: "topic-2"), now: scene.start)
            let store = scene.store
            let accounts: [HelpdeskAccountID] = ["freshchat-of-viber-1", "freshchat-of-viber-2"]
            try scene.accept(scene.reply("one", in: "c-1"))
            try scene.accept(
                scene.reply("two", in: "c-2", on: "topic-2"), scene.reply("three", in: "c-2", on: "topic-2"),
                scene.reply("whose", in: "c-3", on: nil), to: "viber-2")
            try await store.closeGate(.account(.helpdesk(accounts[1])), until: scene.at(90))
            for account in accounts { try await store.identify(.helpdesk(account), as: "shop", now: scene.at(1)) }
            for (text, conversation, topic) in [
                ("one", "c-1", "topic-1"), ("two", "c-2", "topic-2"), ("whose", "c-3", nil),
            ] as [(String, HelpdeskConversationID, TopicID?)] {
                // By another event, so that the message's id tells.
                for key in ["reply/\(text)", "another"] {
                    let again = scene.reply(text, in: conversation, on: topic, key: DedupeKey("\(key) \(text)"))
                    #expect(try scene.accept(again, at: 2).repeated == 1)
                }
                #expect(try scene.accept(scene.reply(text, in: conversation, on: topic), at: 2).repeated == 1)
            }
            try scene.accept(scene.message("in"), scene.reply("whose next", in: "c-3", on: nil), at: 3)
            let claims = try await scene.claims(at: 3)
            #expect(Set(claims.map(\.delivery.text)) == ["one", "two"])
            let first = try #require(claims.first { $0.delivery.text == "two" })
            #expect(try await scene.complete(first, at: 3)?.delivery.text == "three")
            let later = try await scene.claims(at: 90)
            #expect(Set(later.map(\.delivery.text)).isSuperset(of: ["in", "whose"]))
            #expect(!later.contains { $0.delivery.text == "whose next" })
            let undecided = try #require(later.first { $0.delivery.text == "whose" })
            #expect(undecided.delivery.installation.rawValue == accounts[0].rawValue)
        },
        Check("A conversation that both accounts know is that of the installation where something happened last") {
            scene in
            try await scene.store.save(scene.sample("viber-2", topic: "topic-2"), now: scene.start)
            for (second, id) in ["viber-1", "viber-2"].enumerated() {
                try scene.accept(scene.message("hi of \(id)"), to: InstallationID(id), at: Double(second))
                let claim = try await scene.claim(at: Double(second))
                try await scene.store.remember(
                    conversation: "both", topic: try scene.present(InstallationID(id)).topic, for: claim,
                    now: scene.at(Double(second)))
                try await scene.complete(claim, at: Double(second))
            }
            for id in ["freshchat-of-viber-1", "freshchat-of-viber-2"] as [HelpdeskAccountID] {
                try await scene.store.identify(.helpdesk(id), as: "shop", now: scene.at(5))
            }
            let result = try scene.accept(scene.reply("answer", in: "both", on: nil), at: 6)
            #expect(result.fates.map(\.installation) == ["viber-2"])
        },
        Check("A merged account that was refused is resumed with the credential that has proved itself") { scene in
            try await scene.store.save(scene.sample("viber-2", topic: "topic-2"), now: scene.start)
            try scene.accept(scene.message("in"))
            try await scene.store.identify(.helpdesk("freshchat-of-viber-1"), as: "shop", now: scene.start)
            try await scene.refuse(.helpdesk, at: 1)
            #expect(try await scene.claims(at: 1).isEmpty)
            try await scene.store.identify(.helpdesk("freshchat-of-viber-2"), as: "shop", now: scene.at(2))
            #expect(try scene.present().isActive)
            #expect(try await scene.claim(at: 2).delivery.text == "in")
        },
    ]
}
