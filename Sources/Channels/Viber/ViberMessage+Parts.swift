import RelayCore

extension ViberMessage {
    /// The message in our words (viber.md §3.1). A kind that isn't known, or lacks what makes it up, becomes an
    /// unsupported part beside whatever else of it can be read, so that the agent sees that something came.
    var parts: [Part] {
        switch type ?? (text == nil ? "unknown" : "text") {
        case "text":
            [text.map(Part.text) ?? .unsupported(kind: "text")]
        case "picture":
            attachment(.image)
        case "video":
            attachment(.video)
        case "file":
            attachment(.file)
        case "sticker":
            sticker
        case "contact":
            card + textParts
        case "location":
            place + textParts
        case "url":
            // Without an address, what came in its place is still the customer's.
            media.map { [.link(url: $0, label: hasText ? text : nil)] }
                ?? (hasText ? textParts : [.unsupported(kind: "url")])
        case let kind:
            [.unsupported(kind: kind.truncated(to: 64))] + textParts
                + (media.map { [.link(url: $0, label: nil)] } ?? [])
        }
    }

    private var hasText: Bool { text?.isBlank == false }

    /// Buttons that share a number or a place send their own text along (viber.md §3.1).
    private var textParts: [Part] {
        guard hasText, let text else { return [] }
        return [.text(text)]
    }

    private func attachment(_ kind: Attachment.Kind) -> [Part] {
        guard let media else { return [.unsupported(kind: type ?? kind.rawValue)] + textParts }
        return [
            .attachment(
                Attachment(
                    kind: kind, url: media, name: fileName, byteCount: size, caption: hasText ? text : nil,
                    thumbnailURL: thumbnail, seconds: duration))
        ]
    }

    private var sticker: [Part] {
        // The number says nothing to a reader; it stands in only where there is no picture.
        guard media != nil || stickerID != nil else { return [.unsupported(kind: "sticker")] + textParts }
        return [.attachment(Attachment(kind: .sticker, url: media, name: media == nil ? stickerID : nil))] + textParts
    }

    private var card: [Part] {
        guard let contact, contact.name != nil || contact.phoneNumber != nil else {
            return [.unsupported(kind: "contact")]
        }
        return [.card(ContactCard(name: contact.name, phoneNumber: contact.phoneNumber))]
    }

    private var place: [Part] {
        guard let latitude = location?.latitude, let longitude = location?.longitude,
            (-90...90).contains(latitude), (-180...180).contains(longitude)
        else { return [.unsupported(kind: "location")] }
        return [.location(Location(latitude: latitude, longitude: longitude))]
    }
}
