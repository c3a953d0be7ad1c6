import RelayCore

/// Private notes to agents about replies. All their wording is here.
enum AgentNote {
    /// The channel rejected the reply, or didn't accept it in time.
    static func undelivered(_ message: Message, channel: String, reason: String) -> String {
        "⚠️ Not delivered to the customer on \(channel): \(reason).\(quote(message))"
    }

    /// The reply has more pieces than byoc sends.
    static func cut(channel: String) -> String {
        "⚠️ This reply is too long. The customer on \(channel) received its first \(Message.mostPieces) messages; the rest was cut. "
            + "Send the rest in another reply."
    }

    /// Replaces the rest of a customer's message that has more pieces than byoc posts.
    static let cutFromCustomer = "✂️ [This message is too long. The rest of it was cut.]"

    /// The installation's setting leaves a reply in doubt to an operator.
    static func held(_ message: Message, channel: String) -> String {
        "⚠️ This reply may or may not have reached the customer on \(channel), and it was not sent again. "
            + "An operator decides whether to resend it.\(quote(message))"
    }

    /// The channel accepted the reply, and later reported that the customer's device didn't get it.
    static func failedLater(channel: String, reason: String?) -> String {
        let words = reason.map { ": \($0)" } ?? ""
        return "⚠️ \(channel) reports that a reply did not reach the customer's device\(words)."
    }

    /// A customer's message that can't be shown in the conversation.
    static func lostFromCustomer(_ message: Message, channel: String, reason: String) -> String {
        "⚠️ The customer sent something on \(channel) that can't be shown here: \(reason)."
    }

    /// Files of a reply for which the helpdesk never gave an address.
    static func filesMissing(_ files: [Attachment], channel: String, helpdesk: String) -> String {
        let names = files.map { $0.name ?? $0.kind.rawValue }.joined(separator: ", ").truncated(to: 200)
        return
            "⚠️ \(helpdesk) gave no link for part of this reply: \(names). The customer on \(channel) was told that it "
            + "couldn't be sent. Please send it again."
    }

    /// Several installations could be meant, and nobody can tell which.
    ///
    /// - Parameter names: of the installations.
    static func undecided(_ message: Message, names: [String]) -> String {
        let list = names.map { "“\($0)”" }.joined(separator: ", ")
        return
            "⚠️ This reply was not sent. It could belong to any of these connections, which share the topic: \(list). "
            + "Ask an operator to give each its own topic, and then to retry this reply.\(quote(message))"
    }

    private static func quote(_ message: Message) -> String {
        let text = message.plainText.truncated(to: 120)
        return text.isEmpty ? "" : "\n> " + text.split(separator: "\n").joined(separator: "\n> ")
    }
}
