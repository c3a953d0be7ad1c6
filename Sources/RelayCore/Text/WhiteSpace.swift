extension String {
    /// Whether a reader would see nothing: white space, control characters and characters without a glyph alone, such as
    /// U+200B, U+3164 or U+2800.
    package var isBlank: Bool {
        if let first = utf8.first, first.isVisible { return false }
        return unicodeScalars.allSatisfy(\.isInvisible)
    }

    /// The text without the white space around it. Invisible characters that are no white space stay: they may belong to the
    /// emoji or the Persian word beside them.
    package func trimmingWhiteSpace() -> String {
        if let first = utf8.first, let last = utf8.last, first.isVisible, last.isVisible { return self }
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}

extension Unicode.Scalar {
    /// Whether it leaves no mark on the screen by itself. Format characters that have a glyph, as U+0600 has, are visible.
    package var isInvisible: Bool {
        if value < 0x80 { return !UInt8(value).isVisible }
        switch value {
        // Braille without dots, and the marks around an interlinear annotation.
        case 0x2800, 0xFFF9...0xFFFB: return true
        default:
            return isControl || properties.isWhitespace || properties.isDefaultIgnorableCodePoint
        }
    }
}

extension UInt8 {
    /// Whether it is a letter, a digit or a sign of ASCII. No character that begins or ends with it is white space.
    fileprivate var isVisible: Bool { 0x21...0x7E ~= self }
}
