package import FoundationEssentials

/// One channel account connected to one Freshchat account and topic.
package struct Installation: Hashable, Sendable {
    package enum State: Hashable, Codable, Sendable {
        case active
        /// Accepts webhooks, keeps its outbox, sends nothing.
        case paused(reason: String, since: Date, by: PauseCause)
        /// Uninstalled: accepts nothing, its secrets are forgotten.
        case removed

        package var name: String {
            switch self {
            case .active: "active"
            case .paused: "paused"
            case .removed: "removed"
            }
        }
    }

    /// Who or what paused an installation. The raw values are the store's words.
    package enum PauseCause: String, Codable, Sendable, CaseIterable {
        /// A person, by the command or on the pages.
        case person
        /// A service refused a credential.
        case credential
        /// The environment that described the installation no longer does.
        case environment
    }

    /// What happens with an attempt in doubt towards a channel that has no idempotency key.
    package enum DoubtPolicy: String, Codable, Sendable, CaseIterable {
        /// Send again: the customer may get it twice.
        case resend
        /// Wait for a person: the customer may never get it.
        case hold
    }

    package enum Origin: String, Codable, Sendable {
        /// Made by the command or the pages.
        case installed
        /// Read from the environment at each start.
        case environment
    }

    package var id: InstallationID
    package var channel: ChannelAccount
    package var helpdesk: HelpdeskAccount
    package var name: String
    package var state: State
    package var doubtPolicy: DoubtPolicy
    package var origin: Origin
    /// The unguessable segment of the target URL.
    package var targetToken: Secret
    /// The unguessable segment of the URL for Freshchat's conversation webhook, which is signed besides.
    package var helpdeskToken: Secret
    /// The shared secret in the URL for the Marketplace product event, which is not signed (freshchat.md §3.4).
    package var eventSecret: Secret
    /// The target URL as it was registered with the channel, to see whether it is still right; empty before that.
    package var registeredURL: String
    package var createdAt: Date

    package init(
        id: InstallationID, channel: ChannelAccount, helpdesk: HelpdeskAccount, name: String, state: State = .active,
        doubtPolicy: DoubtPolicy = .resend, origin: Origin = .installed, targetToken: Secret, helpdeskToken: Secret,
        eventSecret: Secret, registeredURL: String = "", createdAt: Date
    ) {
        self.id = id
        self.channel = channel
        self.helpdesk = helpdesk
        self.name = name
        self.state = state
        self.doubtPolicy = doubtPolicy
        self.origin = origin
        self.targetToken = targetToken
        self.helpdeskToken = helpdeskToken
        self.eventSecret = eventSecret
        self.registeredURL = registeredURL
        self.createdAt = createdAt
    }

    package var isActive: Bool { state == .active }

    /// Why it is paused; `nil` if it isn't.
    package var pauseCause: PauseCause? {
        if case .paused(_, _, let cause) = state { cause } else { nil }
    }
}
