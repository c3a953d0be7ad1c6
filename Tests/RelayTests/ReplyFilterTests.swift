import Relay
import RelayCore
import Testing

@Suite("What of Freshchat reaches a customer")
struct ReplyFilterTests {
    private func verdict(
        _ actor: HelpdeskMessage.Actor, isPrivate: Bool = false, kind: String? = nil, text: String = "hi"
    ) -> ReplyFilter.Verdict {
        ReplyFilter.verdict(
            on: HelpdeskMessage(
                id: "m", conversation: "c", user: "u", actor: actor, actorID: "a", isPrivate: isPrivate,
                unknownKind: kind, message: Message(text: text)))
    }

    @Test("An agent's and a bot's words do")
    func forwarded() {
        #expect(verdict(.agent) == .send)
        #expect(verdict(.bot) == .send)
    }

    @Test("Private notes never do, whoever wrote them", arguments: [HelpdeskMessage.Actor.agent, .bot, .system, .user])
    func notes(actor: HelpdeskMessage.Actor) {
        #expect(isKept(verdict(actor, isPrivate: true)))
    }

    @Test("The customer's own words don't come back to him")
    func echo() {
        #expect(isKept(verdict(.user)))
    }

    @Test("Freshchat's own lines are left to the store, which knows whether their installation forwards them")
    func systemLines() {
        #expect(verdict(.system) == .send)
    }

    @Test("A message without anything to read doesn't", arguments: ["", "  \n"])
    func blank(text: String) {
        #expect(isKept(verdict(.agent, text: text)))
    }

    @Test("A message of a kind that nobody knows is withheld, and a note or an echo of that kind is what it is")
    func unknownKind() {
        #expect(verdict(.agent, kind: "internal") == .withhold(kind: "internal"))
        #expect(verdict(.bot, kind: "internal", text: "") == .withhold(kind: "internal"))
        #expect(isKept(verdict(.system, kind: "internal")))
        #expect(isKept(verdict(.agent, isPrivate: true, kind: "internal")))
        #expect(isKept(verdict(.user, kind: "internal")))
    }

    private func isKept(_ verdict: ReplyFilter.Verdict) -> Bool {
        if case .keep = verdict { true } else { false }
    }
}
