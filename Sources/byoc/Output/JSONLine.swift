import RelayCore

/// One JSON object of texts, written into one run of bytes.
struct JSONLine {
    private(set) var bytes: [UInt8]

    /// - Parameter fields: no name twice. They are written sorted by the bytes of their names.
    init(_ fields: [(name: String, value: String)]) {
        // What most lines have room in.
        var writer = JSONWriter(capacity: 512, escapesSlashes: false)
        writer.object { writer in
            let sorted = fields.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            for (name, value) in sorted { writer.member(name, value) }
        }
        bytes = writer.bytes
    }

    mutating func endLine() { bytes.append(UInt8(ascii: "\n")) }
}
