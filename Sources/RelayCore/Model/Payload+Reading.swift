package import FoundationEssentials

/// What the compiler makes of `Decodable`, by hand, for what is as ``Payload/json()`` or the encoder writes it.
extension Payload {
    /// A text that was damaged is read all the same, with U+FFFD where a character can't be.
    ///
    /// - Returns: `nil` for anything else that isn't quite as it is written; `Decodable` is to judge of it, then.
    package init?(json: Data) {
        guard let fields = JSONFields(Array(json)), let payload = try? Payload(fields) else { return nil }
        self = payload
    }

    private init(_ fields: JSONFields) throws(UnexpectedField) {
        let (name, content) = try fields.onlyField()
        switch name {
        case "message": self = .message(try IncomingPayload(try content.fields("_0")))
        case "reply": self = .reply(try HelpdeskMessage(try content.fields("_0")))
        case "note":
            self = .note(
                text: try content.string("text"),
                conversation: HelpdeskConversationID(try content.string("conversation")))
        default: throw UnexpectedField()
        }
    }
}

extension IncomingPayload {
    fileprivate init(_ fields: JSONFields) throws(UnexpectedField) {
        self.init(
            id: ChannelMessageID(try fields.string("id")),
            profile: try ContactProfile(try fields.fields("profile")),
            message: try Message(try fields.fields("message")))
    }
}

extension ContactProfile {
    fileprivate init(_ fields: JSONFields) throws(UnexpectedField) {
        self.init(
            userID: ChannelUserID(try fields.string("userID")), name: try fields.string(ifAny: "name"),
            avatarURL: try fields.string(ifAny: "avatarURL"), language: try fields.string(ifAny: "language"),
            country: try fields.string(ifAny: "country"), phoneNumber: try fields.string(ifAny: "phoneNumber"))
    }
}

extension HelpdeskMessage {
    fileprivate init(_ fields: JSONFields) throws(UnexpectedField) {
        self.init(
            id: HelpdeskMessageID(try fields.string("id")),
            conversation: HelpdeskConversationID(try fields.string("conversation")),
            user: try fields.string(ifAny: "user").map { HelpdeskUserID($0) },
            reference: try fields.string(ifAny: "reference"), actor: try fields.word("actor"),
            actorID: try fields.string(ifAny: "actorID").map { AgentID($0) },
            actorName: try fields.string(ifAny: "actorName"), isPrivate: try fields.bool("isPrivate"),
            unknownKind: try fields.string(ifAny: "unknownKind"),
            message: try Message(try fields.fields("message")))
    }
}

extension Message {
    fileprivate init(_ fields: JSONFields) throws(UnexpectedField) {
        self.init(
            parts: try fields.list("parts") { fields throws(UnexpectedField) in try Part(fields) },
            sentAt: try fields.double(ifAny: "sentAt").map { Date(timeIntervalSinceReferenceDate: $0) })
    }
}

extension Part {
    fileprivate init(_ fields: JSONFields) throws(UnexpectedField) {
        let (name, content) = try fields.onlyField()
        switch name {
        case "text": self = .text(try content.string("_0"))
        case "attachment": self = .attachment(try Attachment(try content.fields("_0")))
        case "location": self = .location(try Location(try content.fields("_0")))
        case "card": self = .card(try ContactCard(try content.fields("_0")))
        case "link": self = .link(url: try content.string("url"), label: try content.string(ifAny: "label"))
        case "choice": self = .choice(label: try content.string("label"), value: try content.string(ifAny: "value"))
        case "unsupported": self = .unsupported(kind: try content.string("kind"))
        default: throw UnexpectedField()
        }
    }
}

extension Attachment {
    fileprivate init(_ fields: JSONFields) throws(UnexpectedField) {
        self.init(
            kind: try fields.word("kind"), url: try fields.string(ifAny: "url"), name: try fields.string(ifAny: "name"),
            contentType: try fields.string(ifAny: "contentType"), byteCount: try fields.int64(ifAny: "byteCount"),
            caption: try fields.string(ifAny: "caption"), thumbnailURL: try fields.string(ifAny: "thumbnailURL"),
            seconds: try fields.double(ifAny: "seconds"))
    }
}

extension Location {
    fileprivate init(_ fields: JSONFields) throws(UnexpectedField) {
        self.init(
            latitude: try fields.double("latitude"), longitude: try fields.double("longitude"),
            label: try fields.string(ifAny: "label"))
    }
}

extension ContactCard {
    fileprivate init(_ fields: JSONFields) throws(UnexpectedField) {
        self.init(name: try fields.string(ifAny: "name"), phoneNumber: try fields.string(ifAny: "phoneNumber"))
    }
}
