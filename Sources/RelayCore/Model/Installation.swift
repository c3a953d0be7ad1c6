package import FoundationEssentials

/// One address of a channel account connected to one topic of a helpdesk account: a route with its policies, and the two
/// accounts as they are now.
package struct Installation: Hashable, Sendable {
    package enum State: Hashable, Codable, Sendable {
        case active
        /// Accepts webhooks, keeps its outbox, sends nothing.
        case paused(reason: String, since: Date, by: PauseCause)
        /// Is being taken out of service: accepts nothing, delivers what waits, and is removed then.
        case draining(since: Date)
        /// Uninstalled: accepts nothing, its secrets are forgotten.
        case removed

        package var name: String {
            switch self {
            case .active: "active"
            case .paused: "paused"
            case .draining: "draining"
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

    /// What to do with a customer's message into a resolved conversation (freshchat.md §1.11).
    package enum ResolvedPolicy: String, Codable, Sendable, CaseIterable {
        case reopen
        case newConversation = "new_conversation"
    }

    package enum Origin: String, Codable, Sendable {
        /// Made by the command or the pages.
        case installed
        /// Read from the environment at each start.
        case environment
    }

    package var id: InstallationID
    package var channel: ChannelAccount
    package var address: Address
    /// What Freshchat knows its customers by.
    package var referenceForm: Reference.Form
    package var helpdesk: HelpdeskAccount
    package var topic: TopicID
    /// The topic's name when it was chosen; `nil` if it wasn't noted.
    package var topicName: String?
    /// Topics that were its own before: a conversation there stays its own.
    package var formerTopics: [TopicID]
    /// Where it was before it moved.
    package var former: [FormerPlace]
    package var name: String
    /// Its own state, which a person sets; see ``state`` for what comes of it and of the accounts'.
    package var ownState: State
    package var resolvedPolicy: ResolvedPolicy
    /// Whether Freshchat's own lines ("Conversation was reopened by …") go to the customer. They never should.
    package var forwardsSystemLines: Bool
    package var doubtPolicy: DoubtPolicy
    package var origin: Origin
    package var createdAt: Date

    package init(
        id: InstallationID, channel: ChannelAccount, address: Address = .only, referenceForm: Reference.Form = .user,
        helpdesk: HelpdeskAccount, topic: TopicID, topicName: String? = nil, formerTopics: [TopicID] = [],
        former: [FormerPlace] = [], name: String, ownState: State = .active, resolvedPolicy: ResolvedPolicy = .reopen,
        forwardsSystemLines: Bool = false,
        doubtPolicy: DoubtPolicy = .resend, origin: Origin = .installed, createdAt: Date
    ) {
        self.id = id
        self.channel = channel
        self.address = address
        self.referenceForm = referenceForm
        self.helpdesk = helpdesk
        self.topic = topic
        self.topicName = topicName
        self.formerTopics = formerTopics
        self.former = former
        self.name = name
        self.ownState = ownState
        self.resolvedPolicy = resolvedPolicy
        self.forwardsSystemLines = forwardsSystemLines
        self.doubtPolicy = doubtPolicy
        self.origin = origin
        self.createdAt = createdAt
    }

    /// Its own state; `paused` also while one of its accounts is.
    package var state: State {
        guard ownState == .active else { return ownState }
        return channel.state.installationState ?? helpdesk.state.installationState ?? .active
    }

    /// Whether nothing of it waits for a person or for another credential.
    package var isActive: Bool { state == .active }

    /// Why it is paused; `nil` if it isn't.
    package var pauseCause: PauseCause? {
        if case .paused(_, _, let cause) = state { cause } else { nil }
    }

    /// Whether it accepts webhooks.
    package var accepts: Bool {
        switch ownState {
        case .active, .paused: true
        case .draining, .removed: false
        }
    }

    /// Whether messages to a side are sent: neither it nor the account there is paused.
    package func sends(to side: Side) -> Bool {
        switch ownState {
        case .paused, .removed: return false
        case .active, .draining: break
        }
        return accountState(of: side) == .active
    }

    /// What keeps its messages to a side from being sent: its own state, or that of the account there.
    package func state(towards side: Side) -> State {
        switch ownState {
        case .paused, .removed: return ownState
        case .active, .draining:
            return accountState(of: side).installationState ?? ownState
        }
    }

    /// The state of the account on a side.
    package func accountState(of side: Side) -> AccountState {
        side == .channel ? channel.state : helpdesk.state
    }

    package func account(of side: Side) -> AccountID {
        side == .channel ? .channel(channel.id) : .helpdesk(helpdesk.id)
    }

    /// What a contact is called in Freshchat when it is created.
    package func reference(of user: ChannelUserID) -> Reference {
        Reference(channel.kind, address, user, form: referenceForm)
    }

    /// What the rules of routing need of it.
    package var route: Route {
        Route(
            installation: id, channel: channel.kind, address: address, referenceForm: referenceForm, topic: topic,
            formerTopics: formerTopics, forwardsSystemLines: forwardsSystemLines, accepts: accepts)
    }
}

extension AccountState {
    /// What it makes of an installation that is active itself; `nil` if nothing.
    package var installationState: Installation.State? {
        switch self {
        case .active: nil
        case .paused(let reason, let since): .paused(reason: reason, since: since, by: .credential)
        }
    }
}

/// Accounts that an installation has left: what still comes there is its own.
package struct FormerPlace: Hashable, Codable, Sendable {
    /// `nil` if it only left a helpdesk account.
    package var channel: ChannelAccountID?
    package var address: Address?
    /// `nil` if it only left a channel account or an address.
    package var helpdesk: HelpdeskAccountID?
    /// Until when new messages of customers there are taken for its own. Replies in its conversations are for as long as the
    /// account is known.
    package var until: Date

    package init(
        channel: ChannelAccountID? = nil, address: Address? = nil, helpdesk: HelpdeskAccountID? = nil, until: Date
    ) {
        self.channel = channel
        self.address = address
        self.helpdesk = helpdesk
        self.until = until
    }
}
