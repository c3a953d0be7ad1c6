package import FoundationEssentials

/// Which way a delivery goes.
package enum Direction: String, Codable, Sendable, CaseIterable {
    /// From the customer to the agent.
    case inbound
    /// From the agent to the customer.
    case outbound

    /// Whose API the delivery is made through.
    package var side: Side { self == .inbound ? .helpdesk : .channel }
}

/// One of the two far sides.
package enum Side: String, Codable, Sendable, CaseIterable {
    case channel, helpdesk
}

/// What is to be delivered.
package enum Payload: Hashable, Codable, Sendable {
    /// A customer's message.
    case message(IncomingPayload)
    /// An agent's (or bot's) message.
    case reply(HelpdeskMessage)
    /// A private note of ours for the agents of a conversation.
    case note(text: String, conversation: HelpdeskConversationID)
}

/// A customer's message on its way to the agents.
package struct IncomingPayload: Hashable, Codable, Sendable {
    package var id: ChannelMessageID
    package var profile: ContactProfile
    package var message: Message

    package init(id: ChannelMessageID, profile: ContactProfile, message: Message) {
        self.id = id
        self.profile = profile
        self.message = message
    }
}

/// A row of the outbox.
package struct Delivery: Hashable, Sendable {
    package enum State: String, Codable, Sendable, CaseIterable {
        /// To be made, now or later.
        case waiting
        case delivered
        /// Given up on; kept with its reason.
        case dead
        /// In doubt, and the installation says that a person decides.
        case held
        /// Given up on by a person.
        case discarded
    }

    package var id: DeliveryID
    /// Whose it is. While nobody knows by which installation a reply is to leave, the helpdesk account's id stands here.
    package var installation: InstallationID
    package var direction: Direction
    package var orderingKey: OrderingKey
    package var contact: ContactID?
    /// `nil`: the row is there but can't be read, by this version at least.
    package var payload: Payload?
    package var state: State
    /// How many of its pieces are delivered.
    package var progress: Int
    /// Attempts that count towards giving up, of the piece it has reached.
    package var attempts: Int
    package var acceptedAt: Date
    package var nextAttemptAt: Date
    package var finishedAt: Date?
    /// Since when an attempt of the piece it has reached is in doubt.
    package var doubtSince: Date?
    /// Why it waits, is held or is dead, in words for an agent; empty when nothing went wrong.
    package var reason: String
    /// The far side's words, for the operator.
    package var detail: String
    /// Whether one of its key that was accepted later went out before it, while it was dead or held.
    package var isLate: Bool
    /// How a reply came; `nil` for what isn't a reply, and for what an earlier version accepted.
    package var source: ReplySource?
    /// Why it is dead; `nil` for one that isn't dead, and for one that died under an earlier version.
    package var cause: DeadLetterCause?

    package init(
        id: DeliveryID, installation: InstallationID, direction: Direction, orderingKey: OrderingKey,
        contact: ContactID?, payload: Payload?, state: State, progress: Int = 0, attempts: Int = 0, acceptedAt: Date,
        nextAttemptAt: Date, finishedAt: Date? = nil, doubtSince: Date? = nil, reason: String = "", detail: String = "",
        isLate: Bool = false, source: ReplySource? = nil, cause: DeadLetterCause? = nil
    ) {
        self.id = id
        self.installation = installation
        self.direction = direction
        self.orderingKey = orderingKey
        self.contact = contact
        self.payload = payload
        self.state = state
        self.progress = progress
        self.attempts = attempts
        self.acceptedAt = acceptedAt
        self.nextAttemptAt = nextAttemptAt
        self.finishedAt = finishedAt
        self.doubtSince = doubtSince
        self.reason = reason
        self.detail = detail
        self.isLate = isLate
        self.source = source
        self.cause = cause
    }
}

/// One customer on one installation.
package struct Contact: Hashable, Sendable {
    package var id: ContactID
    package var installation: InstallationID
    package var profile: ContactProfile
    /// The contact's subscription; `nil` before anything was told.
    package var subscription: SubscriptionChange.Kind?
    package var user: HelpdeskUserID?
    /// What Freshchat knows them by, since they became a contact.
    package var reference: Reference
    /// Their newest conversation on the installation's present topic.
    package var conversation: HelpdeskConversationID?
    /// Whether Freshchat said of that conversation that it is resolved.
    package var isResolved: Bool

    package init(
        id: ContactID, installation: InstallationID, profile: ContactProfile,
        subscription: SubscriptionChange.Kind? = nil, user: HelpdeskUserID? = nil, reference: Reference,
        conversation: HelpdeskConversationID? = nil, isResolved: Bool = false
    ) {
        self.reference = reference
        self.id = id
        self.installation = installation
        self.profile = profile
        self.subscription = subscription
        self.user = user
        self.conversation = conversation
        self.isResolved = isResolved
    }
}
