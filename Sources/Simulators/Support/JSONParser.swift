/// Why bytes are not JSON, with the offset of the first byte that does not fit.
package struct JSONError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

extension JSON {
    /// Reads one JSON value (RFC 8259) that must fill the bytes; throws ``JSONError`` for anything else.
    ///
    /// Invalid UTF-8, lone surrogates, more than 64 levels and anything behind the value are refused.
    package init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
        var parser = JSONParser(bytes: Array(bytes))
        self = try parser.document()
    }

    /// Reads one JSON value from text.
    package init(parsing text: String) throws(JSONError) {
        try self.init(parsing: text.utf8)
    }
}

private struct JSONParser {
    let bytes: [UInt8]
    var position = 0
    var depth = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func document() throws(JSONError) -> JSON {
        let result = try value()
        skipSpace()
        guard position == bytes.count else { throw failure("text behind the value") }
        return result
    }

    private func failure(_ what: String) -> JSONError {
        JSONError(description: "\(what) at byte \(position)")
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        guard position < bytes.count else { throw failure("unexpected end") }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let count = word.utf8CodeUnitCount
        guard bytes.count - position >= count, bytes[position..<position + count].elementsEqual("\(word)".utf8) else {
            throw failure("unknown word")
        }
        position += count
        return value
    }

    private mutating func enter() throws(JSONError) {
        depth += 1
        guard depth <= 64 else { throw failure("more than 64 levels") }
        position += 1
        skipSpace()
    }

    private mutating func object() throws(JSONError) -> JSON {
        try enter()
        defer { depth -= 1 }
        var members: [JSONObject.Member] = []
        if take("}") { return .object(JSONObject()) }
        while true {
            skipSpace()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { throw failure("expected a key") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw failure("expected a colon") }
            let member = JSONObject.Member(key: key, value: try value())
            guard !members.contains(where: { $0.key == key }) else { throw failure("key \(key) twice") }
            members.append(member)
            skipSpace()
            if take("}") { return .object(JSONObject(members: members)) }
            guard take(",") else { throw failure("expected a comma or the end of the object") }
        }
    }

    private mutating func array() throws(JSONError) -> JSON {
        try enter()
        defer { depth -= 1 }
        var elements: [JSON] = []
        if take("]") { return .array([]) }
        while true {
            elements.append(try value())
            skipSpace()
            if take("]") { return .array(elements) }
            guard take(",") else { throw failure("expected a comma or the end of the array") }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func string() throws(JSONError) -> String {
        position += 1
        var start = position
        var collected: [UInt8]?
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                let piece = bytes[start..<position]
                position += 1
                let all = collected.map { $0 + piece } ?? Array(piece)
                guard let text = String(validating: all, as: UTF8.self) else { throw failure("invalid UTF-8") }
                return text
            case UInt8(ascii: "\\"):
                collected = (collected ?? []) + bytes[start..<position]
                position += 1
                collected?.append(contentsOf: try escape())
                start = position
            case 0..<0x20:
                throw failure("control character in a string")
            default:
                position += 1
            }
        }
        throw failure("string without an end")
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard position < bytes.count else { throw failure("unexpected end") }
        defer { position += 1 }
        switch bytes[position] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [bytes[position]]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(Character(try unicode())).utf8)
        default: throw failure("unknown escape")
        }
    }

    /// Reads `uXXXX`, with its second half where it is a surrogate, and leaves the position on the last digit.
    private mutating func unicode() throws(JSONError) -> Unicode.Scalar {
        let first = try fourDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, position + 2 < bytes.count, bytes[position + 1] == UInt8(ascii: "\\"),
            bytes[position + 2] == UInt8(ascii: "u")
        else { throw failure("lone surrogate") }
        position += 2
        let second = try fourDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw failure("lone surrogate") }
        return scalar
    }

    private mutating func fourDigits() throws(JSONError) -> UInt32 {
        guard position + 4 < bytes.count else { throw failure("unexpected end") }
        var result: UInt32 = 0
        for _ in 0..<4 {
            position += 1
            guard let digit = Character(Unicode.Scalar(bytes[position])).hexDigitValue else {
                throw failure("expected a hexadecimal digit")
            }
            result = result << 4 | UInt32(digit)
        }
        return result
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = position
        var isInteger = true
        _ = take("-")
        let leadingZero = position < bytes.count && bytes[position] == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !leadingZero || whole == 1 else { throw failure("not a number") }
        if take(".") {
            isInteger = false
            guard digits() > 0 else { throw failure("not a number") }
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            guard digits() > 0 else { throw failure("not a number") }
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else { throw failure("not a number") }
        return .number(double)
    }

    private mutating func digits() -> Int {
        let start = position
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            position += 1
        }
        return position - start
    }
}
