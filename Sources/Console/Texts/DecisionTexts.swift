import RelayCore

/// The decisions about a message: their buttons, their effects, and what became of them.
struct DecisionTexts: Sendable {
    let cancel = "Cancel"
    let changed = "This message changed since you opened the page. Review it and try again."
    let beingSent = "This message is being sent right now. Try again when the attempt has ended."

    func button(_ decision: MessageDecision) -> String {
        switch decision {
        case .retry: "Retry message"
        case .resend: "Send again"
        case .arrived: "Mark as delivered"
        case .discard: "Discard message"
        }
    }

    /// The effect of a decision, to be read before it is made.
    func help(_ decision: MessageDecision, _ delivery: Delivery) -> String {
        switch decision {
        case .retry where delivery.mayDouble:
            "This may already have reached the customer: they may get it twice."
        case .retry where delivery.isLate:
            "Retries now, out of order, and resets the attempt counter. Later messages have already been sent."
        case .retry: "Retries now, in order, and resets the attempt counter."
        case .resend: "If it was delivered, the customer gets it twice."
        case .arrived:
            "If it wasn't delivered, the customer never gets it. Check with the customer or on a phone first."
        case .discard: "Permanently drops this message. Later ones continue."
        }
    }

    func effects(_ decision: MessageDecision, _ delivery: Delivery) -> [String] {
        switch decision {
        case .retry:
            (delivery.mayDouble
                ? [
                    """
                    The connection dropped during an attempt. If that attempt was delivered, the customer gets this \
                    message twice.
                    """
                ] : []) + [
                    delivery.isLate
                        ? "Retries now. Later messages have already been sent, so this one arrives out of order."
                        : "Retries now, in order: later messages of the conversation wait for it.",
                    "The attempt counter is reset.",
                ]
        case .resend:
            [
                "Sends it to the customer again. If the first attempt was delivered, the customer gets it twice.",
                delivery.isLate
                    ? "Later messages have already been sent, so this one arrives out of order."
                    : "It is sent in order: later messages of the conversation wait for it.",
            ]
        case .arrived:
            [
                "Counts as delivered and isn't sent again. If it wasn't delivered, the customer never gets it.",
                "If the message was split, the remaining parts are sent now.",
            ]
        case .discard:
            [
                "The message is never sent. This can't be undone.",
                "It stays in the list until the retention period ends.",
                "Messages waiting behind it continue.",
            ]
        }
    }

    /// A decision's outcome, in words that agree with the message's present state.
    func done(_ name: String, _ standing: MessageQuery.Standing) -> String? {
        guard let decision = MessageDecision(rawValue: name) else { return nil }
        let made =
            switch decision {
            case .retry: "Retry requested"
            case .resend: "Resend requested"
            case .arrived: "Marked as delivered"
            case .discard: "Discarded"
            }
        switch (decision, standing) {
        case (.retry, .delivered), (.resend, .delivered): return "\(made). The message has been delivered."
        case (.retry, .dead), (.resend, .dead), (.arrived, .dead): return "\(made), but delivery has failed again."
        case (.arrived, .waiting), (.arrived, .inDoubt): return "\(made). Any remaining parts are sent now."
        default: return made + "."
        }
    }

    /// For a failed message without other advice.
    let choose = "Retry or discard it."
}
