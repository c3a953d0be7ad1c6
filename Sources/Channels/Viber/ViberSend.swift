import FoundationEssentials
package import RelayCore

extension Viber {
    /// Long enough for a slow answer: an attempt that times out is in doubt.
    private static let sendTimeout: Duration = .seconds(20)

    /// Texts of what Viber takes at once. Parts share one where they fit; a link is cut only when it alone is too long.
    ///
    /// Without control characters, which take six bytes each in JSON, no text of the permitted length reaches Viber's other
    /// limit, 30 kB for the whole request (viber.md §1): a UTF-16 unit takes three bytes at most.
    package func pieces(of message: Message, account: ChannelAccount) -> [Message] {
        var texts: [String] = []
        var room = 0
        for part in message.parts where !part.isBlank {
            guard texts.count <= Message.mostPieces else { break }
            let text = part.plainText.withoutControlCharacters()
            let length = text.utf16.count
            if length < room {
                texts[texts.count - 1] += "\n" + text
                room -= length + 1
            } else {
                texts += text.pieces(limit: ViberSettings.textLimit)
                room = ViberSettings.textLimit - length
            }
        }
        return texts.prefix(Message.mostPieces + 1).map { Message(text: $0, sentAt: message.sentAt) }
    }

    package func send(
        _ piece: OutboundPiece, account: ChannelAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ChannelMessageID? {
        let settings = ViberSettings(account)
        let body = ViberText(
            receiver: piece.to.rawValue, sender: settings.sender(named: piece.senderName),
            trackingData: piece.idempotencyKey, text: piece.message.plainText)
        do {
            let reply = try await ViberAPI(settings: settings, http: http)
                .call("send_message", body, timeout: Self.sendTimeout)
            return reply.messageToken.map { ChannelMessageID($0) }
        } catch {
            throw DeliveryFailure(error, hiding: settings.token, now: piece.now)
        }
    }
}

/// viber.md §5.1.
private struct ViberText: Encodable {
    var receiver: String
    var sender: ViberSender
    /// Comes back with the customer's next message. No idempotency key: Viber has none (viber.md §6).
    var trackingData: String
    var text: String
    var type = "text"
    /// Any client shows it.
    var minAPIVersion = 1

    private enum CodingKeys: String, CodingKey {
        case receiver, sender, text, type
        case trackingData = "tracking_data"
        case minAPIVersion = "min_api_version"
    }
}

/// viber.md §5.
struct ViberSender: Encodable {
    var name: String
    /// Left out when there is none.
    var avatar: String?
}

extension ViberSettings {
    /// - Parameter name: the agent's; on one line and cut to what Viber takes. Without it the configured one.
    func sender(named name: String?) -> ViberSender {
        let names = [name, senderName].compactMap { $0?.asName }
        let chosen = names.first.map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") } ?? "Agent"
        return ViberSender(name: chosen.truncated(to: Self.nameLimit), avatar: senderAvatar)
    }
}
