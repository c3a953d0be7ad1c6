extension Sequence<UInt8> {
    /// Two digits for each byte, with small letters.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 0xF)]] }, as: UTF8.self)
    }
}

extension [UInt8] {
    /// The bytes that pairs of digits stand for, with letters of either case.
    ///
    /// - Returns: `nil` for anything else, and for half a pair.
    package init?(hexadecimal text: String) {
        guard text.utf8.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for digit in text.utf8 {
            guard let value = UInt8(hexadecimalDigit: digit) else { return nil }
            if let upper = high {
                append(upper << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
    }
}

extension UInt8 {
    /// What one digit of ASCII stands for, a letter of either case among them; `nil` for anything else.
    init?(hexadecimalDigit digit: UInt8) {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self = digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self = digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self = digit - UInt8(ascii: "A") + 10
        default: return nil
        }
    }
}
