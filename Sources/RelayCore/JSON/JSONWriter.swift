/// Writes JSON as `JSONEncoder` spells it, at a fraction of its cost: what is stored was written by either, and is searched
/// for by the spelling of its texts.
package struct JSONWriter {
    package private(set) var bytes: [UInt8] = []
    /// False as soon as it was given a number for which JSON has no form.
    private(set) var isJSON = true

    private let escapesSlashes: Bool

    /// - Parameters:
    ///   - capacity: bytes that there is room for from the start.
    ///   - escapesSlashes: whether `/` becomes `\/`, as JSONEncoder has it when nobody tells it otherwise.
    package init(capacity: Int, escapesSlashes: Bool = true) {
        self.escapesSlashes = escapesSlashes
        bytes.reserveCapacity(capacity)
    }

    package mutating func object(_ fields: (inout JSONWriter) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        fields(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func array<Element>(_ elements: [Element], _ element: (inout JSONWriter, Element) -> Void) {
        bytes.append(UInt8(ascii: "["))
        for value in elements {
            separate()
            element(&self, value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    /// - Parameter name: one that needs no escapes.
    mutating func field(_ name: StaticString, _ value: (inout JSONWriter) -> Void) {
        begin(name)
        value(&self)
    }

    mutating func field(_ name: StaticString, _ value: String) {
        begin(name)
        text(value)
    }

    /// A field of whatever name.
    package mutating func member(_ name: String, _ value: String) {
        separate()
        text(name)
        bytes.append(UInt8(ascii: ":"))
        text(value)
    }

    mutating func field(_ name: StaticString, ifAny value: String?) {
        if let value { field(name, value) }
    }

    mutating func field(_ name: StaticString, _ value: Double) {
        begin(name)
        guard value.isFinite else { return isJSON = false }
        let digits = value.description
        bytes.append(contentsOf: digits.hasSuffix(".0") ? digits.utf8.dropLast(2) : digits.utf8[...])
    }

    mutating func field(_ name: StaticString, _ value: Int64) {
        begin(name)
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func field(_ name: StaticString, _ value: Bool) {
        begin(name)
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    private mutating func begin(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    private mutating func separate() {
        guard let last = bytes.last, last != UInt8(ascii: "{"), last != UInt8(ascii: "[") else { return }
        bytes.append(UInt8(ascii: ","))
    }

    private mutating func text(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { source in
            var start = 0
            for position in 0..<source.count {
                let byte = source[position]
                guard isEscaped(byte) else { continue }
                bytes.append(contentsOf: source[start..<position])
                escape(byte)
                start = position + 1
            }
            bytes.append(contentsOf: source[start...])
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
            || (byte == UInt8(ascii: "/") && escapesSlashes)
    }

    private mutating func escape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            bytes.append(contentsOf: "u00".utf8)
            bytes.append(UInt8(ascii: "0") + byte >> 4)
            let low = byte & 0xF
            bytes.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + (low - 10))
        default: bytes.append(byte)
        }
    }
}
