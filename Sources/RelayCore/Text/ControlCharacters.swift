extension String {
    /// The text as it is passed on: without control characters other than tab and line feed. CR LF, CR, NEL, the line tabulation
    /// and the form feed become line feeds.
    package func withoutControlCharacters() -> String {
        guard hasControlCharacters else { return self }
        var result = ""
        result.reserveCapacity(utf8.count)
        var isAfterReturn = false
        for scalar in unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            switch scalar {
            case "\n" where isAfterReturn: continue
            case "\r", "\u{B}", "\u{C}", "\u{85}": result.unicodeScalars.append("\n")
            case _ where scalar.isControl && scalar != "\n" && scalar != "\t": continue
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A name of foreign origin, on one line and with nothing in it that changes how the text behind it is shown: neither
    /// control characters nor embeddings, overrides and isolates of the writing direction. `nil` if nothing visible is left.
    package var asName: String? {
        var name = self
        if name.utf8.contains(where: { $0 >= 0x80 || $0 < 0x20 || $0 == 0x7F }) {
            name = name.withoutControlCharacters()
            name.unicodeScalars.removeAll(where: \.changesDirection)
            name = name.split(whereSeparator: \.isNewline).joined(separator: " ")
        }
        name = name.trimmingWhiteSpace()
        return name.isBlank ? nil : name
    }

    private var hasControlCharacters: Bool {
        var last: UInt8 = 0
        for byte in utf8 {
            if byte < 0x20 ? byte != 0x09 && byte != 0x0A : byte == 0x7F { return true }
            // U+0080 to U+009F.
            if last == 0xC2, byte < 0xA0 { return true }
            last = byte
        }
        return false
    }
}

extension Unicode.Scalar {
    /// U+0000 to U+001F and U+007F to U+009F.
    package var isControl: Bool { value < 0x20 || 0x7F...0x9F ~= value }

    /// Whether it embeds, overrides or isolates the writing direction until its counterpart comes, if one does.
    package var changesDirection: Bool { 0x202A...0x202E ~= value || 0x2066...0x2069 ~= value }
}
