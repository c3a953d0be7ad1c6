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

/// Remembers, durably, whom and what a customer is in Freshchat.
package protocol MappingKeeper: Sendable {
    /// Called before a user is created: waits until no other worker creates one with the same reference, or fails for now.
    func aboutToCreateUser(_ reference: Reference) async throws(DeliveryFailure)
    /// - Parameter written: what the user was created with just now; `nil` for one that was there already.
    func found(user: HelpdeskUserID, written: ContactProfile?) async throws(DeliveryFailure)
    /// - Returns: whether it may be used; `false` if it is another installation's.
    func found(conversation: HelpdeskConversationID) async throws(DeliveryFailure) -> Bool
}
