package import RelayCore

/// What of Freshchat goes to the customer, and why the rest doesn't (freshchat.md §2.4).
///
/// What is left to the store, for only it knows: whether the message is an echo of ours, and whether the conversation
/// is a contact's.
package enum ReplyFilter {
    /// - Returns: why the message stays where it is; `nil` when it is to be sent.
    package static func reasonToKeep(_ message: HelpdeskMessage, account: HelpdeskAccount) -> String? {
        if message.isPrivate { return "a private note" }
        switch message.actor {
        case .agent, .bot: break
        case .user: return "written by the customer's side"
        case .system: if !account.forwardsSystemLines { return "a line of Freshchat itself" }
        }
        return message.message.isBlank ? "empty" : nil
    }
}
