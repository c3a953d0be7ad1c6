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
    /// The tokens that posts and notes were made with.
    let tokens = Log<String>()
    let asksFor = Log<HelpdeskConversationID>()
    /// Whom and what a post is for in the helpdesk.
    var places: @Sendable (InboundPiece) -> (HelpdeskUserID, HelpdeskConversationID) = { _ in
        ("user-1", "conversation-1")
    }
    let created = Log<Reference>()
    var identify: @Sendable (Secret) -> RemoteIdentity? = { _ in nil }
    var topics: [TopicID] = ["topic-1"]
    /// What the helpdesk knows of a conversation, instead of one on `topic-1` with ``reference``.
    var facts: (@Sendable (HelpdeskConversationID) throws(DeliveryFailure) -> ConversationFacts?)?
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
        guard key.isEmpty ? account.publicKeys.isEmpty : account.publicKeys.contains(key) else {
            throw WebhookRefusal(.notGenuine, "not signed")
        }
        return try Self.reading(request)
    }

    static let signature = HTTPField.Name.authorization

    private static func reading(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        if request.body.isEmpty { throw WebhookRefusal(.malformed, "empty") }
        // "topic/actor/text", then perhaps "/conversation/user/reference"; "-" for what isn't told
        let words = String(decoding: request.body, as: UTF8.self).split(separator: "/").map(String.init)
        func word(_ index: Int, _ usual: String) -> String? {
            let word = index < words.count ? words[index] : usual
            return word == "-" ? nil : word
        }
        return WebhookReading(events: [
            HelpdeskEvent(
                dedupeKey: DedupeKey(words[2]), topic: word(0, "").map { TopicID($0) },
                content: .message(
                    HelpdeskMessage(
                        id: HelpdeskMessageID(words[2]),
                        conversation: HelpdeskConversationID(word(3, "conversation-1") ?? ""),
                        user: word(4, "user-1").map { HelpdeskUserID($0) }, reference: word(5, "fake:anna"),
                        actor: .init(rawValue: words[1]) ?? .system, actorID: "agent-1", isPrivate: false,
                        message: Message(text: words[2]))))
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
        let (user, conversation) = places(piece)
        if piece.user == nil { try await keeper.aboutToCreateUser(piece.reference) }
        let number = posted.add(piece)
        _ = tokens.add(account.token.reveal())
        if let failure = await answer(piece, number) { throw failure }
        if piece.user == nil {
            if !created.all.contains(piece.reference) {
                // Long enough for others to come in between.
                for _ in 0..<100 { await Task.yield() }
                _ = created.add(piece.reference)
            }
            try await keeper.found(user: user, written: knowsUser ? nil : piece.profile)
        }
        if piece.conversation == nil, try await !keeper.found(conversation: conversation) {
            // It opens another one.
            _ = try await keeper.found(conversation: HelpdeskConversationID("opened-\(number)"))
        }
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
        _ = tokens.add(account.token.reveal())
        return HelpdeskMessageID("note-\(notes.add(text))")
    }

    func firstName(
        of agent: AgentID, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> String? {
        _ = lookedUp.add(agent.rawValue)
        return "Denise"
    }

    func lookUp(
        _ conversation: HelpdeskConversationID, user: HelpdeskUserID?, account: HelpdeskAccount,
        over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationFacts? {
        _ = asksFor.add(conversation)
        if let facts { return try facts(conversation) }
        return ConversationFacts(topic: "topic-1", user: user, reference: reference.map { Reference($0) })
    }

    func messages(
        in conversation: HelpdeskConversationID, since: Date, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationHistory? {
        try await history(asked.add(since)).get()
    }

    func check(_ account: HelpdeskAccount, over http: any HTTPSender) async throws(SetupFailure) -> HelpdeskCheck {
        HelpdeskCheck(
            accountName: "Desk account", identity: identify(account.token),
            topics: topics.map { .init(id: $0, name: "The \($0)", isEnabled: true) })
    }
}
