import Simulators

@testable import byoc_sandbox

/// A log as both far sides would have written it, of one customer and one conversation.
struct SimulatorLog {
    static let customer = "Ab/cd+ef=="
    static let conversation = "conversation-1"
    private static let user = "user-1"
    private static let topic = "topic-1"

    var options = Oracle.Options(topic: Self.topic)
    var time: Int64 = 1_000_000
    private var entries: [LogEntry] = []

    init() {
        createsUser()
        createsConversation()
    }

    var last: Int { entries.count }

    var verdict: TortureVerdict { Oracle(entries, options).verdict }

    func text(_ author: Mark.Author, _ message: Int, sentences: ClosedRange<Int> = 1...1) -> String {
        let whole = TorturePlan.Writing(
            mark: Mark(author: author, message: message), sentences: sentences.upperBound
        ).text
        return whole.split(separator: "\n").dropFirst(sentences.lowerBound - 1).joined(separator: "\n")
    }

    mutating func createsUser() {
        add(.freshchat, .action, "user.created", subject: Self.user, reference: "viber:\(Self.customer)")
    }

    mutating func createsConversation() {
        add(
            .freshchat, .action, "conversation.created", subject: Self.conversation, reference: Self.user,
            text: Self.topic)
    }

    mutating func customerWrites(_ message: Int, sentences: Int = 1, status: Int = 200) {
        add(
            .viber, .action, "customer.writes", subject: Self.customer, reference: "\(message)",
            text: text(.customer, message, sentences: 1...sentences))
        offers(message, status: status)
    }

    /// An attempt to tell byoc of what the customer wrote.
    mutating func offers(_ message: Int, status: Int = 200, since: Int? = nil) {
        add(
            .viber, .webhook, "message", subject: Self.customer, reference: "\(message)", status: status, since: since)
    }

    mutating func agentReplies(_ message: Int, status: Int = 200) {
        add(
            .freshchat, .message, "agent.normal", subject: Self.conversation, reference: "m\(message)",
            text: text(.agent, message))
        add(
            .freshchat, .webhook, "message_create", subject: Self.conversation, reference: "m\(message)",
            status: status)
    }

    /// Freshchat shows what the customer wrote, or some sentences of it.
    mutating func shows(_ message: Int, sentences: ClosedRange<Int> = 1...1) {
        add(
            .freshchat, .message, "user.normal", subject: Self.conversation,
            text: text(.customer, message, sentences: sentences))
    }

    mutating func phoneGets(_ message: Int, _ author: Mark.Author = .agent, of customer: String = Self.customer) {
        add(.viber, .message, "text", subject: customer, text: text(author, message))
    }

    mutating func note(_ text: String) {
        add(.freshchat, .message, "bot.private", subject: Self.conversation, text: text)
    }

    mutating func requests(_ subject: String) {
        add(.freshchat, .request, "GET /conversations/{id}/messages", subject: subject, status: 200)
    }

    mutating func kill(_ what: String, _ text: String) {
        add(.driver, .action, "kill", subject: what, reference: "\(time)", text: text)
    }

    mutating func calm() { add(.driver, .action, "calm") }

    private mutating func add(
        _ side: LogEntry.Side, _ kind: LogEntry.Kind, _ name: String, subject: String = "", reference: String = "",
        status: Int = 0, text: String = "", since: Int? = nil
    ) {
        entries.append(
            LogEntry(
                number: entries.count + 1, time: time, side: side, kind: kind, name: name, subject: subject,
                reference: reference, status: status, text: text, since: since))
    }
}
