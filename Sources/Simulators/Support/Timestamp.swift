import FoundationEssentials

/// An instant in milliseconds since 1970, UTC: Viber's own form; Freshchat writes it as ISO 8601.
package struct Timestamp: Sendable, Hashable, Comparable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static var now: Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)))
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    package func adding(milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: self.milliseconds + milliseconds)
    }
}

extension Timestamp {
    private static let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// `2026-01-02T03:04:05.678Z` (freshchat.md §1.6).
    package var iso8601: String {
        // In the middle of its millisecond, where a Date's rounding can't take it into another.
        Date(timeIntervalSince1970: (Double(milliseconds) + 0.25) / 1000).formatted(Self.format)
    }

    /// Reads the UTC form with or without a fraction of a second of up to nine digits; nil for anything else. What is less
    /// than a millisecond counts for nothing.
    package init?(iso8601 text: String) {
        // The format also reads "2026-1-2", 24 hours and other zones.
        let (seconds, rest) = (text.prefix(19), text.dropFirst(19))
        guard rest == "Z" || (3...11).contains(rest.utf8.count) && rest.hasPrefix(".") && rest.hasSuffix("Z"),
            let date = try? Date(text, strategy: Self.format)
        else { return nil }
        milliseconds = Int64((date.timeIntervalSince1970 * 1000 + 0.001).rounded(.down))
        guard iso8601.hasPrefix(seconds) else { return nil }
    }
}
