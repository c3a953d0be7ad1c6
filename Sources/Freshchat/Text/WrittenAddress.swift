import RelayCore

/// An address that a customer can use: of the web, of mail, or a telephone number. Any other (`data:`, `cid:`,
/// `javascript:`, `blob:`, `file:`, a path) means nothing outside the agent's browser.
struct WrittenAddress {
    var text: String
    private var scheme: String

    private static let schemes = ["https://", "http://", "mailto:", "tel:"]

    init?(_ address: String) {
        // Browsers ignore white space around it and line ends in it too.
        var scalars = address.trimmingWhiteSpace().unicodeScalars
        scalars.removeAll { $0.isControl || $0.changesDirection || ($0.isInvisible && !$0.properties.isWhitespace) }
        let cleaned = String(scalars)
        let start = cleaned.utf8.prefix(8).map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
        guard let scheme = Self.schemes.first(where: { start.starts(with: $0.utf8) }),
            cleaned.utf8.count > scheme.utf8.count
        else { return nil }
        self.scheme = scheme
        text = cleaned.unicodeScalars.reduce(into: "") { text, scalar in
            if scalar.properties.isWhitespace { text += "%20" } else { text.unicodeScalars.append(scalar) }
        }
    }

    var isOfTheWeb: Bool { scheme.hasPrefix("http") }

    /// Whether a link's words are this address.
    func isSaid(by words: String) -> Bool { Self.bare(words) == Self.bare(text) }

    private static func bare(_ text: String) -> Substring {
        var text = text[...]
        let start = text.prefix(8).lowercased()
        if let scheme = schemes.first(where: { start.hasPrefix($0) }) { text = text.dropFirst(scheme.count) }
        return text.last == "/" ? text.dropLast() : text
    }
}
