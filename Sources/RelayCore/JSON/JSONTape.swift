/// JSON as a flat list of its values with where they stand in the bytes: one pass over a webhook's body, in which no text
/// and no number is made before it is asked for.
///
/// Strict about the structure and lenient about what stands in it, because one odd byte in a name must not cost the message
/// beside it. A text ends at the first quote without a backslash before it, and is always read (see ``string(_:)``).
/// A number of wrong form counts as absent. A comma behind the last value is taken. Refused is what isn't one value from its
/// first byte to its last, what is nested deeper than 512 levels, and UTF-16 and UTF-32, which nobody sends (RFC 8259 §8.1).
struct JSONTape: Sendable {
    struct Value: Sendable {
        enum Kind: Sendable {
            case object, array
            /// A text of ASCII without escapes.
            case plainText
            /// A text with anything else in it, not yet decoded.
            case text
            case number, yes, no, null
        }

        var kind: Kind
        /// Where its bytes are, without the quotes of a text.
        var start: Int32
        var end: Int32 = 0
        /// The index of the value that comes after it and all that is in it.
        var next: Int32 = 0
    }

    let bytes: [UInt8]
    /// An object's fields stand behind it, each as its key and its value; an array's elements likewise.
    private(set) var values: [Value] = []

    init?(_ bytes: [UInt8]) {
        guard bytes.count < Int(Int32.max) else { return nil }
        self.bytes = bytes
        values.reserveCapacity(64)
        var scanner = JSONScanner(bytes: bytes)
        guard scanner.scan(into: &values) else { return nil }
    }
}

/// One pass over the bytes. Not recursive: what comes from outside doesn't choose how deep our stack gets.
private struct JSONScanner {
    let bytes: [UInt8]
    var position = 0
    /// The indices of the objects and arrays that are open.
    private var open: [Int32] = []

    /// Nobody nests as deep.
    private static let deepest = 512

    init(bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    private enum Step {
        case value, behindValue
    }

    mutating func scan(into values: inout [JSONTape.Value]) -> Bool {
        var step = Step.value
        while true {
            switch step {
            case .value:
                guard let byte = sign() else { return false }
                let index = Int32(values.count)
                switch byte {
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    let isObject = byte == UInt8(ascii: "{")
                    guard open.count < Self.deepest else { return false }
                    values.append(.init(kind: isObject ? .object : .array, start: Int32(position)))
                    position += 1
                    open.append(index)
                    guard let first = sign() else { return false }
                    if first == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                        position += 1
                        close(in: &values)
                        step = .behindValue
                    } else if isObject {
                        guard key(into: &values) else { return false }
                    }
                    continue
                case UInt8(ascii: "\""):
                    guard text(into: &values) else { return false }
                case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    number(into: &values)
                case UInt8(ascii: "t"):
                    guard word("true", .yes, into: &values) else { return false }
                case UInt8(ascii: "f"):
                    guard word("false", .no, into: &values) else { return false }
                case UInt8(ascii: "n"):
                    guard word("null", .null, into: &values) else { return false }
                default:
                    return false
                }
                step = .behindValue
            case .behindValue:
                guard let container = open.last else { return sign() == nil }
                let isObject = values[Int(container)].kind == .object
                let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
                guard var byte = sign() else { return false }
                if byte == UInt8(ascii: ",") {
                    position += 1
                    guard let following = sign() else { return false }
                    if following != end {
                        if isObject, !key(into: &values) { return false }
                        step = .value
                        continue
                    }
                    byte = following
                }
                guard byte == end else { return false }
                position += 1
                close(in: &values)
            }
        }
    }

    /// The next byte that isn't white space.
    private mutating func sign() -> UInt8? {
        while position < bytes.count {
            let byte = bytes[position]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    private mutating func close(in values: inout [JSONTape.Value]) {
        guard let index = open.popLast() else { return }
        values[Int(index)].end = Int32(position)
        values[Int(index)].next = Int32(values.count)
    }

    /// A key and its colon.
    private mutating func key(into values: inout [JSONTape.Value]) -> Bool {
        guard bytes[position] == UInt8(ascii: "\""), text(into: &values) else { return false }
        guard sign() == UInt8(ascii: ":") else { return false }
        position += 1
        return true
    }

    private mutating func text(into values: inout [JSONTape.Value]) -> Bool {
        let start = position + 1
        guard let (kind, end) = Self.text(in: bytes.span, from: start) else { return false }
        position = end
        append(kind, from: start, into: &values)
        position += 1
        return true
    }

    /// To the quote that ends it; what is in it is decoded when it is asked for.
    private static func text(in bytes: Span<UInt8>, from start: Int) -> (kind: JSONTape.Value.Kind, end: Int)? {
        var position = start
        // Of anything beyond ASCII, an escape, and what should have been one.
        var isPlain = true
        while let (next, isASCII) = skipOrdinary(in: bytes, from: position) {
            position = next + 1
            if !isASCII { isPlain = false }
            let byte = bytes[next]
            if byte == UInt8(ascii: "\"") { return (isPlain ? .plainText : .text, next) }
            isPlain = false
            guard byte == UInt8(ascii: "\\") else { continue }
            // Of an escape only the sign behind the backslash can be a quote that ends nothing.
            position += 1
        }
        return nil
    }

    /// Eight bytes at a time, to the next quote, backslash or control character.
    ///
    /// - Returns: Where it is, and whether all before it was ASCII.
    @inline(__always)
    private static func skipOrdinary(in bytes: Span<UInt8>, from start: Int) -> (end: Int, isASCII: Bool)? {
        var position = start
        var bits: UInt64 = 0
        while position + 8 <= bytes.count {
            // "Unsafe" for types that not every bit pattern is a value of; the bounds are checked.
            let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            // A byte's high bit for each that we look for. Of the lowest it is exact, higher ones may be a borrow's.
            let found = (below(0x20, word) | below(1, word ^ every(0x22)) | below(1, word ^ every(0x5C))) & every(0x80)
            if found != 0 {
                let count = found.trailingZeroBitCount / 8
                bits |= word & ~(.max << UInt64(count * 8))
                return (position + count, bits & every(0x80) == 0)
            }
            bits |= word
            position += 8
        }
        while position < bytes.count {
            let byte = bytes[position]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                return (position, bits & every(0x80) == 0)
            }
            bits |= UInt64(byte)
            position += 1
        }
        return nil
    }

    private static func every(_ byte: UInt8) -> UInt64 { 0x0101_0101_0101_0101 &* UInt64(byte) }

    private static func below(_ limit: UInt8, _ word: UInt64) -> UInt64 { (word &- every(limit)) & ~word }

    private mutating func number(into values: inout [JSONTape.Value]) {
        let start = position
        position += 1
        loop: while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "-"),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                position += 1
            default:
                break loop
            }
        }
        append(.number, from: start, into: &values)
    }

    private mutating func word(
        _ word: StaticString, _ kind: JSONTape.Value.Kind, into values: inout [JSONTape.Value]
    ) -> Bool {
        let start = position
        guard word.withUTF8Buffer({ bytes[position...].starts(with: $0) }) else { return false }
        position += word.utf8CodeUnitCount
        append(kind, from: start, into: &values)
        return true
    }

    private func append(_ kind: JSONTape.Value.Kind, from start: Int, into values: inout [JSONTape.Value]) {
        values.append(
            .init(kind: kind, start: Int32(start), end: Int32(position), next: Int32(values.count) + 1))
    }
}
