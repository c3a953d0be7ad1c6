import FoundationEssentials
import RelayCore
import Testing

extension StoreScene {
    /// A customer's message that comes and is delivered.
    @discardableResult
    func write(_ text: String, from user: ChannelUserID = "anna", name: String? = nil, at seconds: Double) async throws
        -> ContactID
    {
        try accept(message(text, from: user, name: name), at: seconds)
        let claim = try await claim(at: seconds)
        try await complete(claim, at: seconds)
        return try #require(claim.contact?.id)
    }

    /// A contact whose user was created with the first message.
    ///
    /// - Parameter isNew: otherwise the user was there before.
    @discardableResult
    func meet(_ user: ChannelUserID = "anna", name: String? = nil, isNew: Bool = true) async throws -> ContactID {
        try accept(message("hello of \(user)", from: user, name: name))
        let claim = try await claim()
        let contact = try #require(claim.contact)
        try await store.remember(
            user: HelpdeskUserID("user of \(user)"), written: isNew ? contact.profile : nil, for: claim, now: start)
        try await complete(claim)
        return contact.id
    }

    func profiles(at seconds: Double) async throws -> [ProfileUpdate] {
        try await store.takeProfiles(now: at(seconds))
    }

    /// The one update that there is to be made.
    func profile(at seconds: Double) async throws -> ProfileUpdate {
        let taken = try await profiles(at: seconds)
        try #require(taken.count == 1)
        return taken[0]
    }

    func settle(
        _ update: ProfileUpdate, _ result: ProfileResult = .written, rest: Duration = .zero, at seconds: Double
    ) async throws {
        try await store.record(result, of: update, rest: rest, now: at(seconds))
    }

    func nextProfile(at seconds: Double) async throws -> Double? {
        try await store.nextProfile(now: at(seconds)).map { $0.timeIntervalSince(start) }
    }
}

extension StoreConformance {
    static let profileChecks: [Check] = dueProfileChecks + heldProfileChecks

