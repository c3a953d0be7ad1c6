import FoundationEssentials
import RelayCore
import Testing

@Suite("References")
struct ReferenceTests {
    @Test(
        "A reference is made of the kind and the user, or of the address too, and read back",
        arguments: [
            ("viber", "", "anna", .user, "viber:anna"),
            ("viber", "", "a:b/c+d=", .user, "viber:a:b/c+d="),
            ("chat", "+30 210", "+44", .addressAndUser, "chat:+30 210:+44"),
            ("chat", "one", "a:b", .addressAndUser, "chat:one:a:b"),
            ("chat", "", "anna", .addressAndUser, "chat::anna"),
            ("viber", "", "\u{301}anna", .user, "viber:\u{301}anna"),
        ] as [(ChannelKind, Address, ChannelUserID, Reference.Form, String)])
    func makes(kind: ChannelKind, address: Address, user: ChannelUserID, form: Reference.Form, text: String) {
        let reference = Reference(kind, address, user, form: form)
        #expect(reference.text == text && reference.description == text)
        #expect(reference.user(kind, address, form: form) == user)
        #expect(Reference(text) == reference)
    }

    @Test(
        "A reference of another kind, of another address, or of nobody is none of ours",
        arguments: [
            ("viber", "", .user, "chat:anna"), ("viber", "", .user, "vib:anna"), ("viber", "", .user, "viber2:anna"),
            ("viber", "", .user, "viber:"), ("viber", "", .user, "viber"), ("viber", "", .user, ""),
            ("viber", "", .user, "Viber:anna"), ("viber", "", .user, "anna"),
            ("chat", "one", .addressAndUser, "chat:two:anna"), ("chat", "one", .addressAndUser, "chat:one1:anna"),
            ("chat", "one", .addressAndUser, "chat:one:"), ("chat", "one", .addressAndUser, "chat:anna"),
            ("chat", "one", .addressAndUser, "chat:on"),
        ] as [(ChannelKind, Address, Reference.Form, String)])
    func refuses(kind: ChannelKind, address: Address, form: Reference.Form, text: String) {
        #expect(Reference(text).user(kind, address, form: form) == nil)
    }

    @Test("Of two addresses, one of which begins with the other, each reads only its own")
    func prefixes() {
        let short = Reference("chat", "1", "anna", form: .addressAndUser)
        let long = Reference("chat", "12", "anna", form: .addressAndUser)
        #expect(short.user("chat", "12", form: .addressAndUser) == nil)
        #expect(long.user("chat", "1", form: .addressAndUser) == nil)
    }

    @Test("A route and its installation make and read the same references")
    func routes() {
        let installation = Installation(
            id: "a", channel: ChannelAccount(kind: "chat"), address: "one", referenceForm: .addressAndUser,
            helpdesk: HelpdeskAccount(baseURL: "", token: Secret("")), topic: "t", name: "", createdAt: .distantPast)
        #expect(installation.reference(of: "anna") == installation.route.reference(of: "anna"))
        #expect(installation.route.user(of: Reference("chat:one:anna")) == "anna")
        #expect(installation.route.user(of: Reference("chat:two:anna")) == nil)
    }
}
