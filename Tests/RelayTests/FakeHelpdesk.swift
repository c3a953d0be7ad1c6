import FoundationEssentials
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization

/// A helpdesk that remembers what it was given.
struct FakeHelpdesk: Helpdesk {
    let name = "Desk"
    let posted = Log<InboundPiece>()
    let notes = Log<String>()
    let lookedUp = Log<String>()
    /// Whether there is a user before the first message.
    var knowsUser = false
    var answer: @Sendable (InboundPiece, Int) async -> DeliveryFailure? = { _, _ in nil }
    var reference: String?
    /// From when on a conversation's messages were asked for.
    let asked = Log<Date>()
    let updated = Log<ProfileUpdate>()
    var profileAnswer: @Sendable (ProfileUpdate, Int) async -> Result<ProfileOutcome, DeliveryFailure> = { _, _ in
        .success(.written(without: []))
    }
    var history: @Sendable (Int) async -> Result<ConversationHistory?, DeliveryFailure> = { _ in .success(nil) }

    func readWebhook(
        _ request: WebhookRequest, account: HelpdeskAccount
    ) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        // The key stands for a signature by it.
        let key = request.headers[Self.signature] ?? ""
        guard key == account.webhookPublicKey else { throw WebhookRefusal(.notGenuine, "not signed") }
        return try Self.reading(request)
    }

    static let signature = HTTPField.Name.authorization

    private static func reading(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        if request.body.isEmpty { throw WebhookRefusal(.malformed, "empty") }
        // "topic/actor/text"
        let words = String(decoding: request.body, as: UTF8.self).split(separator: "/").map(String.init)
        return WebhookReading(events: [
            HelpdeskEvent(
                dedupeKey: DedupeKey(words[2]), topic: TopicID(words[0]),
                content: .message(
                    HelpdeskMessage(
                        id: HelpdeskMessageID(words[2]), conversation: "conversation-1", user: "user-1",
                        reference: "fake:anna", actor: .init(rawValue: words[1]) ?? .system, actorID: "agent-1",
                        isPrivate: false, message: Message(text: words[2]))))
        ])
    }

    func readProductEvent(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        try Self.reading(request)
    }

    func pieces(of message: Message, account: HelpdeskAccount) -> [Message] {
        message.plainText.split(separator: "|").map { Message(text: String($0)) }
    }

    func post(
        _ piece: InboundPiece, account: HelpdeskAccount, over http: any HTTPSender, keeper: any MappingKeeper
    ) async throws(DeliveryFailure) -> HelpdeskMessageID? {
        let number = posted.add(piece)
        if let failure = await answer(piece, number) { throw failure }
        if piece.user == nil {
            try await keeper.found(user: "user-1", written: knowsUser ? nil : piece.profile)
        }
        if piece.conversation == nil { try await keeper.found(conversation: "conversation-1") }
        return HelpdeskMessageID("posted-\(number)")
    }

    func update(
        _ update: ProfileUpdate, channelName: String, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ProfileOutcome {
        try await profileAnswer(update, updated.add(update)).get()
    }

    func note(
        _ text: String, in conversation: HelpdeskConversationID, doubt: Doubt?, isKnown: @escaping KnownMessages,
        account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> HelpdeskMessageID? {
        HelpdeskMessageID("note-\(notes.add(text))")
    }

    func firstName(
        of agent: AgentID, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> String? {
        _ = lookedUp.add(agent.rawValue)
        return "Denise"
    }

    func reference(
        of conversation: HelpdeskConversationID, user: HelpdeskUserID?, account: HelpdeskAccount,
        over http: any HTTPSender
    ) async throws(DeliveryFailure) -> String? {
        reference
    }

    func messages(
        in conversation: HelpdeskConversationID, since: Date, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationHistory? {
        try await history(asked.add(since)).get()
    }

    func check(_ account: HelpdeskAccount, over http: any HTTPSender) async throws(SetupFailure) -> HelpdeskCheck {
        HelpdeskCheck(accountName: "Desk account", topics: [.init(id: "topic-1", name: "Fake", isEnabled: true)])
    }
}