    private static let dueProfileChecks: [Check] = [
        Check("A profile that the user was created with isn't written again, however many messages follow") { scene in
            try await scene.meet(name: "Anna")
            for number in 1...20 { try await scene.write("message \(number)", name: "Anna", at: Double(number)) }
            #expect(try await scene.nextProfile(at: 30) == nil)
            #expect(try await scene.profiles(at: 30).isEmpty)
        },
        Check("A name that becomes known is due at once, with what was last written") { scene in
            let anna = try await scene.meet()
            try await scene.write("now with a name", name: "Anna", at: 10)
            #expect(try await scene.nextProfile(at: 10) == 10)
            let update = try await scene.profile(at: 10)
            #expect(update.contact == anna && update.user == "user of anna" && update.installation == "viber-1")
            #expect(update.profile.name == "Anna" && update.written == ContactProfile(userID: "anna"))
            try await scene.settle(update, at: 11)
            #expect(try await scene.nextProfile(at: 11) == nil)
            #expect(try scene.counters(.inbound)[.profiles] == 1)
        },
        Check("A name that became known while the user was created is due, too") { scene in
            try scene.accept(scene.message("one"))
            let claim = try await scene.claim()
            try scene.accept(scene.message("two", name: "Anna"), at: 1)
            try await scene.store.remember(
                user: "user-1", written: claim.contact?.profile, for: claim, now: scene.at(2))
            let next = try #require(try await scene.complete(claim, at: 2))
            try await scene.complete(next, at: 3)
            #expect(try await scene.profile(at: 3).profile.name == "Anna")
        },
        Check("After an update a contact rests for a day, and what changes meanwhile is written together then") {
            scene in
            try await scene.meet(name: "Anna")
            try await scene.write("a", name: "Anne", at: 100)
            try await scene.settle(scene.profile(at: 100), at: 101)
            try await scene.write("b", name: "Annie", at: 200)
            try await scene.write("c", name: "Ann", at: 300)
            let end = 101 + 24.0 * 60 * 60
            #expect(try await scene.nextProfile(at: 300) == end)
            #expect(try await scene.profiles(at: end - 1).isEmpty)
            let update = try await scene.profile(at: end)
            #expect(update.profile.name == "Ann" && update.written?.name == "Anne")
        },
        Check("What changes during an update is written a day later") { scene in
            try await scene.meet()
            try await scene.write("a", name: "Anna", at: 100)
            let update = try await scene.profile(at: 100)
            try await scene.write("b", name: "Anne", at: 101)
            try await scene.settle(update, at: 102)
            #expect(try await scene.nextProfile(at: 102) == 102 + 24 * 60 * 60)
        },
        Check("A name that is changed back before it was written needs no update") { scene in
            try await scene.meet(name: "Anna")
            try await scene.write("a", name: "Anne", at: 100)
            try await scene.write("b", name: "Anna", at: 101)
            #expect(try await scene.profiles(at: 102).isEmpty)
            #expect(try await scene.nextProfile(at: 102) == nil)
        },
        Check("A value that is missing or blank erases none, and isn't a change") { scene in
            let anna = try await scene.meet(name: "Anna")
            for (number, name) in [nil, "", " \n"].enumerated() {
                try await scene.write("\(number)", name: name, at: 10)
            }
            #expect(try await scene.nextProfile(at: 10) == nil)
            try scene.accept(scene.message("last"), at: 10)
            let claim = try await scene.claim(at: 10)
            #expect(claim.contact?.id == anna && claim.contact?.profile.name == "Anna")
        },
        Check("Of a user who was there before it is found out once what is missing") { scene in
            try await scene.meet(name: "Anna", isNew: false)
            #expect(try await scene.nextProfile(at: 0) == 0)
            let update = try await scene.profile(at: 1)
            #expect(update.written == nil && update.profile.name == "Anna")
            try await scene.settle(update, .unchanged, at: 2)
            try await scene.write("again", name: "Anna", at: 3)
            #expect(try await scene.nextProfile(at: 3) == nil)
            // To look was no update: a change needn't wait for a day.
            try await scene.write("renamed", name: "Anne", at: 10)
            #expect(try await scene.profile(at: 10).written?.name == "Anna")
        },
        Check("A contact whose user became known by a reply is looked at when the customer writes") { scene in
            try scene.accept(scene.reply("answer", user: "user-1", reference: "viber:anna"))
            try await scene.complete(scene.claim())
            #expect(try await scene.nextProfile(at: 1) == nil)
            try await scene.write("hello", name: "Anna", at: 10)
            #expect(try await scene.profile(at: 10).written == nil)
        },
        Check("What was written to a former user doesn't count for the next one") { scene in
            try await scene.meet(name: "Anna")
            try scene.accept(scene.message("moved"), at: 5)
            let claim = try await scene.claim(at: 5)
            try await scene.store.remember(user: "user-2", written: nil, for: claim, now: scene.at(5))
            try await scene.complete(claim, at: 5)
            let update = try await scene.profile(at: 6)
            #expect(update.user == "user-2" && update.written == nil)
        },
        Check("A refused profile isn't tried again until it changes, and not within a day") { scene in
            try await scene.meet(name: "Anna")
            try await scene.write("a", name: "Anne", at: 100)
            try await scene.settle(scene.profile(at: 100), .refused, at: 101)
            #expect(try await scene.nextProfile(at: 101) == nil)
            try await scene.write("b", name: "Ann", at: 200)
            #expect(try await scene.nextProfile(at: 200) == 101 + 24 * 60 * 60)
        },
        Check("Without a user there is no update, and none of a contact whose installation is removed") { scene in
            try await scene.write("a", name: "Anna", at: 0)
            try await scene.write("b", name: "Anne", at: 1)
            #expect(try await scene.nextProfile(at: 2) == nil)
            try await scene.meet("bert")
            try await scene.write("c", from: "bert", name: "Bert", at: 3)
            try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.at(4))
            #expect(try await scene.nextProfile(at: 5) == nil)
            #expect(try await scene.profiles(at: 5).isEmpty)
        },
    ]

    private static let heldProfileChecks: [Check] = [
        Check("An update that was taken is nobody else's, and due again when nothing is recorded of it") { scene in
            try await scene.meet()
            try await scene.write("a", name: "Anna", at: 100)
            let lost = try await scene.profile(at: 100)
            #expect(try await scene.profiles(at: 103).isEmpty)
            #expect(try await scene.nextProfile(at: 103) == 400)
            let update = try await scene.profile(at: 400)
            // The first worker wakes up: what it says doesn't count any more.
            try await scene.settle(lost, .refused, at: 401)
            #expect(try await scene.nextProfile(at: 401) == 700)
            try await scene.settle(update, at: 402)
            #expect(try await scene.nextProfile(at: 402) == nil)
        },
        Check("An update comes after the contact's messages, and after everybody's that wait") { scene in
            try await scene.meet("anna")
            try await scene.meet("bert")
            try scene.accept(scene.message("a", name: "Anna"), at: 10)
            #expect(try await scene.profiles(at: 11).isEmpty)
            let claim = try await scene.claim(at: 12)
            #expect(try await scene.profiles(at: 13).isEmpty)
            #expect(try await scene.nextProfile(at: 13) == nil)
            try scene.accept(scene.message("b", from: "bert"), at: 14)
            try await scene.complete(claim, at: 15)
            #expect(try await scene.profiles(at: 16).isEmpty)
            let other = try await scene.claim(at: 17)
            // Bert's message is on its way; it holds up no update but Bert's.
            #expect(try await scene.profile(at: 18).profile.name == "Anna")
            try await scene.complete(other, at: 19)
        },
        Check("One conversation that is stuck holds up no update but its own") { scene in
            try await scene.meet("anna")
            try await scene.meet("bert")
            try scene.accept(scene.message("a", name: "Anna"), at: 10)
            try await scene.retry(scene.claim(at: 10), after: scene.refusal, until: 1000, at: 10)
            try await scene.write("b", from: "bert", name: "Bert", at: 20)
            #expect(try await scene.profile(at: 20).profile.name == "Bert")
            #expect(try await scene.profiles(at: 30).isEmpty)
        },
        Check("No update is taken through a closed gate, for a paused installation, or while the breaker is open") {
            scene in
            try await scene.meet()
            try await scene.write("a", name: "Anna", at: 10)
            try await scene.store.closeGate(scene.scope(.helpdesk), until: scene.at(90))
            #expect(try await scene.profiles(at: 89).isEmpty)
            #expect(try await scene.nextProfile(at: 20) == 90)
            try await scene.store.pause(scene.installation, by: .credential, reason: "credential", now: scene.at(89))
            #expect(try await scene.profiles(at: 95).isEmpty)
            #expect(try await scene.nextProfile(at: 95) == nil)
            try await scene.store.resume(scene.installation, now: scene.at(96))
            for number in 0..<10 {
                try scene.accept(scene.message("of \(number)", from: ChannelUserID("user \(number)")), at: 97)
            }
            for claim in try await scene.claims(at: 97) {
                try await scene.retry(claim, after: scene.refusal, until: 100_000, at: 98)
            }
            try #require(try await !scene.store.openBreakers().isEmpty)
            #expect(try await scene.profiles(at: 99_000).isEmpty)
            #expect(try await scene.nextProfile(at: 99_000) == nil)
        },
        Check("The updates of an installation keep their pace, and those of another have their own") { scene in
            try await scene.store.save(scene.sample("viber-2"), now: scene.start)
            for user in ["anna", "bert"] as [ChannelUserID] {
                try await scene.meet(user, name: "x", isNew: false)
            }
            try scene.accept(
                scene.reply("of two", in: "conversation-x", user: "user-9", reference: "viber:dora"), to: "viber-2")
            try scene.accept(scene.message("hello", from: "dora", key: "dora"), to: "viber-2")
            for claim in try await scene.claims() { try await scene.complete(claim) }
            #expect(Set(try await scene.profiles(at: 1).map(\.installation)) == ["viber-1", "viber-2"])
            #expect(try await scene.profiles(at: 2.9).isEmpty)
            #expect(try await scene.nextProfile(at: 2.9) == 3)
            let second = try await scene.profile(at: 3)
            #expect(second.installation == "viber-1")
            try await scene.settle(second, .failed(after: nil), rest: .seconds(500), at: 4)
            #expect(try await scene.profiles(at: 503).allSatisfy { $0.installation == "viber-2" })
            #expect(try await scene.profiles(at: 504).contains { $0.installation == "viber-1" })
        },
        Check("A failed update waits longer each time; one that was put off comes when it is said") { scene in
            try await scene.meet()
            try await scene.write("a", name: "Anna", at: 100)
            var now = 100.0
            for wait in [60.0, 120, 240] {
                try await scene.settle(scene.profile(at: now), .failed(after: nil), at: now)
                #expect(try await scene.nextProfile(at: now) == now + wait)
                now += wait
            }
            try await scene.settle(scene.profile(at: now), .failed(after: .seconds(5000)), at: now)
            #expect(try await scene.nextProfile(at: now) == now + 5000)
            now += 5000
            try await scene.settle(scene.profile(at: now), .postponed(until: scene.at(now + 7)), at: now)
            #expect(try await scene.nextProfile(at: now) == now + 7)
            try await scene.settle(scene.profile(at: now + 7), at: now + 8)
            try await scene.write("b", name: "Anne", at: now + 9)
            let next = now + 8 + 24 * 60 * 60
            try await scene.settle(scene.profile(at: next), .failed(after: nil), at: next)
            #expect(try await scene.nextProfile(at: next) == next + 60)
        },
        Check("An update that is due is moved along with a clock that is set") { scene in
            try await scene.meet()
            _ = try await scene.store.noticeClock(now: scene.start)
            try await scene.write("a", name: "Anna", at: 0)
            try await scene.settle(scene.profile(at: 0), .postponed(until: scene.at(500)), at: 0)
            _ = try await scene.store.noticeClock(now: scene.at(-3600))
            #expect(try await scene.nextProfile(at: -3600) == -3100)
        },
    ]
}
