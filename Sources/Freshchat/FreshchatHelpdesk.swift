package import FoundationEssentials
package import RelayCore

/// Freshdesk Messaging (Freshchat) as the agents' side.
///
/// It keeps nothing but the public keys that it has read and what it knows of Freshchat's clock: whom and what a customer is in Freshchat is the store's to
/// know.
package struct FreshchatHelpdesk: Helpdesk {
    package let name = "Freshchat"
    let keys = WebhookKeyCache()
    private let serverClock = ServerClock()
    private let now: @Sendable () -> Date

    /// - Parameter now: our clock, for the waits that Freshchat names as instants.
    package init(now: @escaping @Sendable () -> Date = { Date() }) {
        self.now = now
    }

    /// Everything as text, cut at the account's limit. The text goes out as the customer typed it, except for control
    /// characters: nothing is escaped.
    package func pieces(of message: Message, account: HelpdeskAccount) -> [Message] {
        message.plainText.withoutControlCharacters().pieces(limit: max(1, account.textLimit))
            .map { Message(text: $0, sentAt: message.sentAt) }
    }

    package func post(
        _ piece: InboundPiece, account: HelpdeskAccount, over http: any HTTPSender, keeper: any MappingKeeper
    ) async throws(DeliveryFailure) -> HelpdeskMessageID? {
        do {
            return try await Posting(client: client(account, http), piece: piece, keeper: keeper).run()
        } catch {
            throw error.failure
        }
    }

    package func update(
        _ update: ProfileUpdate, channelName: String, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ProfileOutcome {
        do {
            return try await ProfileWriting(client: client(account, http), update: update, channelName: channelName)
                .run()
        } catch {
            throw error.failure
        }
    }

    package func note(
        _ text: String, in conversation: HelpdeskConversationID, doubt: Doubt?, isKnown: @escaping KnownMessages,
        account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> HelpdeskMessageID? {
        do {
            return try await client(account, http).leaveNote(text, in: conversation, doubt: doubt, isKnown: isKnown)
        } catch {
            throw error.failure
        }
    }

    package func firstName(
        of agent: AgentID, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> String? {
        do {
            return try await client(account, http).firstName(of: agent)
        } catch {
            throw error.failure
        }
    }

    package func lookUp(
        _ conversation: HelpdeskConversationID, user: HelpdeskUserID?, account: HelpdeskAccount,
        over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationFacts? {
        let client = client(account, http)
        do {
            guard let found = try await client.conversation(conversation) else { return nil }
            let user = found.user ?? user
            var reference: Reference?
            if let user { reference = try await client.user(user)?.reference.map { Reference($0) } }
            return ConversationFacts(topic: found.topic, user: user, reference: reference)
        } catch {
            throw error.failure
        }
    }

    package func messages(
        in conversation: HelpdeskConversationID, since: Date, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationHistory? {
        do {
            return try await client(account, http).history(of: conversation, since: since)
        } catch {
            throw error.failure
        }
    }

    package func check(
        _ account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(SetupFailure) -> HelpdeskCheck {
        try await AccountCheck(client: client(account, http)).run()
    }

    package func readWebhook(
        _ request: WebhookRequest, account: HelpdeskAccount
    ) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        try WebhookSignature.verify(request, texts: account.publicKeys, keys: keys)
        return try ConversationWebhook.read(request)
    }

    package func readProductEvent(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        try ProductEvent.read(request)
    }

    private func client(_ account: HelpdeskAccount, _ http: any HTTPSender) -> FreshchatClient {
        FreshchatClient(account: account, http: http, now: now, serverClock: serverClock)
    }
}
