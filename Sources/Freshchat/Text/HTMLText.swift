/// The little HTML that occurs in the texts of conversations.
enum HTMLText {
    /// Replaces the character references that editors write.
    static func resolvingEntities(in text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "&") {
            result += rest[..<start]
            rest = rest[start...]
            // The longest is "&#x10FFFF;".
            if let end = rest.prefix(12).firstIndex(of: ";"),
                let character = entity(rest[rest.index(after: start)..<end])
            {
                result += character
                rest = rest[rest.index(after: end)...]
            } else {
                result += "&"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    private static func entity(_ name: Substring) -> String? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        case "nbsp": return " "
        default: break
        }
        guard name.hasPrefix("#") else { return nil }
        let digits = name.dropFirst()
        let isHex = digits.hasPrefix("x") || digits.hasPrefix("X")
        guard let value = isHex ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits), value != 0,
            let scalar = Unicode.Scalar(value)
        else { return nil }
        return value == 0xA0 ? " " : String(Character(scalar))
    }

    /// Leaves out everything that has the form of a tag.
    static func strippingTags(from text: String) -> String {
        guard text.utf8.contains(UInt8(ascii: "<")) else { return text }
        var result = ""
        var rest = text[...]
        while let start = rest.firstIndex(of: "<") {
            result += rest[..<start]
            rest = rest[start...]
            if let tag = Tag(at: rest) {
                rest = rest[tag.end...]
            } else {
                result += "<"
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }

    /// `<name …>`, `</name>` or `<name …/>`.
    struct Tag {
        /// In lower case.
        var name: String
        var isClosing: Bool
        var attributes: Substring
        /// Behind the `>`.
        var end: Substring.Index

        /// - Parameter text: begins with the `<`.
        /// - Returns: `nil` when it doesn't go on like a tag, as in "1 < 2" or "<3".
        init?(at text: Substring) {
            var rest = text.dropFirst()
            isClosing = rest.first == "/"
            if isClosing { rest = rest.dropFirst() }
            let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
            guard let first = word.first, first.isLetter else { return nil }
            rest = rest[word.endIndex...]
            guard let next = rest.first, next == ">" || next == "/" || next.isWhitespace,
                // The next `<` ends the search too: so no text costs more than its length, and editors escape both signs
                // in attributes.
                let index = rest.firstIndex(where: { $0 == ">" || $0 == "<" }), rest[index] == ">"
            else { return nil }
            // "a <b and c> d" is arithmetic: what stands behind a tag's name are attributes.
            let details = rest[..<index]
            guard details.allSatisfy({ $0.isWhitespace || $0 == "/" }) || (details.contains("=") && !isClosing) else {
                return nil
            }
            name = word.lowercased()
            attributes = details
            end = rest.index(after: index)
        }

        /// An attribute's value with its entities resolved.
        func attribute(_ name: String) -> String? {
            var rest = attributes
            while let equals = rest.firstIndex(of: "=") {
                let key = rest[..<equals].split(whereSeparator: \.isWhitespace).last.map { $0.lowercased() }
                var value = rest[rest.index(after: equals)...].drop(while: \.isWhitespace)
                let after: Substring
                if let quote = value.first, quote == "\"" || quote == "'" {
                    value = value.dropFirst()
                    let end = value.firstIndex(of: quote) ?? value.endIndex
                    after = value[end...].dropFirst()
                    value = value[..<end]
                } else {
                    let end = value.firstIndex(where: \.isWhitespace) ?? value.endIndex
                    after = value[end...]
                    value = value[..<end]
                }
                if key == name { return HTMLText.resolvingEntities(in: String(value)) }
                rest = after
            }
            return nil
        }
    }
}
