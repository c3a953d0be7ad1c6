import FoundationEssentials
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization

/// A channel whose sends are answered by the test.
struct FakeChannel: WebhookRegistering {
    let sent = Log<OutboundPiece>()
    let registered = Log<String>()
    var isIdempotent = false
    /// `nil`: taken.
    var answer: @Sendable (OutboundPiece, Int) async -> DeliveryFailure? = { _, _ in nil }
    var registration: SetupFailure?

    var descriptor: ChannelDescriptor {
        ChannelDescriptor(kind: "fake", name: "Fake", fields: [], methods: [.post, .get], isIdempotent: isIdempotent)
    }

    func read(
        _ request: WebhookRequest, account: ChannelAccount
    ) throws(WebhookRefusal) -> WebhookReading<ChannelEvent> {
        let text = String(decoding: request.body, as: UTF8.self)
        if text == "forged" { throw WebhookRefusal(.notGenuine, "not signed") }
        // “bert/hello” is written by bert; who isn't named is anna.
        let user = text.split(separator: "/").first.flatMap { text.contains("/") ? String($0) : nil } ?? "anna"
        let profile = ContactProfile(userID: ChannelUserID(user), name: user.capitalized)
        return WebhookReading(
            events: [
                ChannelEvent(
                    dedupeKey: DedupeKey(text),
                    content: text == "noise"
                        ? .ignored(reason: "noise")
                        : .message(
                            InboundMessage(from: profile, message: Message(text: text), id: ChannelMessageID(text))))
            ],
            response: text == "hello?" ? .text(.ok, "welcome") : nil)
    }

    func pieces(of message: Message, account: ChannelAccount) -> [Message] {
        message.plainText.split(separator: "|").map { Message(text: String($0)) }
    }

    func send(
        _ piece: OutboundPiece, account: ChannelAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ChannelMessageID? {
        let number = sent.add(piece)
        if let failure = await answer(piece, number) { throw failure }
        return ChannelMessageID("sent-\(number)")
    }

    func check(_ account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) -> ChannelCheck {
        ChannelCheck(accountName: "Fake account")
    }

    func register(
        targetURL: String, account: ChannelAccount, over http: any HTTPSender
    ) async throws(SetupFailure) {
        if let registration { throw registration }
        _ = registered.add(targetURL)
    }

    func unregister(account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) {}
}
