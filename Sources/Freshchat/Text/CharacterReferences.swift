/// Character references in a text that isn't HTML.
enum CharacterReferences {
    /// Replaces only whole references, `&name;` or `&#number;`: "?a=1&lt=2" stays.
    static func resolved(in text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        // Only in an attribute's value does HTML resolve references but keep white space and tags.
        let bytes = Array(text.utf8)
        var tag = Array("<x t=\"".utf8)
        tag.reserveCapacity(bytes.count + 16)
        var next = 0
        while next < bytes.count {
            switch bytes[next] {
            case UInt8(ascii: "\""): tag += "&quot;".utf8
            case UInt8(ascii: "&"):
                if let pair = SurrogateReferences(next, of: bytes) {
                    tag += String(Character(pair.scalar)).utf8
                    next += pair.length
                    continue
                }
                tag += isReference(bytes[(next + 1)...]) ? "&".utf8 : "&amp;".utf8
            case let byte: tag.append(byte)
            }
            next += 1
        }
        var resolved: String?
        _ = HTMLTree.parse(tag + "\">".utf8) { tree in
            tree.walk(enter: { element in
                resolved = resolved ?? element.firstValue
                return false
            })
        }
        return resolved ?? text
    }

    /// Whether letters, digits and a semicolon are next. The longest name has 32 characters.
    private static func isReference(_ bytes: ArraySlice<UInt8>) -> Bool {
        let word = bytes.prefix(40).prefix { $0 != UInt8(ascii: ";") }
        guard word.endIndex < bytes.endIndex, bytes[word.endIndex] == UInt8(ascii: ";"), let first = word.first else {
            return false
        }
        return (first == UInt8(ascii: "#") ? word.dropFirst() : word).allSatisfy {
            $0.isASCIILetter || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
        }
    }
}

/// A character beyond the basic plane, written as two references by scripts that use UTF-16: `&#55357;&#56832;` is 😀. HTML
/// treats these as two errors.
struct SurrogateReferences {
    var scalar: Unicode.Scalar
    /// The length of both references in bytes.
    var length: Int

    init?(_ start: Int, of text: [UInt8]) {
        guard let (high, middle) = Self.number(start, of: text), 0xD800...0xDBFF ~= high,
            let (low, end) = Self.number(middle, of: text), 0xDC00...0xDFFF ~= low,
            let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
        else { return nil }
        self.scalar = scalar
        length = end - start
    }

    /// The number of a reference, and where it ends.
    private static func number(_ start: Int, of text: [UInt8]) -> (UInt32, Int)? {
        guard text[start...].starts(with: "&#".utf8) else { return nil }
        var digits = text[(start + 2)...]
        let isHex = digits.first.map { $0 | 0x20 == UInt8(ascii: "x") } ?? false
        if isHex { digits = digits.dropFirst() }
        // Surrogates have five digits, or four.
        let word = digits.prefix(8).prefix { Character(Unicode.Scalar($0)).isHexDigit }
        guard let number = UInt32(String(decoding: word, as: UTF8.self), radix: isHex ? 16 : 10) else { return nil }
        return (
            number,
            word.endIndex < text.count && text[word.endIndex] == UInt8(ascii: ";") ? word.endIndex + 1 : word.endIndex
        )
    }
}
