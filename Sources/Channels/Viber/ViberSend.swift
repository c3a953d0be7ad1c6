import FoundationEssentials
package import RelayCore

extension Viber {
    /// Long enough for a slow answer: an attempt that times out is in doubt.
    private static let sendTimeout: Duration = .seconds(20)

    /// Texts of what Viber takes at once. Parts share one where they fit; a link is cut only when it alone is too long.
    package func pieces(of message: Message, account: ChannelAccount) -> [Message] {
        var texts: [String] = []
        for part in message.parts where !part.isBlank {
            let text = part.plainText
            if let last = texts.last, last.utf16.count + 1 + text.utf16.count <= ViberSettings.textLimit {
                texts[texts.count - 1] = last + "\n" + text
            } else {
                texts.append(text)
            }
        }
        return texts.flatMap(fitting).map { Message(text: $0, sentAt: message.sentAt) }.filter { !$0.isBlank }
    }

    /// Splits a text by both of Viber's limits: characters, and 30 kB for the whole request (viber.md §1). Only control
    /// characters, six bytes each in JSON, can break the second without the first.
    private func fitting(_ text: String) -> [String] {
        // Leaves 2000 bytes for the fields around the text.
        let byteLimit = 28_000
        return text.split(limit: ViberSettings.textLimit).flatMap { piece in
            let bytes = piece.utf8.reduce(0) { sum, byte in
                sum + (byte < 0x20 ? 6 : byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 2 : 1)
            }
            return bytes <= byteLimit ? [piece] : piece.split(limit: byteLimit / 6, counting: .utf8)
        }
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
        let names = [name, senderName].compactMap { $0?.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
        let chosen = names.first { !$0.isEmpty } ?? "Agent"
        return ViberSender(name: chosen.truncated(to: Self.nameLimit), avatar: senderAvatar)
    }
}
