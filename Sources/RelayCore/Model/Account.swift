package import FoundationEssentials

/// Our account with a channel: a bot, an app. Given out by byoc: `viber-acct-k3m9x`.
package struct ChannelAccountID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// Our account with the helpdesk. Given out by byoc: `freshchat-k3m9x`.
package struct HelpdeskAccountID: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// The id that a service reports of an account: a bot's id, an app's id, Freshchat's `account_id`. What an account is
/// recognized by; equal secrets or URLs prove nothing.
package struct RemoteIdentity: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
}

/// What customers write to within a channel account: a phone number's id, a page's id, the bot itself.
package struct Address: OpaqueID {
    package let rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }

    /// The address of a channel account that has only one and needs no name for it.
    package static let only: Address = ""
}

/// An account of either side.
package enum AccountID: Hashable, Sendable, CustomStringConvertible {
    case channel(ChannelAccountID)
    case helpdesk(HelpdeskAccountID)

    package var side: Side {
        switch self {
        case .channel: .channel
        case .helpdesk: .helpdesk
        }
    }

    package var rawValue: String {
        switch self {
        case .channel(let id): id.rawValue
        case .helpdesk(let id): id.rawValue
        }
    }

    package var description: String { rawValue }
}

extension ChannelAccountID {
    /// A new one.
    package static func fresh(_ kind: ChannelKind) -> ChannelAccountID { Self(.fresh("\(kind)-acct-")) }
}

extension HelpdeskAccountID {
    /// A new one.
    ///
    /// - Parameter kind: of the helpdesk: `freshchat`.
    package static func fresh(_ kind: String = "freshchat") -> HelpdeskAccountID { Self(.fresh("\(kind)-")) }
}

extension String {
    /// An id that byoc gives out: the prefix and five letters of which none is taken for another.
    package static func fresh(_ prefix: String) -> String {
        var random = SystemRandomNumberGenerator()
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        return prefix + String((0..<5).compactMap { _ in letters.randomElement(using: &random) })
    }
}

/// Whether an account's credentials are good.
package enum AccountState: Hashable, Codable, Sendable {
    case active
    /// The service refused a credential: nothing is sent there until it is replaced.
    case paused(reason: String, since: Date)
}

/// A URL that was given out: the unguessable segment of its path, and what it is for.
///
/// Every URL that was ever pasted keeps working as long as its account lives. The exception is one that an installation
/// left behind when it moved away: that works for seven more days.
package struct Endpoint: Hashable, Codable, Sendable {
    package enum Purpose: String, Codable, Sendable {
        /// The channel's webhook.
        case target
        /// Freshchat's conversation webhook, which is signed besides.
        case helpdesk
        /// The Marketplace product event, which isn't signed: its segment is a shared secret (freshchat.md §3.4).
        case event
    }

    /// How long a URL works that an installation left behind.
    package static let timeAfterMove: TimeInterval = 7 * 24 * 60 * 60

    package var token: Secret
    package var purpose: Purpose
    /// Another one is shown and registered; this one still works.
    package var isRetired: Bool
    /// When it stops working; `nil` if it doesn't.
    package var endsAt: Date?

    package init(_ purpose: Purpose, token: Secret, isRetired: Bool = false, endsAt: Date? = nil) {
        self.token = token
        self.purpose = purpose
        self.isRetired = isRetired
        self.endsAt = endsAt
    }

    package func works(at now: Date) -> Bool { endsAt.map { $0 > now } ?? true }
}

extension [Endpoint] {
    /// The one that is shown and registered; `nil` if none was made for this purpose.
    package func present(for purpose: Endpoint.Purpose) -> Secret? {
        (first { $0.purpose == purpose && !$0.isRetired } ?? first { $0.purpose == purpose })?.token
    }

    /// With those of a merged account: they keep working and are no longer shown.
    package func adopting(_ others: [Endpoint]) -> [Endpoint] {
        self
            + others.filter { other in !contains { $0.token == other.token } }.map { other in
                var other = other
                other.isRetired = other.isRetired || present(for: other.purpose) != nil
                return other
            }
    }
}
