/// How parts read where the other side can show nothing but text: one wording, used for every channel.
extension Part {
    /// The part in words, with its link; empty for a blank text.
    package var plainText: String {
        switch self {
        case .text(let text):
            return text
        case .attachment(let attachment):
            return attachment.plainText
        case .location(let place):
            let point = "\(place.latitude),\(place.longitude)"
            return lines("📍 " + (visible(place.label) ?? "Location"), "https://maps.google.com/?q=\(point)")
        case .card(let card):
            return "👤 " + [card.name, card.phoneNumber].compactMap(visible).joined(separator: ", ")
        case .link(let url, let label):
            guard let label = visible(label), label != url else { return url }
            return lines(label, url)
        case .choice(let label, _):
            return "▫️ " + label
        case .unsupported(let kind):
            return "[This message has a part that can't be shown here: \(kind)]"
        }
    }
}

extension Attachment {
    /// The kind, the name, the caption and the link, each on a line of its own where it is there.
    package var plainText: String {
        let title: String =
            switch kind {
            case .image: "🖼 Picture"
            case .video: "🎬 Video"
            case .audio: "🎵 Audio"
            case .file: "📎 File"
            case .sticker: "🙂 Sticker"
            }
        return lines(visible(name).map { "\(title): \($0)" } ?? title, caption, url)
    }

    /// What a customer reads in the place of a file that can't be had.
    package var apology: String {
        let what =
            switch kind {
            case .image: "picture"
            case .video: "video"
            case .audio: "recording"
            case .file: "file"
            case .sticker: "sticker"
            }
        return lines(name.map { "[A \(what) could not be sent: \($0)]" } ?? "[A \(what) could not be sent]", caption)
    }
}

extension Message {
    /// The whole message as text, part by part.
    package var plainText: String {
        parts.map(\.plainText).filter { !$0.isBlank }.joined(separator: "\n")
    }
}

extension Payload {
    /// What is said, as text.
    package var plainText: String {
        switch self {
        case .message(let incoming): incoming.message.plainText
        case .reply(let reply): reply.message.plainText
        case .note(let text, _): text
        }
    }
}

private func lines(_ parts: String?...) -> String { parts.compactMap(visible).joined(separator: "\n") }

private func visible(_ text: String?) -> String? { text.flatMap { $0.isBlank ? nil : $0 } }
