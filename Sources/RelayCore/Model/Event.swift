package import FoundationEssentials

/// One thing that a channel's webhook told us.
package struct ChannelEvent: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case message(IncomingMessage)
        case receipt(Receipt)
        case subscription(SubscriptionChange)
        /// Nothing for us, but a rightful call: answered 200 with the reason in the log, so that it isn't sent again.
        case ignored(reason: String)
    }

    /// The event's own name; equal for each repeat of it and for nothing else of this account.
    package var dedupeKey: DedupeKey
    /// What it is for within the account.
    package var address: Address
    package var content: Content

    package init(dedupeKey: DedupeKey, address: Address = .only, content: Content) {
        self.address = address
        self.dedupeKey = dedupeKey
        self.content = content
    }
}

/// A customer's message as the channel told it.
package struct IncomingMessage: Hashable, Sendable {
    package var from: ContactProfile
    package var message: Message
    package var id: ChannelMessageID

    package init(from: ContactProfile, message: Message, id: ChannelMessageID) {
        self.from = from
        self.message = message
        self.id = id
    }
}

/// Who a customer is, as far as the channel tells.
package struct ContactProfile: Hashable, Codable, Sendable {
    package var userID: ChannelUserID
    /// On one line, without control characters; `nil` if the channel tells none, or one that nobody could see.
    package var name: String?
    package var avatarURL: String?
    package var language: String?
    package var country: String?
    package var phoneNumber: String?

    package init(
        userID: ChannelUserID, name: String? = nil, avatarURL: String? = nil, language: String? = nil,
        country: String? = nil, phoneNumber: String? = nil
    ) {
        self.userID = userID
        self.name = name?.asName
        self.avatarURL = avatarURL
        self.language = language
        self.country = country
        self.phoneNumber = phoneNumber
    }
}

/// How far an outbound message got, as the channel reports it.
package struct Receipt: Hashable, Sendable {
    /// Ordered: a state is never replaced by a lower one. `failed` stands below `delivered`, because one device of the
    /// customer may refuse what another has shown.
    package enum State: String, Codable, Sendable, Comparable, CaseIterable {
        case sent, delivered, failed, read

        package static func < (left: State, right: State) -> Bool {
            left.rank < right.rank
        }

        private var rank: Int {
            switch self {
            case .sent: 0
            case .failed: 1
            case .delivered: 2
            case .read: 3
            }
        }
    }

    package var messageID: ChannelMessageID
    package var state: State
    package var at: Date
    /// The channel's words for a failure.
    package var reason: String?

    package init(messageID: ChannelMessageID, state: State, at: Date, reason: String? = nil) {
        self.messageID = messageID
        self.state = state
        self.at = at
        self.reason = reason
    }
}

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

/// One thing that Freshchat told us.
package struct HelpdeskEvent: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case message(HelpdeskMessage)
        case status(conversation: HelpdeskConversationID, isResolved: Bool, at: Date)
        case ignored(reason: String)
    }

    package var dedupeKey: DedupeKey
    /// The topic it belongs to; `nil` where the payload doesn't say.
    package var topic: TopicID?
    package var content: Content

    package init(dedupeKey: DedupeKey, topic: TopicID?, content: Content) {
        self.dedupeKey = dedupeKey
        self.topic = topic
        self.content = content
    }
}

/// A message of a Freshchat conversation, by any author.
package struct HelpdeskMessage: Hashable, Codable, Sendable {
    /// Who wrote it. Anything the API doesn't list counts as `system`, which never reaches a customer unless enabled.
    package enum Actor: String, Codable, Sendable {
        case user, agent, bot, system
    }

    package var id: HelpdeskMessageID
    package var conversation: HelpdeskConversationID
    package var user: HelpdeskUserID?
    /// Our `reference_id` of that user, where the event tells it (freshchat.md §3.5).
    package var reference: String?
    package var actor: Actor
    package var actorID: AgentID?
    package var actorName: String?
    package var isPrivate: Bool
    /// The kind of message that it is, if the helpdesk's contract doesn't list it; `nil` for an ordinary message and for a
    /// private note. Nobody knows whether it is meant for the customer.
    package var unknownKind: String?
    package var message: Message

    package init(
        id: HelpdeskMessageID, conversation: HelpdeskConversationID, user: HelpdeskUserID?, reference: String? = nil,
        actor: Actor, actorID: AgentID?, actorName: String? = nil, isPrivate: Bool, unknownKind: String? = nil,
        message: Message
    ) {
        self.id = id
        self.conversation = conversation
        self.user = user
        self.reference = reference
        self.actor = actor
        self.actorID = actorID
        self.actorName = actorName?.asName
        self.isPrivate = isPrivate
        self.unknownKind = unknownKind
        self.message = message
    }
}
