package import RelayCore

/// What of Freshchat goes to the customer, and why the rest doesn't (freshchat.md §2.4).
///
/// What is left to the store, for only it knows: whether the message is an echo of ours, whose the conversation is, and
/// whether that installation forwards Freshchat's own lines.
package enum ReplyFilter {
    /// What is done with a message.
    package enum Verdict: Hashable, Sendable {
        /// It goes to the customer.
        case send
        /// It stays where it is, as it should.
        case keep(reason: String)
        /// It stays where it is because nobody knows whom it is for: a message of this kind is counted, and raises an alarm.
        case withhold(kind: String)
    }

    static let systemLine = "a line of Freshchat itself"

    package static func verdict(on message: HelpdeskMessage) -> Verdict {
        if message.isPrivate { return .keep(reason: "a private note") }
        switch message.actor {
        case .agent, .bot: break
        case .user: return .keep(reason: "written by the customer's side")
        // Freshchat's own lines are no message that anybody waits for, so that an unknown kind of them is no alarm.
        case .system: if message.unknownKind != nil { return .keep(reason: systemLine) }
        }
        if let kind = message.unknownKind { return .withhold(kind: kind) }
        return message.message.isBlank ? .keep(reason: "empty") : .send
    }
}
