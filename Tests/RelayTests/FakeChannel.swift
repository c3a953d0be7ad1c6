import FoundationEssentials
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization

/// A channel whose sends are answered by the test.
struct FakeChannel: WebhookRegistering {
    let sent = Log<OutboundPiece>()
    let registered = Log<String>()
    let unregistered = Log<ChannelAccountID>()
    var kind: ChannelKind = "fake"
    var form = Reference.Form.user
    /// What the channel calls the account of a token; `nil`: it doesn't say.
    var identify: @Sendable (Secret?) throws(SetupFailure) -> RemoteIdentity? = { _ throws(SetupFailure) in nil }
    var addresses = [AddressOffer(.only)]
    var isIdempotent = false
    /// `nil`: taken.
    var answer: @Sendable (OutboundPiece, Int) async -> DeliveryFailure? = { _, _ in nil }
    var registration: SetupFailure?

    var descriptor: ChannelDescriptor {
        ChannelDescriptor(
            kind: kind, name: "Fake",
            fields: [
                SettingField(key: "token", label: "Token", help: "", isSecret: true),
                SettingField(key: "greeting", label: "Greeting", help: "", isRequired: false) {
                    $0 == "bad" ? "a bad greeting" : nil
                },
            ], methods: [.post, .get], referenceForm: form, isIdempotent: isIdempotent)
    }

    func read(
        _ request: WebhookRequest, account: ChannelAccount
    ) throws(WebhookRefusal) -> WebhookReading<ChannelEvent> {
        var text = String(decoding: request.body, as: UTF8.self)
        if text == "forged" { throw WebhookRefusal(.notGenuine, "not signed") }
        // “sales@bert/hello” is for the address “sales”.
        var address = Address.only
        if let end = text.firstIndex(of: "@") {
            address = Address(String(text[..<end]))
            text = String(text[text.index(after: end)...])
        }
        // “bert/hello” is written by bert; who isn't named is anna.
        let user = text.split(separator: "/").first.flatMap { text.contains("/") ? String($0) : nil } ?? "anna"
        let profile = ContactProfile(userID: ChannelUserID(user), name: user.capitalized)
        let content: ChannelEvent.Content
        if text == "noise" {
            content = .ignored(reason: "noise")
        } else if text.hasPrefix("read ") {
            // “read sent-1”
            let id = ChannelMessageID(String(text.dropFirst("read ".count)))
            content = .receipt(Receipt(messageID: id, state: .read, at: request.receivedAt, reason: nil))
        } else {
            content = .message(
                InboundMessage(from: profile, message: Message(text: text), id: ChannelMessageID(text)))
        }
        return WebhookReading(
            events: [
                ChannelEvent(dedupeKey: DedupeKey("\(address)@\(text)"), address: address, content: content)
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
        ChannelCheck(
            accountName: "Fake account", identity: try identify(account.secrets["token"]), addresses: addresses)
    }

    func register(
        targetURL: String, account: ChannelAccount, over http: any HTTPSender
    ) async throws(SetupFailure) {
        if let registration { throw registration }
        _ = registered.add(targetURL)
    }

    func unregister(account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) {
        _ = unregistered.add(account.id)
    }
}
