package import FoundationEssentials

/// What somebody said, in the neutral form between the two sides.
package struct Message: Hashable, Codable, Sendable {
    package var parts: [Part]
    /// When the far side says it was written; not when it reached us.
    package var sentAt: Date?

    package init(parts: [Part], sentAt: Date? = nil) {
        self.parts = parts
        self.sentAt = sentAt
    }

    package init(text: String, sentAt: Date? = nil) {
        self.init(parts: [.text(text)], sentAt: sentAt)
    }

    /// The most pieces that a message is sent in. What is behind them is cut, and the agent is told.
    package static let mostPieces = 100

    /// True when there is nothing in it that a person could read.
    package var isBlank: Bool { parts.allSatisfy(\.isBlank) }

    /// The attachments whose files aren't there yet.
    package var pending: [Attachment] {
        parts.compactMap { part in
            if case .attachment(let attachment) = part, attachment.isPending { attachment } else { nil }
        }
    }
}

/// One piece of a message.
package enum Part: Hashable, Codable, Sendable {
    case text(String)
    case attachment(Attachment)
    case location(Location)
    case card(ContactCard)
    /// A link, or a button that opens one.
    case link(url: String, label: String?)
    /// An answer that is offered for choosing: a quick reply, a callback button.
    case choice(label: String, value: String?)
    /// Something this version has no words for. Never dropped in silence; `kind` is the far side's name for it.
    case unsupported(kind: String)

    package var isBlank: Bool {
        switch self {
        case .text(let text): text.isBlank
        case .choice(let label, _): label.isBlank
        default: false
        }
    }
}

/// A file of any kind that belongs to a message. It is referred to by URL; nothing is downloaded here.
package struct Attachment: Hashable, Codable, Sendable {
    package enum Kind: String, Codable, Sendable {
        case image, video, audio, file, sticker
    }

    package var kind: Kind
    /// Where the far side keeps it. Often works for a limited time: Viber's for one hour (viber.md §3.1). `nil` while the
    /// file isn't there yet; see ``isPending``.
    package var url: String?
    package var name: String?
    package var contentType: String?
    package var byteCount: Int64?
    package var caption: String?
    package var thumbnailURL: String?
    /// Length of a video or a recording in seconds.
    package var seconds: Double?

    package init(
        kind: Kind, url: String?, name: String? = nil, contentType: String? = nil, byteCount: Int64? = nil,
        caption: String? = nil, thumbnailURL: String? = nil, seconds: Double? = nil
    ) {
        self.kind = kind
        self.url = url
        self.name = name
        self.contentType = contentType
        self.byteCount = byteCount
        self.caption = caption
        self.thumbnailURL = thumbnailURL
        self.seconds = seconds
    }

    /// Whether the file itself isn't there yet. A helpdesk may tell of an attachment before it has its URL, or before it
    /// has looked for viruses (freshchat.md §1.10): the message is then read again before anything of it is sent.
    package var isPending: Bool { url == nil }
}

/// A place on the map, in degrees.
package struct Location: Hashable, Codable, Sendable {
    package var latitude: Double
    package var longitude: Double
    package var label: String?

    package init(latitude: Double, longitude: Double, label: String? = nil) {
        self.latitude = latitude
        self.longitude = longitude
        self.label = label
    }
}

/// Somebody's name and number, sent as a card.
package struct ContactCard: Hashable, Codable, Sendable {
    package var name: String?
    package var phoneNumber: String?

    package init(name: String?, phoneNumber: String?) {
        self.name = name
        self.phoneNumber = phoneNumber
    }
}
