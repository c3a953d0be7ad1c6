/// A conversation to play, and what has to arrive of it.
struct Conversation {
    enum Step: Sendable {
        case customerOpens
        /// `times`: how often the channel sends the same webhook.
        case customer(String, times: Int = 1)
        case agent(String)
        /// Written for agents only; must not reach the phone.
        case note(String)
        case customerBurst([String])
        case agentBurst([String])
        case picture(caption: String)
    }

    static let steps: [Step] = [
        .customerOpens,
        .customer("Hello! Is my order 42 on its way? 👋"),
        .agent("Good day, let me look."),
        .note("Customer since 2019, be nice."),
        .agent("Добрий день, Олено! Ваше замовлення вже в дорозі 🚚"),
        .customer("Дуже дякую! 🙏🏽 А коли саме?", times: 3),
        .agent("Tomorrow between 9 and 12.\nThe courier calls before."),
        .customerBurst((1...20).map { "Question \($0) of 20 – питання 👩‍👩‍👧‍👦" }),
        .agentBurst((1...20).map { "Answer \($0) of 20 – відповідь ✅" }),
        .picture(caption: "This is the door 🚪"),
        .customer("Ще одне: <b>5 & 6</b> > 4 \"так\"?", times: 2),
        .agent("Yes. 1 < 2 & 3 > 2, до побачення!"),
    ]
}
