extension String {
    /// Whether there is nothing in it but white space.
    package var isBlank: Bool {
        guard let first = unicodeScalars.first else { return true }
        // A character is white space if its first scalar is.
        return first.isWhiteSpace && allSatisfy(\.isWhitespace)
    }

    package func trimmingWhiteSpace() -> String {
        if let first = utf8.first, let last = utf8.last, first.isVisible, last.isVisible { return self }
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}

extension Unicode.Scalar {
    /// Not looked up in Unicode's tables where that can be helped.
    fileprivate var isWhiteSpace: Bool { !(value < 0x80 && UInt8(value).isVisible) && properties.isWhitespace }
}

extension UInt8 {
    /// Whether it is a letter, a digit or a sign of ASCII. No character that begins or ends with it is white space.
    fileprivate var isVisible: Bool { 0x21...0x7E ~= self }
}
