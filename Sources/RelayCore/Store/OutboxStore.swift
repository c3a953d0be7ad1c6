package import FoundationEssentials

/// What the relay needs.
package protocol OutboxStore: Sendable {
    /// Takes the leases of up to `limit` ordering keys whose first waiting delivery is due, and records the start of an
    /// attempt for each. Paused installations and closed rate gates give nothing.
    ///
    /// Of a side whose ``Breaker`` is open one delivery at a time is given, and none while one is under way.
    ///
    /// - Parameter lease: for how long no other worker touches the key while this one lives, by the ``BootClock``.
    func claim(by worker: WorkerID, limit: Int, lease: Duration, now: Date) async throws(StoreFailure) -> [Claim]

    /// One piece is delivered and another follows: records it and starts the next attempt under the same lease.
    func advance(
        _ claim: Claim, delivered: PieceOutcome, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim

    /// The last piece is delivered. Takes the next delivery of the key along, with its attempt started, when one is due
    /// and its gate is open.
    ///
    /// - Parameters:
    ///   - delivered: `nil` if no piece was left to send: then the claim was no attempt.
    ///   - note: is put into the outbox by the same commit.
    func complete(
        _ claim: Claim, delivered: PieceOutcome?, note: NoteDraft?, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim?

    /// It goes back to wait, and gives the lease back. An attempt in doubt leaves the delivery in doubt; a claim that
    /// ``DeliveryFailure/sentNothing`` is no attempt.
    ///
    /// - Parameters:
    ///   - counting: whether the attempt counts towards giving up.
    ///   - wakesOnContact: whether it becomes due at once when the customer writes.
    /// - Returns: the breaker of that side, when this failure opened it.
    @discardableResult
    func retry(
        _ claim: Claim, after failure: DeliveryFailure, at: Date, counting: Bool, wakesOnContact: Bool, now: Date
    ) async throws(StoreFailure) -> OpenBreaker?

    /// It becomes a dead letter, and gives the lease back. The note, if any, is put into the outbox by the same commit,
    /// unless this delivery died before with the same ``DeliveryFailure/noteKey`` and left one.
    ///
    /// - Returns: whether the note was left.
    @discardableResult
    func markDead(
        _ claim: Claim, because failure: DeliveryFailure, note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> Bool

    /// It waits for a person, and gives the lease back. Nothing was sent: the claim is no attempt. The note is put into the
    /// outbox by the same commit.
    func hold(_ claim: Claim, reason: String, note: NoteDraft?, now: Date) async throws(StoreFailure)

    /// It turned out to be none of ours: a reply to somebody who isn't a contact. Discarded with the reason, and the
    /// lease is given back. Nothing was sent: the claim is no attempt.
    func dismiss(_ claim: Claim, reason: String, now: Date) async throws(StoreFailure)

    /// Gives the lease back with nothing sent: the attempt is struck out, as if it had not been claimed.
    func release(_ claim: Claim, now: Date) async throws(StoreFailure)

    /// Remembers the Freshchat user of the claim's contact.
    ///
    /// - Parameter written: what the user was created with; `nil` for one that was there already.
    func remember(
        user: HelpdeskUserID, written: ContactProfile?, for claim: Claim, now: Date
    ) async throws(StoreFailure)

    /// Remembers the current conversation of the claim's contact on the topic.
    ///
    /// - Throws: `conflict` if it is another installation's.
    func remember(
        conversation: HelpdeskConversationID, topic: TopicID, for claim: Claim, now: Date
    ) async throws(StoreFailure)

    /// Binds an outbound delivery without a contact to the one with this reference, created if need be, and its
    /// conversation too. The returned claim has the contact in it.
    func bind(
        _ claim: Claim, to user: ChannelUserID, reference: Reference, topic: TopicID, now: Date
    ) async throws(StoreFailure) -> Claim

    /// Keeps a reply whose files have been found, or given up on, in the form in which it is sent. The returned claim has
    /// that form. The note is put into the outbox by the same commit.
    func amend(
        _ claim: Claim, to reply: HelpdeskMessage, note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> Claim

    /// Nothing goes there before `until`, for whichever installation. A gate is only ever moved later by this.
    func closeGate(_ scope: GateScope, until: Date) async throws(StoreFailure)

    /// A service refused a credential: pauses its account, unless a spare credential takes over
    /// (``HelpdeskAccount/spareTokens``). An account that is paused keeps the reason it has.
    ///
    /// - Parameter account: with the credential that was refused. If another one is in its place by now, nothing changes.
    @discardableResult
    func refuse(_ account: UsedAccount, reason: String, now: Date) async throws(StoreFailure) -> AccountRefusal

    /// What Freshchat says of the conversation of a claim that is the helpdesk account's: finds its owner by ``ReplyOwner``.
    /// With one, the delivery is that installation's from now on, in its place in the order; with several it is held, an alarm
    /// is raised and a note is left; with none it is discarded. The lease is given back in any case.
    ///
    /// - Parameter found: `nil` if the conversation is gone.
    func settleOwner(
        _ claim: Claim, found: ConversationFacts?, routes: [Route], note: NoteDraft?, now: Date
    ) async throws(StoreFailure) -> ReplyOwner

    /// Takes the lock under which a Freshchat user with this reference is created, so that two installations don't create it
    /// twice. It ends with the claim's lease, however that ends.
    ///
    /// - Returns: whether this claim has it now.
    func lockUser(_ reference: Reference, for claim: Claim, now: Date) async throws(StoreFailure) -> Bool

    /// The breakers that are open now.
    func openBreakers() async throws(StoreFailure) -> [OpenBreaker]

    /// The delivery that became this message in Freshchat; `nil`: none that we know of.
    func delivery(
        thatBecame message: HelpdeskMessageID, of installation: InstallationID
    ) async throws(StoreFailure) -> DeliveryID?

    /// When the next waiting delivery that isn't leased becomes due, its gate considered; `nil`: nothing waits.
    func nextDue(now: Date) async throws(StoreFailure) -> Date?

    /// An agent's first name as remembered since `notBefore`. The outer `nil`: not remembered; the inner: there is none.
    func agentName(
        _ agent: AgentID, of installation: InstallationID, notBefore: Date
    ) async throws(StoreFailure) -> String??

    func remember(agent: AgentID, name: String?, of installation: InstallationID, now: Date) async throws(StoreFailure)
}

extension OutboxStore {
    /// The last piece is delivered, and there is nothing to tell the agents.
    package func complete(
        _ claim: Claim, delivered: PieceOutcome?, lease: Duration, now: Date
    ) async throws(StoreFailure) -> Claim? {
        try await complete(claim, delivered: delivered, note: nil, lease: lease, now: now)
    }
}

/// The service's answer to a piece.
package struct PieceOutcome: Hashable, Sendable {
    package enum MessageID: Hashable, Sendable {
        case channel(ChannelMessageID)
        case helpdesk(HelpdeskMessageID)
    }

    package var messageID: MessageID?

    package init(_ messageID: MessageID?) { self.messageID = messageID }
}

/// A private note that is to be left for the agents of a conversation.
package struct NoteDraft: Hashable, Sendable {
    package var text: String
    package var conversation: HelpdeskConversationID

    package init(text: String, conversation: HelpdeskConversationID) {
        self.text = text
        self.conversation = conversation
    }
}
