/// The records of requests, as a web server sends them (FastCGI 1.0, §3.3).
struct FastCGIBytes {
    var bytes: [UInt8] = []

    mutating func begin(keep: Bool) {
        record(1, [0, 1, keep ? 1 : 0, 0, 0, 0, 0, 0])
    }

    /// A stream of records of at most so many bytes each, ended by an empty one.
    mutating func stream(_ type: UInt8, _ content: [UInt8], piece: Int) {
        for start in stride(from: 0, to: content.count, by: piece) {
            record(type, Array(content[start..<min(start + piece, content.count)]))
        }
        record(type, [])
    }

    private mutating func record(_ type: UInt8, _ content: [UInt8]) {
        let padding = (8 - content.count % 8) % 8
        bytes += [1, type, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xFF), UInt8(padding), 0]
        bytes += content + [UInt8](repeating: 0, count: padding)
    }

    /// Whether a record that comes before the end of a request's body belongs to something else.
    static func hasStranger(inBody bytes: ArraySlice<UInt8>, of id: Int) -> Bool {
        var rest = bytes
        while rest.count >= 8 {
            let header = Array(rest.prefix(8))
            let length = Int(header[4]) << 8 | Int(header[5])
            let isOwn = header[0] == 1 && Int(header[2]) << 8 | Int(header[3]) == id
            if isOwn, header[1] == 2, length == 0 { return false }
            guard isOwn, header[1] == 5 else { return true }
            guard length > 0 else { return false }
            rest = rest.dropFirst(8 + length + Int(header[6]))
        }
        return false
    }

    static func pairs(_ pairs: [(String, String)]) -> [UInt8] {
        pairs.flatMap { Self.pair(Array($0.0.utf8), Array($0.1.utf8)) }
    }

    static func pair(_ name: [UInt8], _ value: [UInt8]) -> [UInt8] {
        length(name.count) + length(value.count) + name + value
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: (count | 1 << 31) >> $0) }
    }
}

/// One whole answer of the responder.
struct FastCGIAnswer: Equatable {
    var status: Int
    var fields: [(name: String, value: String)]
    var body: [UInt8]

    static func == (left: Self, right: Self) -> Bool {
        left.status == right.status && left.body == right.body
            && left.fields.map(\.name) == right.fields.map(\.name)
    }

    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    /// - Throws: when what came is anything but whole answers, or nothing.
    static func all(in received: [UInt8]) throws(BrokenProperty) -> [FastCGIAnswer] {
        var answers: [FastCGIAnswer] = []
        var output: [UInt8] = []
        var rest = received[...]
        while !rest.isEmpty {
            let header = Array(rest.prefix(8))
            try hold(header.count == 8 && header[0] == 1, "the responder sends records")
            let length = Int(header[4]) << 8 | Int(header[5])
            rest = rest.dropFirst(8)
            try hold(rest.count >= length + Int(header[6]), "no record of an answer is cut off")
            let content = rest.prefix(length)
            rest = rest.dropFirst(length + Int(header[6]))
            switch header[1] {
            case 6: output += content
            case 3:
                try hold(content.count == 8 && content.allSatisfy { $0 == 0 }, "an answered request ends well")
                answers.append(try FastCGIAnswer(output))
                output = []
            default: try hold(false, "answers have no records of type \(header[1])")
            }
        }
        try hold(output.isEmpty, "an answer that is begun is ended")
        return answers
    }

    private init(_ output: [UInt8]) throws(BrokenProperty) {
        let end = Array("\r\n\r\n".utf8)
        guard let place = output.indices.first(where: { output[$0...].starts(with: end) }) else {
            throw BrokenProperty(description: "An answer has no end of its head.")
        }
        body = Array(output[(place + 4)...])
        let lines = String(decoding: output[..<place], as: UTF8.self).split(
            separator: "\r\n", omittingEmptySubsequences: false)
        fields = []
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else {
                throw BrokenProperty(description: "A line of an answer's head is no field.")
            }
            fields.append((String(line[..<colon]), String(line[colon...].dropFirst(2))))
        }
        status = fields.first.flatMap { $0.name == "Status" ? Int($0.value.prefix(3)) : nil } ?? 0
        try hold((200...599).contains(status), "an answer has a status")
        try hold(self["X-Request-Id"]?.isEmpty == false, "an answer names its request")
        if let length = self["Content-Length"], !body.isEmpty {
            try hold(Int(length) == body.count, "an answer's length is what it says")
        }
    }
}
