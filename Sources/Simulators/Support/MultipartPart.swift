/// One field of a `multipart/form-data` body (RFC 7578).
struct MultipartPart: Equatable {
    var field: String
    /// The file name; empty when there is none.
    var name: String
    var contentType: String
    var bytes: [UInt8]

    /// The parts of a body; nil when it is no complete multipart body.
    static func parts(of body: [UInt8], contentType: String) -> [MultipartPart]? {
        guard contentType.lowercased().hasPrefix("multipart/form-data"),
            let boundary = parameter("boundary", of: contentType), !boundary.isEmpty
        else { return nil }
        let delimiter = Array("--\(boundary)".utf8)
        var marks: [Int] = []
        var position = 0
        while let found = first(delimiter, in: body, from: position) {
            marks.append(found)
            position = found + delimiter.count
        }
        guard let last = marks.last, body[(last + delimiter.count)...].starts(with: "--".utf8) else { return nil }
        var parts: [MultipartPart] = []
        for (start, end) in zip(marks, marks.dropFirst()) {
            // Each part begins after the line end of its delimiter and ends before that of the next.
            let from = start + delimiter.count + 2
            guard from <= end - 2, let part = part(body[from..<end - 2]) else { return nil }
            parts.append(part)
        }
        return parts
    }

    private static func part(_ bytes: ArraySlice<UInt8>) -> MultipartPart? {
        guard let gap = first(Array("\r\n\r\n".utf8), in: bytes, from: bytes.startIndex) else { return nil }
        var part = MultipartPart(
            field: "", name: "", contentType: "application/octet-stream", bytes: Array(bytes[(gap + 4)...]))
        for line in String(decoding: bytes[..<gap], as: UTF8.self).split(separator: "\r\n") {
            let pieces = line.split(separator: ":", maxSplits: 1)
            guard pieces.count == 2 else { return nil }
            let value = String(pieces[1].drop { $0 == " " })
            switch pieces[0].lowercased() {
            case "content-disposition":
                part.field = parameter("name", of: value) ?? ""
                part.name = parameter("filename", of: value) ?? ""
            case "content-type": part.contentType = value
            default: break
            }
        }
        return part
    }

    private static func parameter(_ name: String, of header: String) -> String? {
        for piece in header.split(separator: ";").dropFirst() {
            let sides = piece.split(separator: "=", maxSplits: 1)
            guard sides.count == 2, sides[0].drop(while: { $0 == " " }).lowercased() == name else { continue }
            let value = sides[1]
            return value.hasPrefix("\"") ? String(value.dropFirst().prefix { $0 != "\"" }) : String(value)
        }
        return nil
    }

    private static func first(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        first(needle, in: bytes[...], from: start)
    }

    private static func first(_ needle: [UInt8], in bytes: ArraySlice<UInt8>, from start: Int) -> Int? {
        guard let lead = needle.first else { return nil }
        var position = start
        while position + needle.count <= bytes.endIndex {
            if bytes[position] == lead, bytes[position..<position + needle.count].elementsEqual(needle) {
                return position
            }
            position += 1
        }
        return nil
    }
}
