import FoundationEssentials

/// What the compiler makes of `Encodable`, by hand: a delivery's payload is written once for each message that comes in.
/// The fields must be those that `Decodable` reads.
extension Payload {
    /// As JSON.
    ///
    /// - Returns: `nil` for a number that JSON has no form for.
    package func json() -> [UInt8]? {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            switch self {
            case .message(let message):
                writer.field("message") { $0.object { $0.field("_0") { message.write(to: &$0) } } }
            case .reply(let reply):
                writer.field("reply") { $0.object { $0.field("_0") { reply.write(to: &$0) } } }
            case .note(let text, let conversation):
                writer.field("note") {
                    $0.object {
                        $0.field("text", text)
                        $0.field("conversation", conversation.rawValue)
                    }
                }
            }
        }
        return writer.isJSON ? writer.bytes : nil
    }
}

extension IncomingPayload {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id.rawValue)
            $0.field("profile") { profile.write(to: &$0) }
            $0.field("message") { message.write(to: &$0) }
        }
    }
}

extension ContactProfile {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("userID", userID.rawValue)
            $0.field("name", ifAny: name)
            $0.field("avatarURL", ifAny: avatarURL)
            $0.field("language", ifAny: language)
            $0.field("country", ifAny: country)
            $0.field("phoneNumber", ifAny: phoneNumber)
        }
    }
}

extension HelpdeskMessage {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("id", id.rawValue)
            $0.field("conversation", conversation.rawValue)
            $0.field("user", ifAny: user?.rawValue)
            $0.field("reference", ifAny: reference)
            $0.field("actor", actor.rawValue)
            $0.field("actorID", ifAny: actorID?.rawValue)
            $0.field("actorName", ifAny: actorName)
            $0.field("isPrivate", isPrivate)
            $0.field("unknownKind", ifAny: unknownKind)
            $0.field("message") { message.write(to: &$0) }
        }
    }
}

extension Message {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("parts") { $0.array(parts) { $1.write(to: &$0) } }
            if let sentAt { $0.field("sentAt", sentAt.timeIntervalSinceReferenceDate) }
        }
    }
}

extension Part {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            switch self {
            case .text(let text):
                writer.field("text") { $0.object { $0.field("_0", text) } }
            case .attachment(let attachment):
                writer.field("attachment") { $0.object { $0.field("_0") { attachment.write(to: &$0) } } }
            case .location(let location):
                writer.field("location") { $0.object { $0.field("_0") { location.write(to: &$0) } } }
            case .card(let card):
                writer.field("card") { $0.object { $0.field("_0") { card.write(to: &$0) } } }
            case .link(let url, let label):
                writer.field("link") {
                    $0.object {
                        $0.field("url", url)
                        $0.field("label", ifAny: label)
                    }
                }
            case .choice(let label, let value):
                writer.field("choice") {
                    $0.object {
                        $0.field("label", label)
                        $0.field("value", ifAny: value)
                    }
                }
            case .unsupported(let kind):
                writer.field("unsupported") { $0.object { $0.field("kind", kind) } }
            }
        }
    }
}

extension Attachment {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("kind", kind.rawValue)
            $0.field("url", ifAny: url)
            $0.field("name", ifAny: name)
            $0.field("contentType", ifAny: contentType)
            if let byteCount { $0.field("byteCount", byteCount) }
            $0.field("caption", ifAny: caption)
            $0.field("thumbnailURL", ifAny: thumbnailURL)
            if let seconds { $0.field("seconds", seconds) }
        }
    }
}

extension Location {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("latitude", latitude)
            $0.field("longitude", longitude)
            $0.field("label", ifAny: label)
        }
    }
}

extension ContactCard {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object {
            $0.field("name", ifAny: name)
            $0.field("phoneNumber", ifAny: phoneNumber)
        }
    }
}
