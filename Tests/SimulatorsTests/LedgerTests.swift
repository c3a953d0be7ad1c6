import Simulators
import Testing

@Suite("The playground's tally")
struct LedgerTests {
    private let log = EventLog()

    init() {
        log.record(.freshchat, .action, "user.created", subject: "user", reference: "viber:Ana")
        log.record(.freshchat, .action, "conversation.created", subject: "talk", reference: "user")
    }

    private var books: Ledger {
        var ledger = Ledger()
        ledger.read(log)
        return ledger
    }

    private func writes(_ id: String, _ text: String) {
        log.record(.viber, .action, "customer.writes", subject: "Ana", reference: id, text: text)
    }

    private func arrives(_ text: String, in conversation: String = "talk") {
        log.record(.freshchat, .message, "user.normal", subject: conversation, reference: "m", text: text)
    }

    @Test("What was sent and isn't there is under way")
    func underWay() {
        writes("1", "one")
        writes("2", "two")
        arrives("one")
        #expect(books.tally(.inbound).underWay == 1)
        #expect(books.mark("1") == .seen)
        #expect(books.mark("2") == .sent)
        #expect(books.mark("3") == nil)
    }

    @Test("The same text written twice and arrived twice is not doubled; arrived three times, it is")
    func same() {
        writes("1", "yes")
        writes("2", "yes")
        arrives("yes")
        arrives("yes")
        #expect(books.tally(.inbound).doubled == 0)
        arrives("yes")
        #expect(books.tally(.inbound).doubled == 1)
        #expect(books.tally(.inbound).arrived == 2)
    }

    @Test("A double is none of those that wait")
    func doubleWhileOthersWait() {
        writes("1", "one")
        writes("2", "two")
        arrives("one")
        arrives("one")
        #expect(books.tally(.inbound).doubled == 1)
        #expect(books.tally(.inbound).underWay == 1)
    }

    @Test("What arrives from somebody who has written nothing on the phone is nothing doubled")
    func fromElsewhere() {
        arrives("a test of the settings pages")
        #expect(books.tally(.inbound) == Ledger.Tally())
    }

    @Test("A picture arrives as a link, and a second time it is doubled")
    func otherForm() {
        writes("1", "Photo 1")
        arrives("Photo 1\nhttp://127.0.0.1/p")
        #expect(books.tally(.inbound).underWay == 0)
        arrives("Photo 1\nhttp://127.0.0.1/p")
        #expect(books.tally(.inbound).doubled == 1)
    }

    @Test("A repeated webhook is counted and is no message; one that was refused before isn't repeated")
    func repeats() {
        writes("1", "one")
        log.record(.viber, .webhook, "message", subject: "Ana", reference: "1", status: 503)
        log.record(.viber, .webhook, "message", subject: "Ana", reference: "1", status: 200)
        #expect(books.tally(.inbound).repeats == 0)
        #expect(books.mark("1") == .delivered)
        log.record(.viber, .webhook, "message", subject: "Ana", reference: "1", status: 200)
        #expect(books.tally(.inbound).repeats == 1)
        #expect(books.tally(.inbound).sent == 1)
    }

    @Test("An answer is sent, then on the phone, then seen; notes, system lines and the welcome don't count")
    func outbound() {
        log.record(.freshchat, .message, "agent.normal", subject: "talk", reference: "a", text: "answer")
        log.record(.freshchat, .message, "agent.private", subject: "talk", reference: "b", text: "note")
        log.record(.freshchat, .message, "system.line", subject: "talk", reference: "c", text: "line")
        log.record(.viber, .message, "welcome", subject: "Ana", reference: "0", text: "welcome")
        #expect(books.mark("a") == .sent)
        log.record(.viber, .message, "text", subject: "Ana", reference: "9", text: "answer")
        #expect(books.mark("a") == .delivered)
        log.record(.viber, .webhook, "seen", subject: "Ana", reference: "9", status: 200)
        #expect(books.mark("a") == .seen)
        #expect(books.tally(.outbound) == Ledger.Tally(sent: 1, arrived: 1))
    }

    private func bridge(_ step: String, _ delivery: String, _ text: String) {
        log.record(
            .bridge, .action, step, subject: "Ana", reference: delivery,
            text: #"{"step":"\#(step)","direction":"outbound","event":"message","text":"\#(text)"}"#)
    }

    @Test("A message that the bridge gives up on is failed and no longer under way, until it is tried again")
    func failed() {
        log.record(.freshchat, .message, "agent.normal", subject: "talk", reference: "a", text: "one")
        log.record(.freshchat, .message, "agent.normal", subject: "talk", reference: "b", text: "two")
        bridge("dead", "7", "two")
        #expect(books.tally(.outbound) == Ledger.Tally(sent: 2, failed: 1))
        #expect(books.tally(.outbound).underWay == 1)
        #expect(books.mark("a") == .sent)
        #expect(books.mark("b") == .failed)
        bridge("claimed", "7", "two")
        #expect(books.tally(.outbound).underWay == 2)
        bridge("dead", "7", "two")
        log.record(.viber, .message, "text", subject: "Ana", reference: "9", text: "two")
        #expect(books.tally(.outbound) == Ledger.Tally(sent: 2, arrived: 1))
        #expect(books.mark("b") == .delivered)
    }

    @Test("A note of the bridge's own, and a message that was never sent here, fail nothing")
    func failedElsewhere() {
        log.record(
            .bridge, .action, "dead", subject: "Ana", reference: "7",
            text: #"{"step":"dead","direction":"inbound","event":"note","text":"one"}"#)
        bridge("dead", "8", "one")
        #expect(books.tally(.inbound) == Ledger.Tally())
        #expect(books.tally(.outbound) == Ledger.Tally())
    }
}
