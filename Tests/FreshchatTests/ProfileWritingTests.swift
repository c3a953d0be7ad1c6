import Foundation
import Freshchat
import HTTPTypes
import RelayCore
import Testing

@Suite("Writing a customer's profile")
struct ProfileWritingTests {
    private let fake = FakeFreshchat()

    /// A user as Freshchat has it.
    private func add(_ fields: [String: JSON]) {
        fake.set { state in
            state.users.append(
                FakeFreshchat.User(id: "U1", reference: "viber:A=", createdAt: noon, body: fields))
        }
    }

    private func property(_ name: String, _ value: JSON) -> JSON {
        .object(["name": .text(name), "value": value])
    }

    private func profile(
        _ name: String? = nil, avatar: String? = nil, phone: String? = nil, language: String? = nil,
        country: String? = nil
    ) -> ContactProfile {
        ContactProfile(
            userID: "A=", name: name, avatarURL: avatar, language: language, country: country, phoneNumber: phone)
    }

    private func update(
        _ profile: ContactProfile, since written: ContactProfile?
    ) async throws -> ProfileOutcome {
        try await FreshchatHelpdesk(now: fake.now).update(
            ProfileUpdate(
                installation: "viber-1", contact: ContactID(rawValue: 1), user: "U1", profile: profile,
                written: written, takenUntil: noon),
            channelName: "Viber", account: makeAccount(), over: fake)
    }

    private var user: [String: JSON] { fake.set { $0.users[0].body } }
    private var puts: Int { fake.calls.count { $0 == "PUT /users/U1" } }

    @Test("The keeper is told what a user was created with, and of a user who was there nothing")
    func created() async throws {
        let memory = Memory()
        let helpdesk = FreshchatHelpdesk(now: fake.now)
        let whole = profile("Olha", avatar: "https://example.com/o.jpg", phone: "+43", language: "uk")
        _ = try await helpdesk.post(
            memory.piece("hello", profile: whole), account: makeAccount(), over: fake, keeper: memory)
        _ = try await helpdesk.post(
            memory.piece("hello", profile: whole), account: makeAccount(), over: fake, keeper: memory)
        fake.break_("POST /users", .refuse(.error(400, "INVALID_VALUE", "phone")))
        let other = ContactProfile(userID: "B=", name: "Petro", phoneNumber: "no number")
        _ = try await helpdesk.post(
            memory.piece("hello", profile: other), account: makeAccount(), over: fake, keeper: memory)
        #expect(memory.written == [whole, nil, ContactProfile(userID: "B=", name: "Petro")])
    }

    @Test("A name that became known replaces the one for customers without a name: one call to read, one to write")
    func laterName() async throws {
        add(["first_name": .text("Viber customer")])
        #expect(try await update(profile(" Olha Sample "), since: profile()) == .written(without: []))
        #expect(fake.calls == ["GET /users/U1", "PUT /users/U1"])
        #expect(fake.body(of: "PUT /users/*") == .object(["first_name": .text("Olha Sample")]))
    }

    @Test("A name that became known replaces none that an agent entered meanwhile")
    func agentsName() async throws {
        add(["first_name": .text("Mrs. Sample")])
        #expect(try await update(profile("Olha"), since: profile()) == .unchanged)
        #expect(user["first_name"] == .text("Mrs. Sample"))
        #expect(try await update(profile("Olha S."), since: profile("Olha")) == .written(without: []))
        #expect(user["first_name"] == .text("Olha S."))
    }

