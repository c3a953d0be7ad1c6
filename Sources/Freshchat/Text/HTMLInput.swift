/// HTML prepared for the parser: constructs that cost more than their length, or that the parser doesn't know, are removed.
///
/// libgumbo is correct but not made for hostile texts. An element's cost grows with its depth, an attribute's cost with the
/// number of attributes before it, and formatting elements and templates multiply. Agents write a few hundred tags.
struct HTMLInput {
    private(set) var bytes: [UInt8] = []
    /// Whether the end was cut because the text is too long.
    private(set) var isCut = false

    /// The limit of a webhook's body in bytes.
    private static let longest = 4 << 20
    /// The limit of tags and comments, complete or not. 8,000 nested elements take 0.2 s.
    private static let mostTags = 8000
    private static let mostAttributes = 64

    init(_ text: String) {
        var text = Array(text.utf8.prefix(Self.longest + 1))
        if text.count > Self.longest {
            isCut = true
            // Not in the middle of a character.
            text.removeLast()
            while let last = text.last, last & 0xC0 == 0x80 { text.removeLast() }
            text.removeLast()
        }
        bytes.reserveCapacity(text.count)
        var tags = 0
        // The budget of all tag scans together: scans overlap where a tag is in another tag's attribute.
        var steps = 4 * text.count + 1024
        var next = 0
        while next < text.count {
            let byte = text[next]
            if byte == UInt8(ascii: "<"), let following = Self.byte(next + 1, of: text), following.opensMarkup {
                tags += 1
                guard tags <= Self.mostTags, Self.isModest(next, of: text, steps: &steps) else {
                    isCut = true
                    return
                }
                bytes.append(byte)
                next += 1
                if following == UInt8(ascii: "/") {
                    bytes.append(following)
                    next += 1
                }
                next += appendName(at: next, of: text)
            } else if byte == UInt8(ascii: "&"), let pair = SurrogateReferences(next, of: text) {
                bytes += Array(String(Character(pair.scalar)).utf8)
                next += pair.length
            } else {
                let end = text[(next + 1)...].firstIndex { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }
                bytes += text[next..<(end ?? text.count)]
                next = end ?? text.count
            }
        }
    }

    private static func byte(_ index: Int, of text: [UInt8]) -> UInt8? { index < text.count ? text[index] : nil }

    /// The parser reopens an unclosed formatting element in each following block. It doesn't reopen an element without a
    /// meaning, and the text is the same. A template isn't shown, like an element for browsers without frames.
    private static let substitutes: [String: String] = [
        "b": "x", "i": "x", "u": "x", "s": "x", "em": "xx", "tt": "xx", "big": "xxx", "code": "xxxx", "font": "xxxx",
        "nobr": "xxxx", "small": "xxxxx", "strike": "xxxxxx", "strong": "xxxxxx", "template": "noframes",
    ]

    /// - Returns: the number of bytes consumed.
    private mutating func appendName(at start: Int, of text: [UInt8]) -> Int {
        let name = text[start...].prefix(9).prefix(while: \.isASCIILetter)
        guard let end = Self.byte(name.endIndex, of: text),
            end.isHTMLSpace || end == UInt8(ascii: ">") || end == UInt8(ascii: "/"),
            let substitute = Self.substitutes[String(decoding: name, as: UTF8.self).lowercased()]
        else { return 0 }
        bytes += Array(substitute.utf8)
        return name.count
    }

    private enum TagState {
        case name, beforeAttribute, attribute, afterAttribute, beforeValue, value
        case quoted(by: UInt8)
    }

    /// Whether the tag that would begin here has few attributes. Reads it as the parser does, even if it is in a comment or in
    /// another tag's attribute and so isn't a tag.
    private static func isModest(_ start: Int, of text: [UInt8], steps: inout Int) -> Bool {
        guard let first = byte(start + 1, of: text), first.isASCIILetter || first == UInt8(ascii: "/") else {
            return true
        }
        var state = TagState.name
        var attributes = 0
        var index = start + 1
        defer { steps -= index - start }
        while index < text.count {
            if index - start > steps { return false }
            let byte = text[index]
            index += 1
            if case .quoted(let quote) = state {
                if byte == quote { state = .beforeAttribute }
                continue
            }
            if byte == UInt8(ascii: ">") { return true }
            let isSpace = byte.isHTMLSpace
            switch state {
            case .name: if isSpace || byte == UInt8(ascii: "/") { state = .beforeAttribute }
            case .beforeAttribute, .afterAttribute:
                if case .afterAttribute = state, byte == UInt8(ascii: "=") {
                    state = .beforeValue
                } else if byte == UInt8(ascii: "/") {
                    state = .beforeAttribute
                } else if !isSpace {
                    attributes += 1
                    if attributes > mostAttributes { return false }
                    state = .attribute
                }
            case .attribute:
                if isSpace {
                    state = .afterAttribute
                } else if byte == UInt8(ascii: "/") {
                    state = .beforeAttribute
                } else if byte == UInt8(ascii: "=") {
                    state = .beforeValue
                }
            case .beforeValue:
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    state = .quoted(by: byte)
                } else if !isSpace {
                    state = .value
                }
            case .value: if isSpace { state = .beforeAttribute }
            case .quoted: break
            }
        }
        return true
    }
}

extension UInt8 {
    /// Whether it makes a `<` before it a tag or a comment.
    fileprivate var opensMarkup: Bool {
        isASCIILetter || self == UInt8(ascii: "/") || self == UInt8(ascii: "!") || self == UInt8(ascii: "?")
    }
}
