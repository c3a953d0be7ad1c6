import RelayCore

/// A part of a message in the neutral form; one part of Freshchat's may be several of ours (freshchat.md §1.10).
///
/// Real payloads have other kinds' keys beside the real one with `null` as their value, attachments whose URL isn't
/// there yet, and kinds that no documentation lists. All of it can be read.
struct MessagePart: Sendable {
    var parts: [Part]

    /// How many containers may stand in each other; nobody makes as many.
    private static let deepest = 16

    /// - Parameter depth: how many containers it stands in.
    init(_ fields: JSONFields, depth: Int = 0) {
        guard depth <= Self.deepest else {
            parts = [.unsupported(kind: "nested too deep")]
            return
        }
        // The form of 2018: the kind is a value, not a key.
        if let kind = fields.id("part_type") {
            let kindOfPart = Kind(rawValue: kind.lowercased())
            let properties = fields.object("properties")
            parts =
                kindOfPart.map { Self.read($0, text: fields.text("properties"), properties, depth: depth) }
                ?? [.unsupported(kind: kind.truncated(to: 60))]
            return
        }
        parts = []
        var isKnown = false
        var strange: [String] = []
        for name in fields.names.sorted() {
            if let kind = Kind(rawValue: name) {
                parts += Self.read(kind, text: fields.text(kind.key), fields.object(kind.key), depth: depth)
                isKnown = true
            } else {
                strange.append(name)
            }
        }
        if !isKnown, let kind = strange.first { parts = [.unsupported(kind: kind.truncated(to: 60))] }
        parts.removeAll(where: \.isBlank)
    }

    private enum Kind: String {
        case text, email, image, video, audio, file, callback, reference, collection
        case urlButton = "url_button"
        case quickReplyButton = "quick_reply_button"
        case templateContent = "template_content"

        /// The field that it stands in.
        var key: StaticString {
            switch self {
            case .text: "text"
            case .email: "email"
            case .image: "image"
            case .video: "video"
            case .audio: "audio"
            case .file: "file"
            case .callback: "callback"
            case .reference: "reference"
            case .collection: "collection"
            case .urlButton: "url_button"
            case .quickReplyButton: "quick_reply_button"
            case .templateContent: "template_content"
            }
        }
    }

    /// - Parameters:
    ///   - text: what stands in the place of an object.
    ///   - body: the kind's own fields.
    private static func read(_ kind: Kind, text: String?, _ body: JSONFields?, depth: Int) -> [Part] {
        switch kind {
        case .text:
            return texts(text, body?.text("content"), body?.text("text"))
        case .email:
            return texts(body?.text("subject"), body?.text("content"))
        case .image:
            return [attachment(.image, body)]
        case .video:
            // There is no part for sound: it is sent as a video or as a file (freshchat.md §1.10).
            return [attachment(isSound(body) ? .audio : .video, body)]
        case .audio:
            return [attachment(.audio, body)]
        case .file:
            return [attachment(isSound(body) ? .audio : .file, body)]
        case .urlButton:
            return link(url: body?.id("url"), label: body?.id("label"))
        case .quickReplyButton:
            return choice(body, value: body?.firstID("custom_reply_text", "payload"))
        case .callback:
            return choice(body, value: body?.id("payload"))
        case .reference:
            let reference = body?.id("reference_id").flatMap { $0.lowercased().hasPrefix("http") ? $0 : nil }
            return link(url: body?.id("url") ?? reference, label: body?.id("label"))
        case .collection:
            return body?.objects("sub_parts").flatMap { MessagePart($0, depth: depth + 1).parts } ?? []
        case .templateContent:
            return body?.objects("sections").flatMap { $0.objects("parts") }
                .flatMap { MessagePart($0, depth: depth + 1).parts } ?? []
        }
    }

    private static func texts(_ texts: String?...) -> [Part] {
        texts.compactMap(\.self).map { .text($0) }.filter { !$0.isBlank }
    }

    private static func attachment(_ kind: Attachment.Kind, _ body: JSONFields?) -> Part {
        .attachment(
            Attachment(
                kind: kind, url: body.flatMap(url), name: body?.firstID("name", "file_name"),
                contentType: contentType(body), byteCount: body?.integer("file_size_in_bytes"),
                thumbnailURL: body?.object("thumbnail")?.id("url")))
    }

    /// The file's address. While Freshchat still looks for viruses, or when it has found one, there is none to give
    /// (freshchat.md §1.10, media rules).
    private static func url(_ body: JSONFields) -> String? {
        let status = body.firstID("file_security_status", "fileSecurityStatus")?.lowercased() ?? "safe_file"
        guard status == "safe_file" else { return nil }
        return body.webURL("url") ?? body.webURL("download_url") ?? body.webURL("downloadUrl")
    }

    private static func contentType(_ body: JSONFields?) -> String? { body?.firstID("content_type", "contentType") }

    private static func isSound(_ body: JSONFields?) -> Bool {
        contentType(body)?.lowercased().hasPrefix("audio/") == true
    }

    private static func link(url: String?, label: String?) -> [Part] {
        if let url { return [.link(url: url, label: label)] }
        return texts(label)
    }

    private static func choice(_ body: JSONFields?, value: String?) -> [Part] {
        guard let label = body?.id("label") ?? value else { return [] }
        return [.choice(label: label, value: value)]
    }
}
