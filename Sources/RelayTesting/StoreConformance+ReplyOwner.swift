import FoundationEssentials
import RelayCore
import Testing

extension StoreScene {
    /// A contact of any installation whose user and conversation are known, with nothing waiting.
    @discardableResult
    func acquaint(
        _ user: ChannelUserID, with id: InstallationID, in conversation: HelpdeskConversationID,
        as helpdeskUser: HelpdeskUserID? = nil, at seconds: Double = 0
    ) async throws -> ContactID {
        try accept(
            message("hello of \(user)", from: user, key: DedupeKey("\(id)/\(conversation)")), to: id, at: seconds)
        let claim = try await claim(by: "worker-of-scene", at: seconds)
        let now = at(seconds)
        try await store.remember(
            user: helpdeskUser ?? HelpdeskUserID("user of \(user)"), written: nil, for: claim, now: now)
        try await store.remember(conversation: conversation, topic: try present(id).topic, for: claim, now: now)
        try await complete(claim, at: seconds)
        return try #require(claim.contact?.id)
    }

    /// What Freshchat says of the conversation of a claim.
    func settle(
        _ claim: Claim, _ found: ConversationFacts?, note: NoteDraft? = nil, at seconds: Double = 0
    ) async throws -> ReplyOwner {
        let directory = try store.directory()
        return try await store.settleOwner(
            claim, found: found, routes: directory.routes(of: try present().helpdesk.id), note: note, now: at(seconds))
    }

    /// The helpdesk account's id where an installation's stands.
    var undecided: InstallationID { "freshchat-of-viber-1" }

    fileprivate var alarm: Alarm { Alarm(.replyUndecided, subject: undecided.rawValue) }

    func isAlarmed() async throws -> Bool { try await store.alarms().contains { $0.alarm == alarm } }
}

extension StoreConformance {
    static let replyOwnerChecks: [Check] = ownedReplyChecks + undecidedReplyChecks

