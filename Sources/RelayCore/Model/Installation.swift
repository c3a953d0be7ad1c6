package import FoundationEssentials

/// One channel account connected to one Freshchat account and topic.
package struct Installation: Hashable, Sendable {
    package enum State: Hashable, Codable, Sendable {
        case active
        /// Accepts webhooks, keeps its outbox, sends nothing.
        case paused(reason: String, since: Date)
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
}

/// One credential of an installation that can be replaced by another.
package enum Credential: Hashable, Sendable {
    /// A secret setting of the channel, by its ``SettingField/key``.
    case channel(String)
    case helpdeskToken
    /// The public key that verifies Freshchat's webhooks.
    case helpdeskKey
}

/// Our account with the channel: what the adapter declared as its settings, filled in.
package struct ChannelAccount: Hashable, Codable, Sendable {
    package var kind: ChannelKind
    /// Values by ``SettingField/key``, those that are not secret.
    package var settings: [String: String]
    /// Values by ``SettingField/key``, those that are.
    package var secrets: [String: Secret]

    package init(kind: ChannelKind, settings: [String: String] = [:], secrets: [String: Secret] = [:]) {
        self.kind = kind
        self.settings = settings
        self.secrets = secrets
    }
}

/// Our account with Freshchat.
package struct HelpdeskAccount: Hashable, Codable, Sendable {
    /// Complete up to and including `/v2`, without a slash at the end (freshchat.md §1.1).
    package var baseURL: String
    package var token: Secret
    package var topic: TopicID
    /// The topic's name when the installation was connected; `nil` if it wasn't noted.
    package var topicName: String?
    /// The key from Freshchat's webhook settings, in whatever shape it was pasted (freshchat.md §2.2); empty: none.
    package var webhookPublicKey: String
    /// What to do with a customer's message into a resolved conversation (freshchat.md §1.11).
    package var resolvedPolicy: ResolvedPolicy
    /// Whether Freshchat's own lines ("Conversation was reopened by …") go to the customer. They never should.
    package var forwardsSystemLines: Bool
    /// The longest text of one message; Freshchat's own limit is not published (freshchat.md §8 Q9).
    package var textLimit: Int

    package enum ResolvedPolicy: String, Codable, Sendable, CaseIterable {
        case reopen
        case newConversation = "new_conversation"
    }

    package init(
        baseURL: String, token: Secret, topic: TopicID, topicName: String? = nil, webhookPublicKey: String = "",
        resolvedPolicy: ResolvedPolicy = .reopen, forwardsSystemLines: Bool = false, textLimit: Int = 4000
    ) {
        self.baseURL = baseURL
        self.token = token
        self.topic = topic
        self.topicName = topicName
        self.webhookPublicKey = webhookPublicKey
        self.resolvedPolicy = resolvedPolicy
        self.forwardsSystemLines = forwardsSystemLines
        self.textLimit = textLimit
    }
}

extension HelpdeskAccount {
    /// Whether two installations' credentials are those of one Freshchat account: an account has one public key
    /// (freshchat.md §2.1) and one API token (§5). Of an installation without a key, which hears by the webhook of another
    /// one, the token tells.
    package func isSameAccount(as other: HelpdeskAccount) -> Bool {
        guard baseURL == other.baseURL else { return false }
        guard !webhookPublicKey.isEmpty, !other.webhookPublicKey.isEmpty else { return token == other.token }
        return keyDigits == other.keyDigits
    }

    /// The public key without its labels, line ends, and the words that stand for these (freshchat.md §2.2).
    private var keyDigits: String {
        let text = webhookPublicKey.replacing("\\r", with: "").replacing("\\n", with: "")
        let parts = text.split(separator: "-----", omittingEmptySubsequences: false)
        // Between labels, or all of it: "", "BEGIN …", key, "END …", "".
        let digits = parts.count == 5 ? parts[2] : Substring(text)
        return String(digits.filter { !$0.isWhitespace })
    }
}
