/// What a message must look like in the methods that send one, and as a welcome message (viber.md §5.1).
struct ViberMessageRules {
    /// A broken rule: the API's status and its words (viber.md §6).
    struct Violation: Error, Equatable {
        var status: Int64
        var message: String

        static func bad(_ message: String) -> Violation { Violation(status: 3, message: message) }
        static func missing(_ field: String) -> Violation {
            Violation(status: 4, message: "missingData: object has missing required properties ([\"\(field)\"])")
        }
    }

    let knobs: ViberKnobs
    /// The member that says to whom the message goes, and others that only this method knows.
    var ownMembers: Set<String> = ["receiver"]
    var requiresSender = true

    private static let members: Set<String> = [
        "auth_token", "type", "sender", "tracking_data", "min_api_version", "keyboard", "text", "media",
        "thumbnail", "size", "duration", "file_name", "contact", "location", "sticker_id", "rich_media", "alt_text",
    ]

    /// Checks a message; the method's own members are not looked at.
    func check(_ message: JSON) throws(Violation) {
        guard let object = message.object else { throw .bad("badData: not an object") }
        if knobs.refusesUnknownMembers {
            for key in object.keys where !Self.members.contains(key) && !ownMembers.contains(key) {
                throw .bad("badData: object instance has properties which are not allowed by the schema: [\"\(key)\"]")
            }
        }
        if requiresSender || message["sender"] != nil { try checkSender(message["sender"]) }
        if let tracking = message["tracking_data"] {
            try check(tracking, "tracking_data", most: 4000)
        }
        if let version = message["min_api_version"], version.integer == nil {
            throw .bad("badData: min_api_version is not an integer")
        }
        if let keyboard = message["keyboard"] { try ViberKeyboardRules.check(keyboard) }
        guard let type = message["type"] else {
            // A keyboard may come alone, without a type (§5.1).
            if message["keyboard"] != nil { return }
            throw .missing("type")
        }
        guard let type = type.string else { throw .bad("badData: type is not a string") }
        try checkKind(type, message)
    }

    private func checkSender(_ sender: JSON?) throws(Violation) {
        guard let sender else { throw .missing("sender") }
        guard let name = sender["name"] else { throw .missing("sender.name") }
        try check(name, "sender.name", most: 28)
        guard name.string?.isEmpty == false else { throw .missing("sender.name") }
        if let avatar = sender["avatar"] { try check(avatar, "sender.avatar", most: 2000) }
    }

    private func checkKind(_ type: String, _ message: JSON) throws(Violation) {
        switch type {
        case "text":
            try require(message, "text", most: 7000)
            guard message["text"]?.string?.isEmpty == false else { throw .missing("text") }
        case "picture":
            try checkMedia(message, endings: [".jpeg", ".jpg", ".png", ".gif"])
            if let text = message["text"] { try check(text, "text", most: 512) }
        case "video":
            try checkMedia(message, endings: [".mp4"])
            try checkSize(message, most: 26 << 20)
            if let duration = message["duration"] {
                guard let seconds = duration.integer, (0...180).contains(seconds) else {
                    throw .bad("badData: duration")
                }
            }
            if let text = message["text"] { try check(text, "text", most: 512) }
        case "file":
            try checkMedia(message, endings: [])
            try checkSize(message, most: 50 << 20)
            try require(message, "file_name", most: 256)
            guard message["file_name"]?.string?.dropFirst().contains(".") == true else {
                throw .bad("badData: file_name has no extension")
            }
        case "contact":
            guard let contact = message["contact"] else { throw .missing("contact") }
            try require(contact, "name", most: 28)
            try require(contact, "phone_number", most: 18)
        case "location":
            guard let location = message["location"] else { throw .missing("location") }
            try checkCoordinate(location, "lat", 90)
            try checkCoordinate(location, "lon", 180)
        case "url":
            try require(message, "media", most: 2000)
        case "sticker":
            guard let sticker = message["sticker_id"] else { throw .missing("sticker_id") }
            guard sticker.integer != nil else { throw .bad("badData: sticker_id is not an integer") }
        case "rich_media":
            guard (message["min_api_version"]?.integer ?? 1) >= 2 else {
                throw Violation(status: 14, message: "incompatibleWithVersion")
            }
            guard let media = message["rich_media"] else { throw .missing("rich_media") }
            if let text = message["alt_text"] { try check(text, "alt_text", most: 7000) }
            try ViberKeyboardRules.check(media, type: "rich_media")
        default:
            throw .bad("badData: unknown type \(type)")
        }
    }

    private func require(_ object: JSON, _ field: String, most: Int) throws(Violation) {
        guard let value = object[field] else { throw .missing(field) }
        try check(value, field, most: most)
    }

    private func check(_ value: JSON, _ field: String, most: Int) throws(Violation) {
        guard let text = value.string else { throw .bad("badData: \(field) is not a string") }
        guard knobs.lengthUnit.count(text) <= most else {
            throw .bad("badData: string \"\(field)\" is too long, maximum allowed: \(most)")
        }
    }

    private func checkMedia(_ message: JSON, endings: [String]) throws(Violation) {
        try require(message, "media", most: 2000)
        let url = message["media"]?.string ?? ""
        guard (knobs.refusesPlainHTTPMedia ? knobs.allowsPlainHTTP : .always).allows(url) else {
            throw .bad("badData: media is not \(knobs.refusesPlainHTTPMedia ? "an https" : "a") URL")
        }
        let path = url.prefix { $0 != "?" && $0 != "#" }.lowercased()
        guard endings.isEmpty || endings.contains(where: { path.hasSuffix($0) }) else {
            throw .bad("badData: unsupported media extension")
        }
        if let thumbnail = message["thumbnail"] { try check(thumbnail, "thumbnail", most: 2000) }
    }

    private func checkSize(_ message: JSON, most: Int64) throws(Violation) {
        guard let size = message["size"] else { throw .missing("size") }
        guard let bytes = size.integer, (1...most).contains(bytes) else { throw .bad("badData: size") }
    }

    private func checkCoordinate(_ location: JSON, _ field: String, _ limit: Double) throws(Violation) {
        guard let value = location[field] else { throw .missing("location.\(field)") }
        guard let degrees = value.double ?? value.string.flatMap(Double.init), abs(degrees) <= limit else {
            throw .bad("badData: location.\(field)")
        }
    }
}
