package import FoundationEssentials

/// What the compiler makes of `Decodable`, by hand, for what is as ``Payload/json()`` or the encoder writes it.
extension Payload {
    /// - Returns: `nil` for anything that isn't quite as it is written; `Decodable` is to judge of it, then.
    package init?(json: Data) {
        guard let fields = JSONFields(Array(json)), let payload = try? Payload(fields) else { return nil }
        self = payload
    }

    private init(_ fields: JSONFields) throws(Unexpected) {
        let (name, content) = try fields.onlyField()
        switch name {
        case "message": self = .message(try IncomingPayload(try content.object(at: "_0")))
        case "reply": self = .reply(try HelpdeskMessage(try content.object(at: "_0")))
        case "note":
            self = .note(
                text: try content.string("text"),
                conversation: HelpdeskConversationID(try content.string("conversation")))
        default: throw Unexpected()
        }
    }
}

/// Something is missing, or is of another type.
private struct Unexpected: Error {}

/// Strict, where ``JSONFields`` is lenient.
extension JSONFields {
    /// The name and the value of the one field of an enumeration's case.
    fileprivate func onlyField() throws(Unexpected) -> (name: String, content: JSONFields) {
        guard let (name, content) = only else { throw Unexpected() }
        return (name, content)
    }

    fileprivate func string(_ name: StaticString) throws(Unexpected) -> String {
        guard let string = try string(ifAny: name) else { throw Unexpected() }
        return string
    }

    fileprivate func string(ifAny name: StaticString) throws(Unexpected) -> String? {
        guard has(name) else { return nil }
        guard let string = string(at: name) else { throw Unexpected() }
        return string
    }

    fileprivate func double(_ name: StaticString) throws(Unexpected) -> Double {
        guard let number = try double(ifAny: name) else { throw Unexpected() }
        return number
    }

    fileprivate func double(ifAny name: StaticString) throws(Unexpected) -> Double? {
        guard has(name) else { return nil }
        guard let number = double(at: name) else { throw Unexpected() }
        return number
    }

    fileprivate func integer(ifAny name: StaticString) throws(Unexpected) -> Int64? {
        guard has(name) else { return nil }
        guard let number = int64(at: name) else { throw Unexpected() }
        return number
    }

    fileprivate func flag(_ name: StaticString) throws(Unexpected) -> Bool {
        guard let flag = flag(at: name) else { throw Unexpected() }
        return flag
    }

    fileprivate func object(at name: StaticString) throws(Unexpected) -> JSONFields {
        guard let object = object(name) else { throw Unexpected() }
        return object
    }

    fileprivate func word<Word: RawRepresentable<String>>(_ name: StaticString) throws(Unexpected) -> Word {
        guard let word = Word(rawValue: try string(name)) else { throw Unexpected() }
        return word
    }
}

extension IncomingPayload {
    fileprivate init(_ fields: JSONFields) throws(Unexpected) {
        self.init(
            id: ChannelMessageID(try fields.string("id")),
            profile: try ContactProfile(try fields.object(at: "profile")),
            message: try Message(try fields.object(at: "message")))
    }
}

extension ContactProfile {
    fileprivate init(_ fields: JSONFields) throws(Unexpected) {
        self.init(
            userID: ChannelUserID(try fields.string("userID")), name: try fields.string(ifAny: "name"),
            avatarURL: try fields.string(ifAny: "avatarURL"), language: try fields.string(ifAny: "language"),
            country: try fields.string(ifAny: "country"), phoneNumber: try fields.string(ifAny: "phoneNumber"))
    }
}

extension HelpdeskMessage {
    fileprivate init(_ fields: JSONFields) throws(Unexpected) {
        self.init(
            id: HelpdeskMessageID(try fields.string("id")),
            conversation: HelpdeskConversationID(try fields.string("conversation")),
            user: try fields.string(ifAny: "user").map { HelpdeskUserID($0) },
            reference: try fields.string(ifAny: "reference"), actor: try fields.word("actor"),
            actorID: try fields.string(ifAny: "actorID").map { AgentID($0) },
            actorName: try fields.string(ifAny: "actorName"), isPrivate: try fields.flag("isPrivate"),
            message: try Message(try fields.object(at: "message")))
    }
}

extension Message {
    fileprivate init(_ fields: JSONFields) throws(Unexpected) {
        guard let elements = fields.objects("parts") else { throw Unexpected() }
        var parts: [Part] = []
        parts.reserveCapacity(elements.count)
        for element in elements { parts.append(try Part(element)) }
        self.init(
            parts: parts, sentAt: try fields.double(ifAny: "sentAt").map { Date(timeIntervalSinceReferenceDate: $0) })
    }
}

extension Part {
    fileprivate init(_ fields: JSONFields) throws(Unexpected) {
        let (name, content) = try fields.onlyField()
        switch name {
        case "text": self = .text(try content.string("_0"))
        case "attachment": self = .attachment(try Attachment(try content.object(at: "_0")))
        case "location": self = .location(try Location(try content.object(at: "_0")))
        case "card": self = .card(try ContactCard(try content.object(at: "_0")))
        case "link": self = .link(url: try content.string("url"), label: try content.string(ifAny: "label"))
        case "choice": self = .choice(label: try content.string("label"), value: try content.string(ifAny: "value"))
        case "unsupported": self = .unsupported(kind: try content.string("kind"))
        default: throw Unexpected()
        }
    }
}

extension Attachment {
    fileprivate init(_ fields: JSONFields) throws(Unexpected) {
        self.init(
            kind: try fields.word("kind"), url: try fields.string(ifAny: "url"), name: try fields.string(ifAny: "name"),
            contentType: try fields.string(ifAny: "contentType"), byteCount: try fields.integer(ifAny: "byteCount"),
            caption: try fields.string(ifAny: "caption"), thumbnailURL: try fields.string(ifAny: "thumbnailURL"),
            seconds: try fields.double(ifAny: "seconds"))
    }
}

extension Location {
    fileprivate init(_ fields: JSONFields) throws(Unexpected) {
        self.init(
            latitude: try fields.double("latitude"), longitude: try fields.double("longitude"),
            label: try fields.string(ifAny: "label"))
    }
}

extension ContactCard {
    fileprivate init(_ fields: JSONFields) throws(Unexpected) {
        self.init(name: try fields.string(ifAny: "name"), phoneNumber: try fields.string(ifAny: "phoneNumber"))
    }
}
