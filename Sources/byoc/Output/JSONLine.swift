import RelayCore

/// One JSON object of texts, written into one run of bytes.
struct JSONLine {
    private(set) var bytes: [UInt8]

    /// - Parameter fields: no name twice; they come sorted by the bytes of their names.
    init(_ fields: [(name: String, value: String)]) {
        // What most lines have room in.
        var writer = JSONWriter(capacity: 512, escapesSlashes: false)
        writer.object { writer in
            for (_, index) in Self.order(fields.map(\.name)) { writer.member(fields[index].name, fields[index].value) }
        }
        bytes = writer.bytes
    }

    mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }

    /// The order of names by their bytes: their first eight as one number, which distinguishes nearly all of them.
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
}
