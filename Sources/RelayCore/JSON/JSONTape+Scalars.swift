import FoundationEssentials

/// Texts and numbers, made when they are asked for.
extension JSONTape {
    /// The text, whatever stands between its quotes. What can't be read becomes U+FFFD in its place: an escape that isn't
    /// one (`\q`, `\u12`), half of a surrogate pair, bytes that aren't UTF-8. A control character without an escape is kept.
    ///
    /// - Returns: `nil` for anything but a text.
    func string(_ value: Value) -> String? {
        let range = Int(value.start)..<Int(value.end)
        switch value.kind {
        case .plainText: return String(decoding: bytes[range], as: UTF8.self)
        case .text: break
        default: return nil
        }
        guard bytes[range].contains(UInt8(ascii: "\\")) else { return String(decoding: bytes[range], as: UTF8.self) }
        return String(decoding: unescaped(range), as: UTF8.self)
    }

    @inline(__always)
    func isKey(_ value: Value, _ name: StaticString) -> Bool {
        guard value.kind == .plainText else {
            return value.kind == .text && string(value)?.utf8.elementsEqual(name.description.utf8) == true
        }
        let start = Int(value.start)
        guard Int(value.end) - start == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { name in
            for offset in 0..<name.count where bytes[start + offset] != name[offset] { return false }
            return true
        }
    }

    /// An integer of 64 bits, with or without a sign, in its digits.
    func digits(_ value: Value) -> String? {
        guard value.kind == .number else { return nil }
        guard let plain = plainInteger(value), !plain.isNegative || 1...(1 << 63) ~= plain.magnitude else {
            return decoded(Int64.self, value).map { String($0) } ?? decoded(UInt64.self, value).map { String($0) }
        }
        return String(decoding: bytes[Int(value.start)..<Int(value.end)], as: UTF8.self)
    }

    func integer(_ value: Value) -> Int64? {
        guard value.kind == .number else { return nil }
        guard let plain = plainInteger(value), plain.magnitude <= Int64.max else { return decoded(Int64.self, value) }
        return plain.isNegative ? -Int64(plain.magnitude) : Int64(plain.magnitude)
    }

    func number(_ value: Value) -> Double? {
        guard value.kind == .number else { return nil }
        // What rounds to zero or to infinity is for the decoder to judge.
        guard isNumber(value),
            let number = Double(String(decoding: bytes[Int(value.start)..<Int(value.end)], as: UTF8.self)),
            number.isFinite, number != 0
        else { return decoded(Double.self, value) }
        return number
    }

    /// The few spellings that nobody uses (`1.0` or `1e3` for an integer) are read by the decoder, with its judgement
    /// of what is exact.
    private func decoded<Number: Decodable>(_ type: Number.Type, _ value: Value) -> Number? {
        try? JSONDecoder().decode(type, from: Data(bytes[Int(value.start)..<Int(value.end)]))
    }

    /// - Returns: `nil` for anything but digits behind a sign, and for more than 64 bits.
    private func plainInteger(_ value: Value) -> (magnitude: UInt64, isNegative: Bool)? {
        var position = Int(value.start)
        let end = Int(value.end)
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative { position += 1 }
        guard position < end, bytes[position] != UInt8(ascii: "0") || position + 1 == end else { return nil }
        var magnitude: UInt64 = 0
        while position < end {
            let byte = bytes[position]
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
            let (tens, isTooMuch) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, isTooMuchNow) = tens.addingReportingOverflow(UInt64(byte - UInt8(ascii: "0")))
            guard !isTooMuch, !isTooMuchNow else { return nil }
            magnitude = sum
            position += 1
        }
        return (magnitude, isNegative)
    }

    /// Whether it is a number by JSON's grammar (RFC 8259 §6).
    private func isNumber(_ value: Value) -> Bool {
        var rest = bytes[Int(value.start)..<Int(value.end)]
        func digits() -> Int {
            let count = rest.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }.count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        let startsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard startsWithZero ? whole == 1 : whole > 0 else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            guard digits() > 0 else { return false }
        }
        if let sign = rest.first, sign == UInt8(ascii: "e") || sign == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    private func unescaped(_ range: Range<Int>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(range.count)
        var rest = bytes[range]
        while let backslash = rest.firstIndex(of: UInt8(ascii: "\\")) {
            result.append(contentsOf: rest[..<backslash])
            rest = rest[(backslash + 1)...]
            switch rest.first {
            case .some(let sign)
            where sign == UInt8(ascii: "\"") || sign == UInt8(ascii: "\\") || sign == UInt8(ascii: "/"):
                result.append(sign)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                let scalar = Self.scalar(&rest)
                result.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
                continue
            case .some(let sign):
                result.append(contentsOf: UTF8.encodedReplacementCharacter)
                // Only a visible sign of ASCII can have been meant as one.
                if sign < 0x20 || sign >= 0x80 { continue }
            case nil:
                // The scanner lets no text end here.
                result.append(contentsOf: UTF8.encodedReplacementCharacter)
            }
            rest = rest.dropFirst()
        }
        result.append(contentsOf: rest)
        return result
    }

    /// Reads an escape that begins at its `u`, together with the second half of its pair.
    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
        let replacement: Unicode.Scalar = "\u{FFFD}"
        guard let unit = unit(&rest) else { return replacement }
        guard UTF16.isLeadSurrogate(unit) else { return Unicode.Scalar(unit) ?? replacement }
        guard rest.starts(with: "\\u".utf8) else { return replacement }
        // Anything but a second half stands for itself, and is read again.
        var behind = rest.dropFirst()
        guard let second = self.unit(&behind), UTF16.isTrailSurrogate(second) else { return replacement }
        rest = behind
        return Unicode.Scalar(0x1_0000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(second) - 0xDC00)) ?? replacement
    }

    /// Takes the `u` and the digits behind it, four at most.
    ///
    /// - Returns: `nil` if they are fewer.
    private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt16? {
        var unit: UInt16 = 0
        var count = 0
        rest = rest.dropFirst()
        while count < 4, let digit = rest.first.flatMap(UInt8.init(hexadecimalDigit:)) {
            unit = unit << 4 | UInt16(digit)
            count += 1
            rest = rest.dropFirst()
        }
        return count == 4 ? unit : nil
    }
}
