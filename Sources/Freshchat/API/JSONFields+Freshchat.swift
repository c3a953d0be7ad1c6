import FoundationEssentials
import RelayCore

/// Lenient reading of Freshchat's payloads, in addition to RelayCore's.
extension JSONFields {
    /// A text that is not empty, or an integer in digits.
    func id(_ name: StaticString) -> String? {
        guard let text = text(name), !text.isEmpty else { return nil }
        return text
    }

    /// The first of several spellings that is present and not empty.
    func firstID(_ names: StaticString...) -> String? {
        for name in names {
            if let id = id(name) { return id }
        }
        return nil
    }

    /// A time in ISO 8601, or in seconds or milliseconds since 1970.
    func date(_ name: StaticString) -> Date? {
        text(name).flatMap { Date(freshchat: $0) } ?? integer(name).flatMap { Date(freshchatNumber: $0) }
    }
}

extension Date {
    /// A time as Freshchat writes it: ISO 8601 in UTC with milliseconds (freshchat.md §1.6); without them too.
    init?(freshchat text: String) {
        let precise = ISO8601FormatStyle(includingFractionalSeconds: true)
        if let date = try? Date(text, strategy: precise) {
            self = date
        } else if let date = try? Date(text, strategy: .iso8601) {
            self = date
        } else {
            return nil
        }
    }

    /// Seconds or, where the number is too great for that, milliseconds since 1970.
    init?(freshchatNumber number: Int64) {
        guard number > 0 else { return nil }
        self.init(timeIntervalSince1970: number > 100_000_000_000 ? Double(number) / 1000 : Double(number))
    }

    var freshchatText: String { formatted(ISO8601FormatStyle(includingFractionalSeconds: true)) }
}

extension JSONFields {
    /// Whether this is an error's object, though it came with a 2xx and may have an id (freshchat.md §1.3): neither a message
    /// nor a conversation has a `code`.
    var isError: Bool {
        flag("success") == false || hasContent("error") || hasContent("errors")
            || has("code") && (has("status") || has("message")) && !isList("message_parts") && !isList("messages")
    }
}
