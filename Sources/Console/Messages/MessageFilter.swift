import FoundationEssentials
import RelayCore

/// The filter in the list's address. Fields that can't be read are ignored: an
/// address that was cut off or tampered with gives a list and no failure.
struct MessageFilter: Hashable, Sendable {
    var standing: MessageQuery.Standing?
    var installation: InstallationID?
    var channel: ChannelKind?
    var direction: Direction?
    var contact = ""
    var text = ""
    var place = MessageQuery.Place.newest

    /// No longer text is looked for.
    static let longest = 200
    /// Messages on a page.
    static let pageSize = 50

    init() {}

    init(_ query: Fields) {
        standing = MessageQuery.Standing(rawValue: query["state"])
        installation = query["installation"].isEmpty ? nil : InstallationID(query["installation"])
        channel = query["channel"].isEmpty ? nil : ChannelKind(query["channel"])
        direction = Direction(rawValue: query["direction"])
        contact = Self.words(query["contact"])
        text = Self.words(query["text"])
        if let id = Self.key(query["before"]) {
            place = .before(id)
        } else if let id = Self.key(query["after"]) {
            place = .after(id)
        }
    }

    /// A key is digits alone, as we write them.
    static func key(_ text: String) -> DeliveryID? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(text).map(DeliveryID.init(rawValue:))
    }

    private static func words(_ text: String) -> String {
        String(text.prefix(longest)).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// Whether anything is left out.
    var isNarrowed: Bool {
        var everything = MessageFilter()
        everything.place = place
        return self != everything
    }

    var query: MessageQuery {
        MessageQuery(
            standing: standing, installation: installation, channel: channel, direction: direction, contact: contact,
            text: text, place: place, limit: Self.pageSize)
    }

    /// The fields of the same list at another place.
    func fields(at place: MessageQuery.Place? = nil) -> [String: String] {
        var fields = [
            "state": standing?.rawValue ?? "", "installation": installation?.rawValue ?? "",
            "channel": channel?.rawValue ?? "", "direction": direction?.rawValue ?? "", "contact": contact,
            "text": text,
        ]
        switch place ?? self.place {
        case .newest: break
        case .before(let id): fields["before"] = "\(id)"
        case .after(let id): fields["after"] = "\(id)"
        }
        return fields.filter { !$0.value.isEmpty }
    }
}
