import FoundationEssentials
import RelayCore

/// A part of a message in the neutral form; one part of Freshchat's may be several of ours (freshchat.md §1.10).
///
/// Real payloads have other kinds' keys beside the real one with `null` as their value, attachments whose URL isn't
/// there yet, and kinds that no documentation lists. All of it can be read.
struct MessagePart: Decodable, Sendable {
    var parts: [Part]

    /// Containers stand in containers; nobody makes them as deep as this.
    private static let deepest = 64

    init(from decoder: any Decoder) throws {
        guard decoder.codingPath.count < Self.deepest else {
            parts = [.unsupported(kind: "nested too deep")]
            return
        }
        let object = try decoder.object()
        // The form of 2018: the kind is a value, not a key.
        if let kind = object.id("part_type") {
            parts = Self.read(kind.lowercased(), in: object, under: "properties") ?? [.unsupported(kind: kind)]
            return
        }
        parts = []
        var isKnown = false
        var strange: [String] = []
        for key in object.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) where !object.isNull(key) {
            if let read = Self.read(key.stringValue, in: object, under: key) {
                parts += read
                isKnown = true
            } else {
                strange.append(key.stringValue)
            }
        }
        if !isKnown, let kind = strange.first { parts = [.unsupported(kind: kind.truncated(to: 60))] }
        parts.removeAll(where: \.isBlank)
    }

    /// - Returns: `nil` for a kind that we don't know.
    private static func read(_ kind: String, in object: LenientObject, under key: AnyKey) -> [Part]? {
        let body = object.object(key)
        switch kind {
        case "text":
            return texts(object.text(key), body?.text("content"), body?.text("text"))
        case "email":
            return texts(body?.text("subject"), body?.text("content"))
        case "image":
            return [attachment(.image, body)]
        case "video":
            // There is no part for sound: it is sent as a video or as a file (freshchat.md §1.10).
            return [attachment(isSound(body) ? .audio : .video, body)]
        case "audio":
            return [attachment(.audio, body)]
        case "file":
            return [attachment(isSound(body) ? .audio : .file, body)]
        case "url_button":
            return link(url: body?.id("url"), label: body?.id("label"))
        case "quick_reply_button":
            return choice(body, value: body?.firstID("custom_reply_text", "payload"))
        case "callback":
            return choice(body, value: body?.id("payload"))
        case "reference":
            let reference = body?.id("reference_id").flatMap { $0.lowercased().hasPrefix("http") ? $0 : nil }
            return link(url: body?.id("url") ?? reference, label: body?.id("label"))
        case "collection":
            return body?.list("sub_parts", of: MessagePart.self).flatMap(\.parts) ?? []
        case "template_content":
            return body?.list("sections", of: Section.self).flatMap(\.parts) ?? []
        default:
            return nil
        }
    }

    private static func texts(_ texts: String?...) -> [Part] {
        texts.compactMap(\.self).map { .text($0) }.filter { !$0.isBlank }
    }

    private static func attachment(_ kind: Attachment.Kind, _ body: LenientObject?) -> Part {
        .attachment(
            Attachment(
                kind: kind, url: body?.id("url"), name: body?.firstID("name", "file_name"),
                contentType: contentType(body), byteCount: body?.integer("file_size_in_bytes"),
                thumbnailURL: body?.object("thumbnail")?.id("url")))
    }

    private static func contentType(_ body: LenientObject?) -> String? { body?.firstID("content_type", "contentType") }

    private static func isSound(_ body: LenientObject?) -> Bool {
        contentType(body)?.lowercased().hasPrefix("audio/") == true
    }

    private static func link(url: String?, label: String?) -> [Part] {
        if let url { return [.link(url: url, label: label)] }
        return texts(label)
    }

    private static func choice(_ body: LenientObject?, value: String?) -> [Part] {
        guard let label = body?.id("label") ?? value else { return [] }
        return [.choice(label: label, value: value)]
    }

    private struct Section: Decodable {
        var parts: [Part]

        init(from decoder: any Decoder) throws {
            parts = try decoder.object().list("parts", of: MessagePart.self).flatMap(\.parts)
        }
    }
}