    private static let ownedReplyChecks: [Check] = [
        Check("Of two bots on one topic, each reply leaves by that of its conversation") { scene in
            for (kind, second) in [("viber", "viber-2"), ("chat", "chat-1")] as [(ChannelKind, InstallationID)] {
                try await scene.add(second, kind: kind)
            }
            for id in ["viber-1", "viber-2", "chat-1"] as [InstallationID] {
                let contact = try await scene.acquaint(
                    "anna", with: id, in: .init("of \(id)"), as: .init("user of \(id)"))
                let result = try scene.accept(scene.reply("to \(id)", in: .init("of \(id)")))
                #expect(result.fates == [.accepted(id, result.deliveries[0])])
                let claim = try await scene.claim()
                #expect(claim.delivery.installation == id && claim.contact?.id == contact)
                #expect(claim.conversationAccount == "freshchat-of-viber-1")
                try await scene.complete(claim)
            }
        },
        Check("Of two bots on one topic, a conversation that is new is that of the one which knows the user") { scene in
            try await scene.add("viber-2")
            try await scene.acquaint("anna", with: "viber-1", in: "c-1", as: "user-1")
            try await scene.acquaint("bert", with: "viber-2", in: "c-2", as: "user-2")
            let result = try scene.accept(
                scene.reply("one", in: "c-3", user: "user-1"), scene.reply("two", in: "c-4", user: "user-2"))
            #expect(result.fates.map(\.installation) == ["viber-1", "viber-2"])
        },
        Check("Of two kinds of channel on one topic, a new customer is that of the reference") { scene in
            try await scene.add("chat-1", kind: "chat")
            let result = try scene.accept(
                scene.reply("one", in: "c-1", reference: "chat:anna"),
                scene.reply("two", in: "c-2", reference: "viber:bert"))
            #expect(result.fates.map(\.installation) == ["chat-1", "viber-1"])
            let contacts = try await scene.claims().compactMap(\.contact)
            #expect(Set(contacts.map(\.profile.userID)) == ["anna", "bert"])
            #expect(Set(contacts.map(\.reference.text)) == ["chat:anna", "viber:bert"])
        },
        Check("By the webhook of another account that is the same, a reply leaves by its installation, and once") {
            scene in
            try await scene.store.save(scene.sample("viber-2", topic: "topic-2"), now: scene.start)
            try await scene.acquaint("anna", with: "viber-1", in: "c-1")
            let directory = try scene.store.directory()
            let both = ["freshchat-of-viber-1", "freshchat-of-viber-2"] as [HelpdeskAccountID]
            let routes = both.flatMap(directory.routes)
            for (number, first) in both.enumerated() {
                let conversation: HelpdeskConversationID = number == 0 ? "c-1" : "c-2"
                let reply = scene.reply(
                    "answer \(number)", in: conversation, reference: "viber:anna", key: DedupeKey("by one \(number)"))
                var again = reply
                again.dedupeKey = DedupeKey("by another \(number)")
                let result = try scene.store.accept(scene.heard(by: first, routes, [reply]))
                #expect(result.fates.map(\.installation) == ["viber-1"])
                for account in both {
                    let repeated = try scene.store.accept(scene.heard(by: account, routes, [again]))
                    #expect(repeated.repeated == 1 && repeated.accepted == 0)
                }
            }
            #expect(try await scene.texts([.waiting]) == ["answer 0", "answer 1"])
        },
        Check("What a known customer writes on a web widget, and what is answered there, isn't for an installation") {
            scene in
            _ = try await scene.acquaint()
            let result = try scene.accept(
                scene.reply(
                    "on the widget", in: "widget", user: "user of anna", reference: "viber:anna", on: "widget-topic"))
            #expect(result.fates == [.foreign] && result.accepted == 0 && result.repeated == 0)
            #expect(try await scene.texts([.waiting]).isEmpty)
            // Nothing of it was recorded: on our topic it is new.
            #expect(try scene.accept(scene.reply("on the widget", in: "widget", reference: "viber:anna")).accepted == 1)
        },
        Check("A conversation of ours stays ours, whatever topic its event names") { scene in
            _ = try await scene.acquaint()
            let result = try scene.accept(scene.reply("one", on: nil), scene.reply("two", on: "elsewhere"))
            #expect(result.fates.map(\.installation) == ["viber-1", "viber-1"])
        },
        Check("One customer of two topics is answered at the address that they wrote to") { scene in
            try await scene.add("viber-2", at: "second", on: "topic-2")
            try await scene.acquaint("anna", with: "viber-1", in: "c-1", as: "user-1")
            try await scene.acquaint("anna", with: "viber-2", in: "c-2", as: "user-1")
            let result = try scene.accept(
                scene.reply("to one", in: "c-1"), scene.reply("to two", in: "c-2", on: "topic-2"),
                scene.reply("begun on one", in: "c-3", user: "user-1"),
                scene.reply("begun on two", in: "c-4", user: "user-1", on: "topic-2"))
            #expect(result.fates.map(\.installation) == ["viber-1", "viber-2", "viber-1", "viber-2"])
        },
        Check("A number that spans addresses is told apart by the reference") { scene in
            var first = scene.sample("chat-1", kind: "chat", address: "one", form: .addressAndUser)
            first.helpdesk = try scene.present().helpdesk
            try await scene.store.save(first, now: scene.start)
            var second = scene.sample("chat-2", kind: "chat", address: "two", form: .addressAndUser)
            (second.channel, second.helpdesk) = (first.channel, first.helpdesk)
            try await scene.store.save(second, now: scene.start)
            let result = try scene.accept(
                scene.reply("by one", in: "c-1", reference: "chat:one:anna"),
                scene.reply("by two", in: "c-2", reference: "chat:two:anna"))
            #expect(result.fates.map(\.installation) == ["chat-1", "chat-2"])
            #expect(Set(try await scene.claims().map(\.contact?.profile.userID)) == ["anna"])
        },
        Check("A customer keeps the reference that they were created with") { scene in
            let anna = try await scene.acquaint()
            var changed = try scene.present()
            changed.referenceForm = .addressAndUser
            changed.address = "new"
            try await scene.store.save(changed, now: scene.start)
            try scene.accept(scene.message("again"))
            #expect(try await scene.store.contact(anna)?.reference == Reference("viber:anna"))
            try scene.accept(scene.message("hi", from: "bert"))
            let bert = try await scene.claims().compactMap(\.contact).first { $0.id != anna }
            #expect(bert?.reference == Reference("viber:new:bert"))
            // Freshchat tells the reference that they have.
            try scene.accept(scene.reply("begun", in: "c-9", reference: "viber:anna"))
            #expect(try await scene.claims().map(\.contact?.id) == [anna])
        },
        Check("A conversation of another installation isn't adopted; one of a removed installation is") { scene in
            try await scene.add("viber-2")
            _ = try await scene.acquaint()
            try scene.accept(scene.message("hi", key: "second"), to: "viber-2")
            let claim = try await scene.claim()
            let store = scene.store
            await scene.expect(.conflict) {
                try await store.remember(
                    conversation: "conversation-1", topic: scene.topic, for: claim, now: scene.start)
            }
            #expect(try scene.accept(scene.reply("answer")).fates.map(\.installation) == ["viber-1"])
            try await store.remove(scene.installation, keepingHistory: true, now: scene.at(1))
            try await store.remember(conversation: "conversation-1", topic: scene.topic, for: claim, now: scene.at(2))
            #expect(try scene.accept(scene.reply("two"), to: "viber-2").fates.map(\.installation) == ["viber-2"])
        },
        Check("A line of Freshchat's own goes to the customer only where the installation says so") { scene in
            var quiet = try await scene.add("viber-2", on: "topic-2")
            quiet.forwardsSystemLines = false
            try await scene.store.save(quiet, now: scene.start)
            let result = try scene.accept(
                scene.reply("reopened", in: "c-1", on: "topic-1", by: .system),
                scene.reply("reopened 2", in: "c-2", on: "topic-2", by: .system))
            #expect(result.fates == [.accepted("viber-1", result.deliveries[0]), .systemLine("viber-2")])
            #expect(result.accepted == 1 && result.deliveries.count == 1)
        },
        Check("What is withheld is shown with its installation, and what nobody owns isn't counted") { scene in
            try await scene.add("viber-2")
            try await scene.acquaint("anna", with: "viber-2", in: "conversation-1")
            #expect(try scene.accept(scene.withheld("x", key: "1")).withheld.map(\.installation) == ["viber-2"])
            var foreign = scene.withheld("x", key: "2")
            foreign.topic = "elsewhere"
            foreign.content = .withheld(kind: "x", of: "widget")
            #expect(try scene.accept(foreign).fates == [.foreign])
        },
    ]

