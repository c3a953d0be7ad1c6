import RelayCore

/// Whole tags in a text that may or may not be HTML. Works on bytes, because a joiner after a `>` forms one grapheme with it.
struct TagScan {
    /// `<name …>`, `</name>` or `<name …/>`.
    struct Tag {
        var name: Range<Int>
        /// From the `<` through the `>`.
        var range: Range<Int>
    }

    private let text: [UInt8]

    init(_ text: String) { self.text = Array(text.utf8) }

    /// Whether there is a whole tag with one of these names, given in lower case.
    func hasTag(_ names: Set<String>) -> Bool {
        var start = text.startIndex
        while let tag = nextTag(from: &start) {
            if names.contains(String(decoding: text[tag.name], as: UTF8.self).lowercased()) { return true }
        }
        return false
    }

    /// The text without tags.
    func withoutTags() -> String {
        var rest: [UInt8] = []
        var copied = text.startIndex
        var start = text.startIndex
        while let tag = nextTag(from: &start) {
            rest += text[copied..<tag.range.lowerBound]
            copied = tag.range.upperBound
        }
        return String(decoding: rest + text[copied...], as: UTF8.self)
    }

    /// - Parameter start: where the search begins; afterwards, the end of the tag.
    private func nextTag(from start: inout Int) -> Tag? {
        while let sign = text[start...].firstIndex(of: UInt8(ascii: "<")) {
            if let tag = tag(at: sign) {
                start = tag.range.upperBound
                return tag
            }
            start = sign + 1
        }
        return nil
    }

    /// `nil` if it doesn't continue like a tag, as in "1 < 2" or "<3".
    private func tag(at sign: Int) -> Tag? {
        var start = sign + 1
        let isClosing = start < text.endIndex && text[start] == UInt8(ascii: "/")
        if isClosing { start += 1 }
        let end = text[start...].firstIndex { !$0.isASCIILetter && !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0) }
        guard let end, end > start, text[start].isASCIILetter,
            text[end] == UInt8(ascii: ">") || text[end] == UInt8(ascii: "/") || text[end].isHTMLSpace,
            // The next `<` ends the search too, so that no text costs more than its length. Editors escape both signs in
            // attributes.
            let close = text[end...].firstIndex(where: { $0 == UInt8(ascii: ">") || $0 == UInt8(ascii: "<") }),
            text[close] == UInt8(ascii: ">")
        else { return nil }
        // "a <b and c> d" is arithmetic: only attributes follow a tag's name.
        let details = text[end..<close]
        guard
            details.allSatisfy({ $0.isHTMLSpace || $0 == UInt8(ascii: "/") })
                || (!isClosing && details.contains(UInt8(ascii: "=")))
        else { return nil }
        return Tag(name: start..<end, range: sign..<close + 1)
    }
}

extension UInt8 {
    var isASCIILetter: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self | 0x20 }

    /// HTML's white space.
    var isHTMLSpace: Bool { self == 0x20 || 0x09...0x0D ~= self && self != 0x0B }
}