    @Test("Name, phone number and picture are written as they changed, language and country among the properties")
    func everything() async throws {
        add([
            "first_name": .text("Viber customer"), "last_name": .text("VIP"), "email": .text("a@example.com"),
            "properties": .list([
                property("channel", .text("Viber")), property("plan", .text("gold")), property("language", .text("de")),
            ]),
        ])
        let new = profile(
            "Olha", avatar: "https://example.com/o.jpg", phone: "+4366012345", language: "uk", country: "AT")
        #expect(try await update(new, since: profile(language: "de")) == .written(without: []))
        #expect(user["first_name"] == .text("Olha") && user["phone"] == .text("+4366012345"))
        #expect(user["last_name"] == .text("VIP") && user["email"] == .text("a@example.com"))
        #expect(user["avatar"] == .object(["url": .text("https://example.com/o.jpg")]))
        #expect(
            user["properties"]
                == .list([
                    property("channel", .text("Viber")), property("plan", .text("gold")),
                    property("language", .text("uk")), property("country", .text("AT")),
                ]))
    }

    @Test("What an agent wrote stays as long as the channel doesn't change it, and what is there already isn't written")
    func agentsEdits() async throws {
        add([
            "first_name": .text("Mrs."), "last_name": .text("Sample"), "phone": .text("+43 1"),
            "properties": .list([property("language", .text("fr")), property("country", .text("AT"))]),
        ])
        let old = profile("Olha", phone: "+4366012345", language: "uk", country: "DE")
        var new = old
        new.country = "AT"
        #expect(try await update(new, since: old) == .unchanged)
        #expect(fake.calls == ["GET /users/U1"])
        new.name = "Mrs. Sample"
        #expect(try await update(new, since: old) == .unchanged)
        new.name = "Olga"
        #expect(try await update(new, since: old) == .written(without: []))
        #expect(fake.body(of: "PUT /users/*") == .object(["first_name": .text("Olga")]))
    }

    @Test("Without knowing what was written last, only what is missing is filled in")
    func unknownHistory() async throws {
        add([
            "first_name": .text("Viber customer"), "phone": .text("+43 1"), "avatar": .object([:]),
            "properties": .list([property("country", .text("AT")), property("note", .null)]),
        ])
        let new = profile(
            "Olha", avatar: "https://example.com/o.jpg", phone: "+4366012345", language: "uk", country: "DE")
        #expect(try await update(new, since: nil) == .written(without: []))
        #expect(user["first_name"] == .text("Olha") && user["phone"] == .text("+43 1"))
        #expect(user["avatar"] == .object(["url": .text("https://example.com/o.jpg")]))
        #expect(
            user["properties"]
                == .list([
                    property("country", .text("AT")), property("language", .text("uk")),
                    property("channel", .text("Viber")),
                ]))
        fake.set { $0.users[0].body["first_name"] = .text("Mrs. Sample") }
        #expect(try await update(new, since: nil) == .unchanged)
    }

    @Test(
        "A name, number or code in which there is nothing to be seen, and a picture without a link, are none",
        arguments: ["", " \t"])
    func blanks(blank: String) async throws {
        add(["first_name": .text("Viber customer")])
        let new = profile(blank, avatar: "file.jpg", phone: blank, language: blank, country: blank)
        #expect(try await update(new, since: profile()) == .unchanged)
        #expect(puts == 0)
    }

    @Test("Where the call doesn't take a picture, everything else is written without it")
    func refusedPicture() async throws {
        add(["first_name": .text("Viber customer")])
        fake.set { $0.refusedUserFields = ["avatar"] }
        let new = profile("Olha", avatar: "https://example.com/o.jpg", language: "uk")
        #expect(try await update(new, since: profile()) == .written(without: ["picture"]))
        #expect(puts == 2)
        #expect(user["first_name"] == .text("Olha") && user["properties"] != nil && user["avatar"] == nil)
    }

    @Test(
        "One value that is refused keeps no other from being written",
        arguments: [("phone", "phone number"), ("first_name", "name"), ("properties", "properties")])
    func refusedValue(field: String, name: String) async throws {
        add(["first_name": .text("Viber customer")])
        fake.set { $0.refusedUserFields = [field] }
        let new = profile("Olha", avatar: "https://example.com/o.jpg", phone: "+4366012345", language: "uk")
        #expect(try await update(new, since: profile()) == .written(without: [name]))
        let expected = Set(["first_name", "phone", "avatar", "properties"]).subtracting([field])
        #expect(Set(user.keys).union(["first_name"]) == expected.union(["first_name"]))
        #expect((user["first_name"] == .text("Olha")) == (field != "first_name"))
    }

    @Test("When nothing is taken, or the token has no right to write users, that is the end of it")
    func refusedAltogether() async throws {
        add(["first_name": .text("Viber customer")])
        fake.set { $0.refusedUserFields = ["first_name", "phone"] }
        var refusal = await #expect(throws: DeliveryFailure.self) {
            _ = try await update(profile("Olha", phone: "+43"), since: profile())
        }
        #expect(refusal?.remedy == .giveUp)
        for status in [402, 403] {
            fake.break_("PUT /users/*", .refuse(.error(status, "FORBIDDEN", "no")))
            refusal = await #expect(throws: DeliveryFailure.self) {
                _ = try await update(profile("Olha"), since: profile())
            }
            #expect(refusal?.remedy == .giveUp, "it doesn't pause messages")
        }
    }

    @Test("A user who is gone is told as gone, before and during the update")
    func goneUser() async throws {
        #expect(try await update(profile("Olha"), since: profile()) == .gone)
        add(["first_name": .text("Viber customer")])
        fake.break_("PUT /users/*", .refuse(.error(404, "USER_NOT_FOUND", "not found")))
        #expect(try await update(profile("Olha"), since: profile()) == .gone)
    }

    @Test("A refused token, a limit and trouble of Freshchat's own are what they are for every call")
    func sharedFailures() async throws {
        add(["first_name": .text("Viber customer")])
        for call in ["GET /users/*", "PUT /users/*"] {
            fake.break_(call, .refuse(.error(401, "UNAUTHORIZED", "bad token")))
            var failure = await #expect(throws: DeliveryFailure.self) {
                _ = try await update(profile("Olha"), since: profile())
            }
            #expect(failure?.remedy == .pause)
            fake.break_(call, .refuse(.error(503, "UNAVAILABLE", "later")))
            failure = await #expect(throws: DeliveryFailure.self) {
                _ = try await update(profile("Olha"), since: profile())
            }
            #expect(failure?.remedy == .retry(after: nil))
            fake.break_(call, .loseAfter)
            failure = await #expect(throws: DeliveryFailure.self) {
                _ = try await update(profile("Olha"), since: profile())
            }
            #expect(failure?.remedy == .retry(after: nil))
        }
        // The lost answer's update was made: reading shows it.
        #expect(try await update(profile("Olha"), since: profile()) == .unchanged)
    }

    @Test("An answer that is empty or the user means that it was done; any other is found out by the next update")
    func answers() async throws {
        add(["first_name": .text("Viber customer")])
        for (answer, isDone) in [
            ("", true), ("\"\"", true), (#"{"id":"U1"}"#, true), ("<html>welcome</html>", false),
            (#"{"code":500,"message":"no"}"#, false), ("[]", false),
        ] {
            fake.set {
                $0.users[0].body["first_name"] = .text("Viber customer")
                $0.userUpdateAnswer = Array(answer.utf8)
            }
            let outcome = try? await update(profile("Olha"), since: profile())
            #expect(outcome == (isDone ? .written(without: []) : nil), "\(answer)")
        }
    }

    @Test(
        "Properties that can't be given back as they are stay untouched, and everything else is written",
        arguments: [#"[{"name":"a","value":{"b":1}}]"#, #"{"plan":"gold"}"#, #"[{"value":"x"}]"#, #"["plan"]"#])
    func oddProperties(properties: String) async throws {
        let odd = try JSONDecoder().decode(JSON.self, from: Data(properties.utf8))
        add(["first_name": .text("Viber customer"), "properties": odd])
        let new = profile("Olha", language: "uk")
        #expect(try await update(new, since: profile()) == .written(without: ["properties"]))
        #expect(user["first_name"] == .text("Olha") && user["properties"] == odd)
        let failure = await #expect(throws: DeliveryFailure.self) {
            _ = try await update(profile("Olha", language: "de"), since: new)
        }
        #expect(failure?.remedy == .giveUp)
    }

    @Test("Values of properties that are numbers or flags are kept in their words")
    func plainProperties() async throws {
        add([
            "first_name": .text("Olha"),
            "properties": .list([property("age", .number(42)), property("vip", .flag(true))]),
        ])
        #expect(try await update(profile("Olha", language: "uk"), since: profile("Olha")) == .written(without: []))
        #expect(
            user["properties"]
                == .list([
                    property("age", .text("42")), property("vip", .text("true")), property("language", .text("uk")),
                    property("channel", .text("Viber")),
                ]))
    }
}
