import RelayCore

/// Makes the words of customers, agents and outside services safe for a terminal or a text log. All that a command or a log
/// line shows of them goes through here, because a terminal obeys what it reads.
extension String {
    /// Lines as they are, everything that a terminal would obey or that hides or turns what is around it replaced by U+FFFD.
    var printable: String { printable(newLine: "\n", tab: "\t") }

    /// The same on one line.
    var printableOnOneLine: String { printable(newLine: " ", tab: " ") }

    private func printable(newLine: Unicode.Scalar, tab: Unicode.Scalar) -> String {
        guard utf8.contains(where: { !(0x20...0x7E ~= $0) }) else { return self }
        var result = ""
        result.reserveCapacity(utf8.count)
        var isAfterReturn = false
        for scalar in unicodeScalars {
            defer { isAfterReturn = scalar == "\r" }
            switch scalar {
            case "\n" where isAfterReturn: continue
            case "\n", "\r", "\u{2028}", "\u{2029}": result.unicodeScalars.append(newLine)
            case "\t": result.unicodeScalars.append(tab)
            case _ where scalar.isUnprintable: result.unicodeScalars.append("\u{FFFD}")
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// How many columns of a terminal it takes.
    var columns: Int {
        guard utf8.contains(where: { $0 >= 0x80 }) else { return utf8.count }
        return reduce(0) { $0 + $1.columns }
    }

    /// With spaces behind it, or before it, up to this width.
    func padded(to width: Int, fromLeft: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(0, width - columns))
        return fromLeft ? spaces + self : self + spaces
    }
}

/// JSON in which nothing is left that ``Swift/String/printable`` replaces: it is escaped, which JSON's own rules ask for the
/// first 32 characters only.
struct PrintableJSON {
    private(set) var bytes: [UInt8]

    /// - Parameter json: on one line or on several, with nothing unprintable outside of strings.
    init(_ json: [UInt8]) {
        bytes = json
        guard json.contains(where: { $0 >= 0x7F }) else { return }
        bytes.removeAll(keepingCapacity: true)
        for scalar in String(decoding: json, as: UTF8.self).unicodeScalars {
            guard scalar.isUnprintable, scalar != "\n" else {
                bytes += UTF8.encode(scalar).map(Array.init) ?? []
                continue
            }
            for unit in UTF16.encode(scalar).map(Array.init) ?? [] {
                let digits = String(unit, radix: 16)
                bytes += "\\u".utf8
                bytes += String(repeating: "0", count: 4 - digits.count).utf8
                bytes += digits.utf8
            }
        }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension Unicode.Scalar {
    /// Control characters, line and paragraph separators, what changes the writing direction, and what is invisible, except for
    /// the joiners and variation selectors that words and emoji are made with.
    fileprivate var isUnprintable: Bool {
        switch value {
        case 0x20...0x7E: false
        case 0x200C, 0x200D, 0xFE00...0xFE0F, 0xE0100...0xE01EF, 0xE0020...0xE007F, 0x180B...0x180F, 0x34F: false
        case 0x2028, 0x2029, 0xFFF9...0xFFFB: true
        default: isControl || properties.isDefaultIgnorableCodePoint || properties.isBidiControl
        }
    }

    /// 0 for what joins the character before it, 2 for what East Asian fonts and emoji take.
    fileprivate var columns: Int {
        switch value {
        case 0x20...0x7E: return 1
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
            0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default:
            switch properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: return 0
            default: return properties.isEmojiPresentation ? 2 : 1
            }
        }
    }
}

extension Character {
    /// A terminal puts what joins a character into its place.
    fileprivate var columns: Int {
        let widest = unicodeScalars.reduce(0) { max($0, $1.columns) }
        return unicodeScalars.contains("\u{FE0F}") ? max(widest, 2) : widest
    }
}
