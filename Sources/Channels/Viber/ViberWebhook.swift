import Crypto
import FoundationEssentials
import HTTPTypes
package import RelayCore

extension HTTPField.Name {
    // A constant of letters and dashes is always a field name.
    static let viberContentSignature = HTTPField.Name("X-Viber-Content-Signature")!
}

extension Viber {
    /// Viber posts one event a call (viber.md §3).
    package func read(
        _ request: WebhookRequest, account: ChannelAccount
    ) throws(WebhookRefusal) -> WebhookReading<ChannelEvent> {
        guard request.method == .post else {
            throw WebhookRefusal(.malformed, "Viber's callbacks are POST requests")
        }
        let settings = ViberSettings(account)
        try verify(request, token: settings.token)
        guard let callback = JSONFields(request.body).map(ViberCallback.init) else {
            throw WebhookRefusal(.malformed, "the body is not a JSON object")
        }
        guard let name = callback.event else {
            throw WebhookRefusal(.malformed, "the body names no event")
        }
        let event = ViberEvent(name: name, callback: callback, request: request)
        return WebhookReading(
            events: [ChannelEvent(dedupeKey: event.dedupeKey, content: event.content)],
            response: name == "conversation_started" ? settings.welcome : nil)
    }

    /// HMAC-SHA256 over the raw bytes with the token as key, in hexadecimal digits (viber.md §4). Digits of either case
    /// are the same bytes. The old `?sig=` is not looked at.
    private func verify(_ request: WebhookRequest, token: Secret) throws(WebhookRefusal) {
        guard !token.isEmpty else {
            throw WebhookRefusal(.notReady, "this installation has no Viber token")
        }
        guard let header = request.headers[.viberContentSignature] else {
            throw WebhookRefusal(.notGenuine, "the signature is missing")
        }
        let isGenuine =
            [UInt8](hexadecimal: header.trimmingWhiteSpace()).map { signature in
                signature.count == SHA256.byteCount
                    && HMAC<SHA256>.isValidAuthenticationCode(
                        signature, authenticating: request.body, using: SymmetricKey(data: Array(token.reveal().utf8)))
            } ?? false
        guard isGenuine else {
            throw WebhookRefusal(.notGenuine, "the signature doesn't match the body")
        }
    }
}

/// One callback on its way to a ``ChannelEvent``.
private struct ViberEvent {
    var name: String
    var callback: ViberCallback
    var request: WebhookRequest

    private var userID: String? { callback.sender?.id ?? callback.user?.id ?? callback.userID }

    /// Event, message and user (viber.md §8): a receipt carries the token of the message it is about, and one is sent for
    /// each device. Viber repeats a call with the same bytes, so they stand in for a token that is missing.
    var dedupeKey: DedupeKey { DedupeKey("\(name):\(token):\(userID ?? "")") }

    private var token: String { callback.messageToken ?? "sha256-" + digest }

    private var digest: String {
        SHA256.hash(data: request.body).hexadecimal
    }

    var content: ChannelEvent.Content {
        switch name {
        case "message": message
        case "delivered": receipt(.delivered)
        case "seen": receipt(.read)
        case "failed": receipt(.failed)
        case "conversation_started": subscription(.opened)
        case "subscribed": subscription(.subscribed)
        case "unsubscribed": subscription(.unsubscribed)
        case "webhook": .ignored(reason: "Viber's test of the webhook URL")
        case "client_status", "action": .ignored(reason: "unused Viber event: \(name)")
        default: .ignored(reason: "unknown Viber event: \(name.truncated(to: 64))")
        }
    }

    private var message: ChannelEvent.Content {
        guard let profile else { return .ignored(reason: "Viber's message doesn't say who wrote it") }
        let message = Message(parts: callback.message?.parts ?? [.unsupported(kind: "unknown")], sentAt: time)
        guard !message.isBlank else { return .ignored(reason: "the message is empty") }
        return .message(InboundMessage(from: profile, message: message, id: ChannelMessageID(token)))
    }

    private func receipt(_ state: Receipt.State) -> ChannelEvent.Content {
        guard let token = callback.messageToken else {
            return .ignored(reason: "Viber's receipt doesn't say for which message")
        }
        return .receipt(
            Receipt(
                messageID: ChannelMessageID(token), state: state, at: time,
                reason: state == .failed ? callback.failureText?.truncated(to: 500) : nil))
    }

    private func subscription(_ kind: SubscriptionChange.Kind) -> ChannelEvent.Content {
        guard let profile else { return .ignored(reason: "Viber's event \(name) doesn't say whom it is about") }
        return .subscription(SubscriptionChange(user: profile, kind: kind, at: time))
    }

    private var profile: ContactProfile? {
        guard let userID else { return nil }
        let user = callback.sender ?? callback.user
        return ContactProfile(
            userID: ChannelUserID(userID), name: user?.name, avatarURL: user?.avatar, language: user?.language,
            country: user?.country)
    }

    /// Viber's time in milliseconds, or ours where it can't be one: in old payloads the message's token stands in its
    /// place (viber.md §2.1).
    private var time: Date {
        // From Viber's first year to the year 2100.
        let plausible: Range<Int64> = 1_262_304_000_000..<4_102_444_800_000
        guard let milliseconds = callback.timestamp, plausible.contains(milliseconds) else { return request.receivedAt }
        return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
    }
}

extension ViberSettings {
    /// The answer to `conversation_started` that Viber shows as the bot's first message (viber.md §3.2).
    fileprivate var welcome: WebhookResponse? {
        guard let welcomeMessage,
            let body = viberJSON(
                ViberWelcome(sender: sender(named: nil), text: welcomeMessage.truncated(to: Self.textLimit)))
        else { return nil }
        return .json(.ok, body)
    }
}

private struct ViberWelcome: Encodable {
    var type = "text"
    var sender: ViberSender
    var text: String
}
