import RelayCore

/// The private notes that tell an agent what became of a reply. All their wording is here.
enum AgentNote {
    /// The channel refused the reply, or would not take it for too long.
    static func undelivered(_ message: Message, channel: String, reason: String) -> String {
        "⚠️ Not delivered to the customer on \(channel): \(reason).\(quote(message))"
    }

    /// The reply has more pieces than are sent.
    static func cut(channel: String) -> String {
        "⚠️ This reply is too long. The customer on \(channel) received its first \(Message.mostPieces) messages; the rest was cut. "
            + "Send what is missing in another reply."
    }

    /// Stands for the rest of a customer's message that has more pieces than are posted.
    static let cutFromCustomer = "✂️ [This message is too long. The rest of it was cut.]"

    /// The installation's setting says that a person decides about a reply in doubt.
    static func held(_ message: Message, channel: String) -> String {
        "⚠️ It is not known whether this reply reached the customer on \(channel), and it was not sent again. "
            + "An operator has to decide.\(quote(message))"
    }

    /// The channel took the reply and said later that the customer's device didn't.
    static func failedLater(channel: String, reason: String?) -> String {
        let words = reason.map { ": \($0)" } ?? ""
        return "⚠️ \(channel) reports that a reply did not reach the customer's device\(words)."
    }

    /// A customer's message that can't be shown in the conversation.
    static func lostFromCustomer(_ message: Message, channel: String, reason: String) -> String {
        "⚠️ The customer sent something on \(channel) that could not be brought here: \(reason)."
    }

    /// Files of a reply that the helpdesk gave no address for, however often it was asked.
    static func filesMissing(_ files: [Attachment], channel: String, helpdesk: String) -> String {
        let names = files.map { $0.name ?? $0.kind.rawValue }.joined(separator: ", ").truncated(to: 200)
        return
            "⚠️ \(helpdesk) gave no link for a part of this reply, and the customer on \(channel) was told that it could "
            + "not be sent: \(names). Please send it again."
    }

    private static func quote(_ message: Message) -> String {
        let text = message.plainText.truncated(to: 120)
        return text.isEmpty ? "" : "\n> " + text.split(separator: "\n").joined(separator: "\n> ")
    }
}
