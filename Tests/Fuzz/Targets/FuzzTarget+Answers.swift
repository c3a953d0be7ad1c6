import Channels
import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore

extension FuzzTarget {
    /// The answers of Viber's and Freshchat's APIs, to each call that there is.
    ///
    /// The input is a byte that chooses the call, then the answers in their order, with a byte 0x1E between them: the status in
    /// digits on the first line, `Name: value` lines, an empty line, and the body. When they are used up, no answer comes.
    static let answers = FuzzTarget(name: "answers", longest: 8192) { input in
        guard let first = input.first else { return }
        let service = AnsweringService(Array(input.dropFirst()))
        let calls = Call.allCases
        let call = calls[Int(first) % calls.count]
        try call.check(service)
        try hold(service.exchanges.count <= 300, "no answer keeps a call going for ever")
    }

    /// One call of an adapter. In doubt: an earlier attempt has an unknown outcome.
    enum Call: CaseIterable {
        case post, postToNewcomer, postInDoubt, note, noteInDoubt, firstName, reference, messages, checkFreshchat
        case send, checkViber, register, unregister

        func check(_ service: AnsweringService) throws(BrokenProperty) {
            switch self {
            case .post, .postToNewcomer, .postInDoubt, .note, .noteInDoubt, .send:
                let delivered = try attempt(service) { () async throws(DeliveryFailure) in try await deliver(service) }
                try hold(
                    !delivered || service.exchanges.contains(where: keepsPromise),
                    "only an answer with the promised content counts as delivered")
            case .firstName, .reference, .messages:
                _ = try attempt(service) { () async throws(DeliveryFailure) in try await read(service) }
            case .checkFreshchat, .checkViber, .register, .unregister:
                let failure = waitFor { () async -> SetupFailure? in
                    do throws(SetupFailure) {
                        try await setUp(service)
                        return nil
                    } catch { return error }
                }
                guard let failure else { return }
                try hold(!failure.problem.isEmpty && !failure.remedy.isEmpty, "a failure says what to do")
                try checkWords(failure.description)
            }
        }

        /// - Returns: whether it succeeded.
        private func attempt(
            _ service: AnsweringService, _ body: @escaping @Sendable () async throws(DeliveryFailure) -> Void
        ) throws(BrokenProperty) -> Bool {
            let failure = waitFor { () async -> DeliveryFailure? in
                do throws(DeliveryFailure) {
                    try await body()
                    return nil
                } catch { return error }
            }
            guard let failure else { return true }
            try hold(!failure.reason.isEmpty, "a failure has a reason")
            try checkWords(failure.description)
            let day = 86_400.0
            switch failure.remedy {
            case .retry(let after?):
                try hold((.zero ... .seconds(day)).contains(after), "a wait is between 0 and a day")
            case .slowDown(let until), .wait(let until), .waitForContact(let until):
                let wait = until.timeIntervalSince(WebhookFront.noon)
                try hold(wait >= 0 && wait <= day, "a wait is between 0 and a day")
            case .retry(nil), .pause, .register, .giveUp: break
            }
            return false
        }

        private func checkWords(_ words: String) throws(BrokenProperty) {
            try hold(
                !words.contains(WebhookFront.token) && !words.contains(freshchatToken),
                "a secret that an answer repeats is not told")
        }

        /// Whether this is the answer that tells of a message that is there.
        private func keepsPromise(_ exchange: AnsweringService.Exchange) -> Bool {
            guard exchange.reply.status.kind == .successful, let body = JSONFields(exchange.reply.body) else {
                return false
            }
            switch self {
            case .send: return body.integer("status") == 0
            case .postInDoubt where exchange.method == .get, .noteInDoubt where exchange.method == .get:
                // It is found among the messages of the conversation.
                return true
            default:
                return exchange.method == .post
                    && (body.word("id") ?? body.word("message_id") ?? body.word("conversation_id")) != nil
            }
        }
    }
}

private let freshchatToken = "eyJhbGciOiJIUzI1NiJ9.fuzz.8d1f0b7c6a5e4d3c"

extension FuzzTarget.Call {
    private static let account = HelpdeskAccount(
        baseURL: "https://a.example/v2", token: Secret(freshchatToken))

    private func deliver(_ service: AnsweringService) async throws(DeliveryFailure) {
        let helpdesk = FreshchatHelpdesk(now: { WebhookFront.noon })
        let doubt = Doubt(
            since: WebhookFront.noon.addingTimeInterval(-60), endedAt: WebhookFront.noon.addingTimeInterval(-50))
        switch self {
        case .note, .noteInDoubt:
            _ = try await helpdesk.note(
                "A note", in: "c", doubt: self == .noteInDoubt ? doubt : nil, isKnown: { _ in false },
                account: Self.account, over: service)
        case .send:
            let piece = OutboundPiece(
                message: Message(text: "Hello"), to: "u", senderName: "Anna", idempotencyKey: "k",
                now: WebhookFront.noon)
            _ = try await Viber().send(piece, account: WebhookFront.account, over: service)
        default:
            let isNew = self == .postToNewcomer
            let piece = InboundPiece(
                message: Message(text: "Hello"), profile: ContactProfile(userID: "u", name: "Olena"),
                reference: Reference("viber:u"), topic: "t", channelName: "Viber", user: isNew ? nil : "user",
                conversation: isNew ? nil : "c", doubt: self == .postInDoubt ? doubt : nil, isKnown: { _ in false })
            _ = try await helpdesk.post(piece, account: Self.account, over: service, keeper: Forgetful())
        }
    }

    private func read(_ service: AnsweringService) async throws(DeliveryFailure) {
        let helpdesk = FreshchatHelpdesk(now: { WebhookFront.noon })
        switch self {
        case .firstName: _ = try await helpdesk.firstName(of: "agent", account: Self.account, over: service)
        case .reference:
            _ = try await helpdesk.lookUp("c", user: nil, account: Self.account, over: service)
        default:
            _ = try await helpdesk.messages(
                in: "c", since: WebhookFront.noon.addingTimeInterval(-3600), account: Self.account, over: service)
        }
    }

    private func setUp(_ service: AnsweringService) async throws(SetupFailure) {
        switch self {
        case .checkFreshchat:
            _ = try await FreshchatHelpdesk(now: { WebhookFront.noon }).check(Self.account, over: service)
        case .checkViber: _ = try await Viber().check(WebhookFront.account, over: service)
        case .register:
            try await Viber().register(
                targetURL: "https://b.example/hook/t", account: WebhookFront.account, over: service)
        default: try await Viber().unregister(account: WebhookFront.account, over: service)
        }
    }
}

private struct Forgetful: MappingKeeper {
    func aboutToCreateUser(_ reference: Reference) async throws(DeliveryFailure) {}
    func found(user: HelpdeskUserID, written: ContactProfile?) async throws(DeliveryFailure) {}
    func found(conversation: HelpdeskConversationID) async throws(DeliveryFailure) -> Bool { true }
}
