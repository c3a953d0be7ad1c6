package import FoundationEssentials

/// A customer opened the chat, took our messages on, or refused them.
package struct SubscriptionChange: Hashable, Sendable {
    package enum Kind: String, Codable, Sendable {
        case opened, subscribed, unsubscribed
    }

    package var user: ContactProfile
    package var kind: Kind
    package var at: Date

    package init(user: ContactProfile, kind: Kind, at: Date) {
        self.user = user
        self.kind = kind
        self.at = at
    }
}
