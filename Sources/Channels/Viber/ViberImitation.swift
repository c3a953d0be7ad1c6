import Crypto
package import FoundationEssentials
import HTTPTypes
package import RelayCore

extension Viber: WebhookImitating {
    /// A text, as Viber posts it (viber.md §3, §4).
    package func imitate(_ message: IncomingMessage, account: ChannelAccount, now: Date) -> ImitatedWebhook? {
        let settings = ViberSettings(account)
        let milliseconds = Int64(now.timeIntervalSince1970 * 1000)
        guard !settings.token.isEmpty, let token = UInt64(message.id.rawValue),
            let body = viberJSON(
                ImitatedCallback(
                    timestamp: milliseconds, messageToken: token,
                    sender: .init(id: message.from.userID.rawValue, name: message.from.name ?? ""),
                    message: .init(text: message.message.plainText)))
        else { return nil }
        let signature = HMAC<SHA256>.authenticationCode(
            for: body, using: SymmetricKey(data: Array(settings.token.reveal().utf8)))
        let digits = signature.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return ImitatedWebhook(
            headers: [.contentType: "application/json", .viberContentSignature: digits], body: body)
    }
}

private struct ImitatedCallback: Encodable {
    struct Sender: Encodable {
        var id: String
        var name: String
    }

    struct Content: Encodable {
        var type = "text"
        var text: String
    }

    var event = "message"
    var timestamp: Int64
    var messageToken: UInt64
    var sender: Sender
    var message: Content

    private enum CodingKeys: String, CodingKey {
        case event, timestamp, sender, message
        case messageToken = "message_token"
    }
}
