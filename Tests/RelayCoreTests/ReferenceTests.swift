import RelayCore
import Testing

@Suite("References to customers")
struct ReferenceTests {
    @Test(
        "A reference is read as it was made, whatever the id is", arguments: ["anna", "a/b+c=:d", ":", "\u{301}e", "🙂"])
    func roundTrip(id: String) throws {
        let made = Reference("viber", ChannelUserID(id))
        #expect(made.text == "viber:" + id)
        #expect(try #require(Reference(made.text, of: "viber")).user == made.user)
    }

    @Test(
        "Another channel's reference, one without an id, and other texts are none",
        arguments: ["telegram:anna", "viber:", "viber", "anna", "", ":anna", "Viber:anna", " viber:anna"])
    func others(text: String) {
        #expect(Reference(text, of: "viber") == nil)
    }
}
