package import FoundationEssentials

/// The agents' side. Freshchat is the one there is; the engine knows only this.
package protocol Helpdesk: Sendable {
    /// As people write it: "Freshchat".
    var name: String { get }

    /// Verifies a conversation webhook's signature over its raw bytes and reads its events.
    func readWebhook(
        _ request: WebhookRequest, account: HelpdeskAccount
    ) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent>

    /// Reads a Marketplace product event. Its sender was verified by the secret in the URL.
    func readProductEvent(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent>

    /// The posts that a customer's message takes, in order; see ``Channel/pieces(of:account:)``.
    func pieces(of message: Message, account: HelpdeskAccount) -> [Message]

    /// Brings one piece of a customer's message into their conversation on our topic: finds or creates the user and the
    /// conversation where the mapping doesn't know them yet, and repairs the mapping where Freshchat has moved on.
    ///
    /// With a known mapping and no doubt this is exactly one API call. A doubt is looked up before anything is sent, so
    /// that what an earlier attempt did is found and not repeated.
    ///
    /// - Parameter keeper: is told each new user and conversation at once, before the next call, so that a crash in the
    ///   middle doesn't make a second one.
    func post(
        _ piece: InboundPiece, account: HelpdeskAccount, over http: any HTTPSender, keeper: any MappingKeeper
    ) async throws(DeliveryFailure) -> HelpdeskMessageID?

    /// Writes what is new in a customer's profile to the user. Reads the user first: what others have written there stays, and
    /// what is there already isn't written again. Without knowing what was written last it only fills in what is missing.
    ///
    /// - Parameter channelName: kept as a property of the user.
    func update(
        _ update: ProfileUpdate, channelName: String, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ProfileOutcome

    /// Leaves a private note in a conversation, for agents only.
    ///
    /// - Parameter isKnown: see ``InboundPiece/isKnown``; asked only with a doubt.
    func note(
        _ text: String, in conversation: HelpdeskConversationID, doubt: Doubt?,
        isKnown: @escaping KnownMessages, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> HelpdeskMessageID?

    /// An agent's (or bot's) first name. `nil`: there is none by that id.
    func firstName(
        of agent: AgentID, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> String?

    /// What Freshchat knows of a conversation that the store doesn't: its topic, its user and that user's reference.
    ///
    /// - Parameter user: as the event named it; `nil` if it didn't.
    /// - Returns: `nil` if the conversation is gone.
    func lookUp(
        _ conversation: HelpdeskConversationID, user: HelpdeskUserID?, account: HelpdeskAccount,
        over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationFacts?

    /// A conversation's messages from an instant on (inclusive, by Freshchat's clock), oldest first and by any author:
    /// the same events under the same names as the webhook brings. One call unless they are many. `nil`: it is gone.
    func messages(
        in conversation: HelpdeskConversationID, since: Date, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationHistory?

    /// Asks Freshchat whether the credentials are good, and which topics there are.
    func check(_ account: HelpdeskAccount, over http: any HTTPSender) async throws(SetupFailure) -> HelpdeskCheck
}

/// Whose a conversation is, as Freshchat says.
package struct ConversationFacts: Hashable, Sendable {
    package var topic: TopicID?
    package var user: HelpdeskUserID?
    /// The `reference_id` of that user; `nil` if it has none.
    package var reference: Reference?

    package init(topic: TopicID?, user: HelpdeskUserID?, reference: Reference?) {
        self.topic = topic
        self.user = user
        self.reference = reference
    }
}

/// What was said in a conversation.
package struct ConversationHistory: Sendable {
    package var messages: [HelpdeskEvent]
    /// Calls that it took to read it.
    package var calls: Int

    package init(messages: [HelpdeskEvent], calls: Int) {
        self.messages = messages
        self.calls = calls
    }
}

/// What the helpdesk made of an update of a profile.
package enum ProfileOutcome: Hashable, Sendable {
    /// Written, apart from the named values, which it refuses.
    case written(without: [String])
    /// There was nothing to write.
    case unchanged
    /// The user isn't there any more.
    case gone
}

/// Says whether the store already has this message's id recorded for another delivery.
package typealias KnownMessages = @Sendable (HelpdeskMessageID) async throws(DeliveryFailure) -> Bool

/// One post into a customer's conversation.
package struct InboundPiece: Sendable {
    package var message: Message
    package var profile: ContactProfile
    /// What Freshchat knows the customer by, as it was when the contact was created.
    package var reference: Reference
    /// The inbox that a new conversation is opened in.
    package var topic: TopicID
    package var resolvedPolicy: Installation.ResolvedPolicy
    /// The channel's name, kept as a property of the Freshchat user.
    package var channelName: String
    package var user: HelpdeskUserID?
    /// The customer's current conversation on the installation's topic.
    package var conversation: HelpdeskConversationID?
    package var doubt: Doubt?
    /// Asked while a doubt is looked up, and of an answer that may be another message's: a message that belongs to another
    /// delivery is not this one, though it says the same. Customers write "ok" twice.
    package var isKnown: KnownMessages

    package init(
        message: Message, profile: ContactProfile, reference: Reference, topic: TopicID,
        resolvedPolicy: Installation.ResolvedPolicy = .reopen, channelName: String, user: HelpdeskUserID?,
        conversation: HelpdeskConversationID?, doubt: Doubt?, isKnown: @escaping KnownMessages
    ) {
        self.message = message
        self.profile = profile
        self.reference = reference
        self.topic = topic
        self.resolvedPolicy = resolvedPolicy
        self.channelName = channelName
        self.user = user
        self.conversation = conversation
        self.doubt = doubt
        self.isKnown = isKnown
    }
}

/// An earlier attempt at the same piece has an unknown outcome.
package struct Doubt: Hashable, Codable, Sendable {
    /// When the earliest such attempt began, by our clock.
    package var since: Date
    /// When the latest was broken off, or its worker found dead.
    package var endedAt: Date

    package init(since: Date, endedAt: Date) {
        self.since = since
        self.endedAt = endedAt
    }

    /// From when on what can't be found was not applied.
    ///
    /// A request outlives the process that sent it: it is in the kernel's hands, then in the far side's, which may be slow.
    /// Before this instant "not there" means "perhaps not yet". It gets a quarter more than the time that it had taken,
    /// but no less than 3 s and no more than 30 s.
    package var settledAt: Date {
        let taken = endedAt.timeIntervalSince(since)
        return endedAt.addingTimeInterval(min(max(taken * 1.25, 3), 30))
    }
}

/// Remembers, durably, whom and what a customer is in Freshchat.
package protocol MappingKeeper: Sendable {
    /// Called before a user is created: waits until no other worker creates one with the same reference, or fails for now.
    func aboutToCreateUser(_ reference: Reference) async throws(DeliveryFailure)
    /// - Parameter written: what the user was created with just now; `nil` for one that was there already.
    func found(user: HelpdeskUserID, written: ContactProfile?) async throws(DeliveryFailure)
    func found(conversation: HelpdeskConversationID) async throws(DeliveryFailure)
}

/// What Freshchat says of our credentials.
package struct HelpdeskCheck: Hashable, Sendable {
    package struct Topic: Hashable, Sendable {
        package var id: TopicID
        package var name: String
        package var isEnabled: Bool

        package init(id: TopicID, name: String, isEnabled: Bool) {
            self.id = id
            self.name = name
            self.isEnabled = isEnabled
        }
    }

    package var accountName: String
    /// What Freshchat calls the account; `nil` if it doesn't say.
    package var identity: RemoteIdentity?
    package var topics: [Topic]

    package init(accountName: String, identity: RemoteIdentity? = nil, topics: [Topic]) {
        self.accountName = accountName
        self.identity = identity
        self.topics = topics
    }
}
