/// One JSON object of texts, written into one run of bytes.
struct JSONLine {
    private(set) var bytes: [UInt8] = []

    /// - Parameter fields: no name twice; they come sorted by the bytes of their names.
    init(_ fields: [(name: String, value: String)]) {
        // What most lines have room in.
        bytes.reserveCapacity(512)
        var opening = UInt8(ascii: "{")
        for (_, index) in Self.order(fields.map(\.name)) {
            let field = fields[index]
            bytes.append(opening)
            opening = UInt8(ascii: ",")
            append(quoted: field.name)
            bytes.append(UInt8(ascii: ":"))
            append(quoted: field.value)
        }
        if fields.isEmpty { bytes.append(opening) }
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

    /// With no more escapes than JSON asks for (RFC 8259 §7).
    private mutating func append(quoted text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            var start = utf8.startIndex
            for (index, byte) in utf8.enumerated() where Self.isEscaped(byte) {
                bytes.append(contentsOf: utf8[start..<index])
                start = index + 1
                append(escaped: byte)
            }
            bytes.append(contentsOf: utf8[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(escaped byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): bytes.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): bytes.append(UInt8(ascii: "t"))
        default:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(Self.digit(byte >> 4))
            bytes.append(Self.digit(byte & 0xF))
        }
    }

    /// The order of names by their bytes: their first eight as one number, which tells nearly all of them apart.
    private static func order(_ names: [String]) -> [(start: UInt64, index: Int)] {
        let starts = names.enumerated().map { index, name in
            var start: UInt64 = 0
            var place: UInt64 = 64
            for byte in name.utf8.prefix(8) {
                place -= 8
                start |= UInt64(byte) << place
            }
            return (start: start, index: index)
        }
        return starts.sorted { one, other in
            if one.start != other.start { return one.start < other.start }
            return names[one.index].utf8.lexicographicallyPrecedes(names[other.index].utf8)
        }
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