    private static let undecidedReplyChecks: [Check] = [
        Check("A reply that names no topic waits for what Freshchat says, and then leaves before later ones") { scene in
            try await scene.add("viber-2", on: "topic-2")
            let results = try scene.accept(
                scene.reply("one", in: "c-1", on: nil), scene.reply("two", in: "c-1", on: nil))
            #expect(results.fates == results.deliveries.map { .unresolved($0) })
            // The topic tells whose this is; it stays behind the others all the same.
            let third = try scene.accept(scene.reply("three", in: "c-1", reference: "viber:anna", on: "topic-2"))
            #expect(third.fates.map(\.installation) == ["viber-2"])
            #expect(try await scene.delivery(results.deliveries[0]).installation == scene.undecided)
            let claim = try await scene.claim(at: 1)
            #expect(claim.delivery.text == "one" && claim.delivery.direction == .outbound && claim.contact == nil)
            #expect(claim.conversationAccount == "freshchat-of-viber-1")
            let facts = ConversationFacts(topic: "topic-2", user: "user-1", reference: Reference("viber:anna"))
            #expect(try await scene.settle(claim, facts, at: 2) == .one("viber-2"))
            await scene.expect(.leaseLost) { _ = try await scene.settle(claim, facts, at: 2) }
            #expect(try await scene.store.attempts(of: claim.delivery.id).isEmpty)
            var next: Claim? = try await scene.claim(at: 3)
            var made: [String] = []
            while let claim = next {
                made.append(claim.delivery.text)
                #expect(claim.delivery.installation == "viber-2" && claim.contact?.profile.userID == "anna")
                next = try await scene.complete(claim, at: 3)
            }
            #expect(made == ["one", "two", "three"])
            try scene.accept(scene.reply("four", in: "c-1", on: nil), at: 4)
            #expect(try await scene.claim(at: 4).delivery.installation == "viber-2")
        },
        Check("A reply on a widget that names no topic is discarded once Freshchat has said so, or knows it no more") {
            scene in
            _ = try await scene.acquaint()
            let ids = try scene.accept(
                scene.reply("widget", in: "c-1", user: "user of anna", on: nil),
                scene.reply("gone", in: "c-2", on: nil)
            ).deliveries
            let facts = ConversationFacts(topic: "widget", user: "user of anna", reference: Reference("viber:anna"))
            for claim in try await scene.claims() {
                let owner = try await scene.settle(claim, claim.delivery.text == "widget" ? facts : nil)
                #expect(owner == .none)
            }
            for id in ids {
                let delivery = try await scene.delivery(id)
                #expect(delivery.state == .discarded && delivery.reason == ReplyOwner.none.reason)
            }
            #expect(try await scene.claims().isEmpty)
            #expect(try await scene.store.alarms().isEmpty)
        },
        Check("A reply counts as accepted by its installation once that is known, or as discarded by the account") {
            scene in
            try await scene.add("viber-2", on: "topic-2")
            func counted(_ id: InstallationID) throws -> [Counter: Int64] {
                try scene.store.metrics().counters[Flow(id, .outbound)]?.filter { $0.value != 0 } ?? [:]
            }
            let ids = try ["c-1", "c-1", "c-2", "c-3"].enumerated().map { number, conversation in
                try scene.accept(scene.reply("\(number)", in: .init(conversation), on: nil)).deliveries[0]
            }
            #expect(try counted(scene.undecided) == [:])
            let facts = ConversationFacts(topic: "topic-2", user: "user-1", reference: Reference("viber:anna"))
            for claim in try await scene.claims() {
                switch claim.delivery.id {
                case ids[0]: #expect(try await scene.settle(claim, facts) == .one("viber-2"))
                case ids[2]: #expect(try await scene.settle(claim, nil) == .none)
                default: try await scene.store.release(claim, now: scene.start)
                }
            }
            #expect(try counted("viber-2") == [.accepted: 2])
            #expect(try counted(scene.undecided) == [.accepted: 1, .discarded: 1])
            try await scene.store.discard(ids[3], from: .command, now: scene.start)
            #expect(try counted(scene.undecided) == [.accepted: 2, .discarded: 2])
            try scene.accept(scene.reply("last", in: "c-4", on: nil))
            for id in ["viber-1", "viber-2"] as [InstallationID] {
                try await scene.store.remove(id, keepingHistory: true, now: scene.start)
            }
            #expect(try counted(scene.undecided) == [.accepted: 3, .discarded: 3])
            #expect(try counted("viber-2") == [.accepted: 2, .discarded: 2])
        },
        Check("A conversation that an agent begins with a customer of two bots on one topic is held, with an alarm") {
            scene in
            try await scene.add("viber-2")
            for id in ["viber-1", "viber-2"] as [InstallationID] {
                try await scene.acquaint("anna", with: id, in: .init("of \(id)"), as: "user-1")
            }
            let reply = scene.reply("begun", in: "c-9", user: "user-1", reference: "viber:anna")
            let result = try scene.accept(reply)
            let id = result.deliveries[0]
            #expect(result.fates == [.unresolved(id)])
            let several = ReplyOwner.several(["viber-1", "viber-2"])
            let facts = ConversationFacts(topic: scene.topic, user: "user-1", reference: Reference("viber:anna"))
            let note = NoteDraft(text: "Whose?", conversation: "c-9")
            #expect(try await scene.settle(scene.claim(at: 1), facts, note: note, at: 1) == several)
            let held = try await scene.delivery(id)
            #expect(held.state == .held && held.installation == scene.undecided && held.doubtSince == nil)
            #expect(held.reason == several.reason && held.finishedAt == scene.at(1))
            #expect(try await scene.isAlarmed())
            #expect(try scene.accept(reply).repeated == 1)
            let waiting = try scene.store.metrics().outbox[Flow(scene.undecided, .inbound)]
            #expect(waiting?.waitingNotes == 1 && waiting?.waitingMessages == 0)
            let noted = try await scene.claim(at: 1)
            #expect(noted.delivery.payload == .note(text: "Whose?", conversation: "c-9"))
            #expect(
                noted.delivery.installation == scene.undecided && noted.conversationAccount == "freshchat-of-viber-1")
            try await scene.complete(noted, as: .helpdesk("note-1"), at: 2)
            #expect(try scene.accept(scene.reply("Whose?", in: "c-9", on: nil, id: "note-1")).repeated == 1)
        },
        Check("A held reply is asked about again when a person retries it, and the alarm ends with the last one") {
            scene in
            try await scene.add("viber-2")
            for id in ["viber-1", "viber-2"] as [InstallationID] {
                try await scene.acquaint("anna", with: id, in: .init("of \(id)"), as: "user-1")
            }
            let facts = ConversationFacts(topic: scene.topic, user: "user-1", reference: Reference("viber:anna"))
            let ids = try ["c-8", "c-9"].map {
                try scene.accept(scene.reply("in \($0)", in: .init($0), user: "user-1", reference: "viber:anna"))
                    .deliveries[0]
            }
            for claim in try await scene.claims() { _ = try await scene.settle(claim, facts) }
            #expect(try await scene.store.counts(of: scene.undecided).held == 2)
            await scene.expect(.conflict) {
                try await scene.store.confirmArrival(ids[0], from: .command, now: scene.at(1))
            }
            let refusals = try await scene.store.refusals(of: .confirmedArrival, about: ids)
            #expect(refusals.values.map(\.kind) == [.conflict, .conflict])
            #expect(try await scene.store.refusals(of: .retry, about: ids).isEmpty)
            try await scene.store.redrive(ids[0], from: .command, now: scene.at(1))
            #expect(try await scene.isAlarmed())
            try await scene.store.discard(ids[1], from: .command, now: scene.at(1))
            #expect(try await !scene.isAlarmed())
            // Meanwhile the customer has written there.
            try await scene.store.remove("viber-1", keepingHistory: true, now: scene.at(2))
            let claim = try await scene.claim(at: 3)
            let routes = try scene.store.directory().routes(of: "freshchat-of-viber-1")
            #expect(
                try await scene.store.settleOwner(claim, found: facts, routes: routes, note: nil, now: scene.at(3))
                    == .one("viber-2"))
            #expect(try await scene.claim(at: 3).delivery.id == ids[0])
        },
        Check("On two topics an agent's new conversation with a customer of both leaves by the right one") { scene in
            try await scene.add("viber-2", on: "topic-2")
            for id in ["viber-1", "viber-2"] as [InstallationID] {
                try await scene.acquaint("anna", with: id, in: .init("of \(id)"), as: "user-1")
            }
            try scene.accept(scene.reply("begun", in: "c-9", user: "user-1", on: nil))
            let facts = ConversationFacts(topic: "topic-2", user: "user-1", reference: Reference("viber:anna"))
            #expect(try await scene.settle(scene.claim(), facts) == .one("viber-2"))
            #expect(try await scene.claim().contact?.installation == "viber-2")
        },
        Check("A stranger whom an agent writes to on a topic of two bots isn't one whom a channel has brought") {
            scene in
            try await scene.add("viber-2")
            let result = try scene.accept(scene.reply("hello", in: "c-1", user: "stranger"))
            #expect(result.fates == [.unresolved(result.deliveries[0])])
            let facts = ConversationFacts(topic: scene.topic, user: "stranger", reference: nil)
            #expect(try await scene.settle(scene.claim(), facts) == .none)
        },
        Check("A line of Freshchat's own without a topic is asked about only where an installation would forward it") {
            scene in
            var installation = try scene.present()
            let line = scene.reply("reopened", in: "c-1", on: nil, by: .system)
            installation.forwardsSystemLines = false
            try await scene.store.save(installation, now: scene.start)
            #expect(try scene.accept(line).fates == [.foreign])
            try await scene.add("viber-2", on: "topic-2")
            let id = try scene.accept(line).deliveries[0]
            let facts = ConversationFacts(topic: scene.topic, user: nil, reference: Reference("viber:anna"))
            #expect(try await scene.settle(scene.claim(), facts) == .none)
            #expect(try await scene.delivery(id).state == .discarded)
        },
        Check("What isn't decided waits while the account is paused or its gate is closed, and is listed under it") {
            scene in
            _ = try await scene.store.enlist(now: scene.start)
            let id = try scene.accept(scene.reply("one", in: "c-1", on: nil)).deliveries[0]
            let account = AccountID.helpdesk("freshchat-of-viber-1")
            func why(_ seconds: Double) async throws -> WaitReason? {
                try await scene.store.waitReasons(of: [id], now: scene.at(seconds))[id]
            }
            try await scene.store.closeGate(.account(account), until: scene.at(9))
            #expect(try await scene.claims(at: 8).isEmpty)
            #expect(try await why(8) == .gateClosed(.helpdesk, until: scene.at(9)))
            try await scene.refuse(.helpdesk, at: 9)
            #expect(try await scene.claims(at: 9).isEmpty)
            #expect(try await why(9) == .accountPaused(.helpdesk, reason: "401", since: scene.at(9)))
            try await scene.store.resume(account, now: scene.at(10))
            #expect(try await why(10) == .due)
            #expect(try await scene.store.deliveries(DeliveryFilter(installation: scene.undecided)).map(\.id) == [id])
            #expect(try await scene.store.messages(MessageQuery()).messages.map(\.delivery.id) == [id])
            #expect(try scene.store.metrics().outbox[Flow(scene.undecided, .outbound)]?.waiting == 1)
            // The channel's account has nothing to do with it yet.
            try await scene.refuse(.channel, at: 10)
            #expect(try await scene.claim(at: 10).delivery.id == id)
        },
        Check("A reply that is known to be an installation's isn't settled again") { scene in
            try scene.accept(scene.reply("one"))
            let claim = try await scene.claim()
            await scene.expect(.conflict) { _ = try await scene.settle(claim, nil) }
        },
    ]
}
