import Relay
import RelayCore
import Testing

@Suite("What of Freshchat reaches a customer")
struct ReplyFilterTests {
    private func reason(
        _ actor: HelpdeskMessage.Actor, isPrivate: Bool = false, forwarding: Bool = false, text: String = "hi"
    ) -> String? {
        ReplyFilter.reasonToKeep(
            HelpdeskMessage(
                id: "m", conversation: "c", user: "u", actor: actor, actorID: "a", isPrivate: isPrivate,
                message: Message(text: text)),
            account: HelpdeskAccount(
                baseURL: "", token: Secret(""), topic: "t", forwardsSystemLines: forwarding))
    }

    @Test("An agent's and a bot's words do")
    func forwarded() {
        #expect(reason(.agent) == nil)
        #expect(reason(.bot) == nil)
    }

    @Test("Private notes never do, whoever wrote them", arguments: [HelpdeskMessage.Actor.agent, .bot, .system, .user])
    func notes(actor: HelpdeskMessage.Actor) {
        #expect(reason(actor, isPrivate: true, forwarding: true) != nil)
    }

    @Test("The customer's own words don't come back to him")
    func echo() {
        #expect(reason(.user) != nil)
    }

    @Test("Freshchat's own lines do only when the installation says so")
    func systemLines() {
        #expect(reason(.system) != nil)
        #expect(reason(.system, forwarding: true) == nil)
    }

    @Test("A message without anything to read doesn't", arguments: ["", "  \n"])
    func blank(text: String) {
        #expect(reason(.agent, text: text) != nil)
    }
}
