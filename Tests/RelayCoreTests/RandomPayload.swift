import Foundation
import RelayCore
import RelayTesting

/// Payloads with every kind of part and texts that are hard to write.
enum RandomPayload {
    static func make(using random: inout SeededGenerator) -> Payload {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: .note(text: text(&random), conversation: .init(text(&random)))
        case 1...3:
            .reply(
                HelpdeskMessage(
                    id: .init(text(&random)), conversation: .init(text(&random)),
                    user: maybe(&random) { .init(text(&$0)) }, reference: maybe(&random, text),
                    actor: [.user, .agent, .bot, .system].randomElement(using: &random) ?? .agent,
                    actorID: maybe(&random) { .init(text(&$0)) }, actorName: maybe(&random, text),
                    isPrivate: .random(using: &random), message: message(&random)))
        default:
            .message(
                InboundPayload(
                    id: .init(text(&random)),
                    profile: ContactProfile(
                        userID: .init(text(&random)), name: maybe(&random, text), avatarURL: maybe(&random, text),
                        language: maybe(&random, text), country: maybe(&random, text),
                        phoneNumber: maybe(&random, text)),
                    message: message(&random)))
        }
    }

    private static let hard = ["/", "\\", "\"", "\u{7f}", "\u{2028}", "\r\n", "{", ",", "é", "👋🏽"]

    /// Any scalars, those that are escaped above all.
    static func text(_ random: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: text += hard.randomElement(using: &random) ?? ""
            case 1: text.unicodeScalars.append(Unicode.Scalar(UInt8.random(in: 0..<0x20, using: &random)))
            case 2: text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &random)) ?? "?")
            default: text.unicodeScalars.append(Unicode.Scalar(UInt8.random(in: 0x20..<0x7F, using: &random)))
            }
        }
        return text
    }

    private static func message(_ random: inout SeededGenerator) -> Message {
        let parts = (0..<Int.random(in: 0...3, using: &random)).map { _ in part(&random) }
        return Message(
            parts: parts,
            sentAt: maybe(&random) { Date(timeIntervalSinceReferenceDate: number(&$0)) })
    }

    private static func part(_ random: inout SeededGenerator) -> Part {
        switch Int.random(in: 0..<7, using: &random) {
        case 0: .text(text(&random))
        case 1:
            .attachment(
                Attachment(
                    kind: [.image, .video, .audio, .file, .sticker].randomElement(using: &random) ?? .file,
                    url: maybe(&random, text), name: maybe(&random, text), contentType: maybe(&random, text),
                    byteCount: maybe(&random) { .random(in: .min ... .max, using: &$0) }, caption: maybe(&random, text),
                    thumbnailURL: maybe(&random, text), seconds: maybe(&random, number)))
        case 2:
            .location(Location(latitude: number(&random), longitude: number(&random), label: maybe(&random, text)))
        case 3: .card(ContactCard(name: maybe(&random, text), phoneNumber: maybe(&random, text)))
        case 4: .link(url: text(&random), label: maybe(&random, text))
        case 5: .choice(label: text(&random), value: maybe(&random, text))
        default: .unsupported(kind: text(&random))
        }
    }

    private static func number(_ random: inout SeededGenerator) -> Double {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: return Double(Int.random(in: -200...200, using: &random))
        case 1: return Double(Int64.random(in: 0...1_700_000_000_000, using: &random)) / 1000
        case 2: return .random(in: -180...180, using: &random)
        default:
            let any = Double(bitPattern: .random(in: .min ... .max, using: &random))
            return any.isFinite ? any : 0
        }
    }

    private static func maybe<Value>(
        _ random: inout SeededGenerator, _ value: (inout SeededGenerator) -> Value
    ) -> Value? {
        Bool.random(using: &random) ? value(&random) : nil
    }
}
