package import FoundationEssentials
package import HTTPTypes

extension HTTPFields {
    /// The wait that a `Retry-After` asks for: seconds, or an HTTP date (RFC 9110 §10.2.3).
    ///
    /// - Returns: `nil` without the header, or with one that says nothing sensible; never negative, at most a day.
    package func retryAfter(now: Date) -> Duration? {
        guard let text = self[.retryAfter] else { return nil }
        let value = text.trimmingWhiteSpace()
        guard let seconds = Double(value) ?? Date(httpDate: value)?.timeIntervalSince(now), seconds.isFinite else {
            return nil
        }
        return .milliseconds(Int64(clamping: (Swift.min(Swift.max(seconds, 0), 86_400) * 1000).rounded(.up)))
    }
}

extension Date {
    /// Reads an HTTP date in its one current form, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7).
    package init?(httpDate text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", words[1].count == 2,
            let month = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ].firstIndex(of: words[2])
        else { return nil }
        let monthNumber = month < 9 ? "0\(month + 1)" : "\(month + 1)"
        guard
            let date = try? Date("\(words[3])-\(monthNumber)-\(words[1])T\(words[4])Z", strategy: .iso8601)
        else { return nil }
        self = date
    }
}
