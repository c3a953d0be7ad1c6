import Glibc

@testable import FastCGI

/// A web server's side of FastCGI, just enough to be exact about every byte.
final class FastCGIClient: Sendable {
    let descriptor: Int32

    init(to path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw SystemFailure("connect") }
        limitWaiting()
    }

    init(toPort port: UInt16) throws {
        descriptor = try connectedSocket(toPort: port)
        limitWaiting()
    }

    /// A test that goes wrong shall fail, not hang.
    private func limitWaiting() {
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout.size(ofValue: patience)))
    }

    deinit {
        close(descriptor)
    }

    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        sendAll(bytes, to: descriptor)
    }

    func exchange(_ request: Records) throws -> Answer {
        send(request.bytes)
        return try receive()
    }

    /// Reads to END_REQUEST or to the end of the connection.
    func receive() throws -> Answer {
        var answer = Answer()
        while true {
            let header = receive(8)
            guard header.count == 8 else { return answer }
            let length = Int(header[4]) << 8 | Int(header[5])
            let content = receive(length + Int(header[6])).prefix(length)
            switch header[1] {
            case 3:
                answer.isEnded = true
                return answer
            case 6: answer.output += content
            case 7: answer.errors += content
            default: throw SystemFailure("a record of type \(header[1])", code: EPROTO)
            }
        }
    }

    /// Whether the other side has closed; waits for it.
    func isClosedByPeer() -> Bool {
        receive(1).isEmpty && errno != EAGAIN
    }

    private func receive(_ count: Int) -> [UInt8] {
        errno = 0
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = read(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled)
                guard got > 0 else { break }
                filled += got
            }
        }
    }
}

/// What came back for one request.
struct Answer {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    /// END_REQUEST was seen.
    var isEnded = false

    var text: String { String(decoding: output, as: UTF8.self) }

    private var split: (head: String, body: [UInt8]) {
        let end = Array("\r\n\r\n".utf8)
        for start in output.indices where output[start...].starts(with: end) {
            return (String(decoding: output[..<start], as: UTF8.self), Array(output[(start + 4)...]))
        }
        return (text, [])
    }

    var body: String { String(decoding: split.body, as: UTF8.self) }
    var bodyBytes: [UInt8] { split.body }
    var lines: [String] { split.head.split(separator: "\r\n").map(String.init) }
    /// "Status: 200 OK" gives 200.
    var status: Int? { self["Status"].flatMap { Int($0.prefix(3)) } }

    subscript(name: String) -> String? {
        lines.first { $0.lowercased().hasPrefix(name.lowercased() + ":") }
            .map { String($0.dropFirst(name.count + 1).drop { $0 == " " }) }
    }
}

/// The records of one request.
struct Records {
    var bytes: [UInt8] = []

    /// A whole request. `parameters` come after the usual ones and may repeat them; a nil value leaves one out.
    static func request(
        method: String? = "GET",
        uri: String? = "/",
        parameters: [(String, String)] = [],
        body: [UInt8]? = nil,
        contentLength: String?? = .none,
        keep: Bool = false,
        id: UInt16 = 1
    ) -> Records {
        var pairs: [(String, String)] = []
        if let method { pairs.append(("REQUEST_METHOD", method)) }
        if let uri { pairs.append(("REQUEST_URI", uri)) }
        switch contentLength {
        case .none: pairs.append(("CONTENT_LENGTH", body.map { String($0.count) } ?? ""))
        case .some(.none): break
        case .some(.some(let text)): pairs.append(("CONTENT_LENGTH", text))
        }
        var records = Records()
        records.begin(keep: keep, id: id)
        records.parameters(pairs + parameters, id: id)
        records.input(body ?? [], id: id)
        return records
    }

    mutating func begin(role: UInt8 = 1, keep: Bool = false, id: UInt16 = 1) {
        record(1, [0, role, keep ? 1 : 0, 0, 0, 0, 0, 0], id: id)
    }

    mutating func parameters(_ pairs: [(String, String)], id: UInt16 = 1) {
        parameters(pairs.map { (Array($0.0.utf8), Array($0.1.utf8)) }, id: id)
    }

    mutating func parameters(_ pairs: [([UInt8], [UInt8])], id: UInt16 = 1) {
        var content: [UInt8] = []
        for (name, value) in pairs {
            content += Self.length(name.count) + Self.length(value.count) + name + value
        }
        stream(4, content, id: id)
    }

    mutating func input(_ body: [UInt8], id: UInt16 = 1) {
        stream(5, body, id: id)
    }

    /// A stream of records, ended by an empty one.
    mutating func stream(_ type: UInt8, _ content: [UInt8], id: UInt16 = 1) {
        for start in stride(from: 0, to: content.count, by: 0x8000) {
            record(type, Array(content[start..<min(start + 0x8000, content.count)]), id: id)
        }
        record(type, [], id: id)
    }

    mutating func record(_ type: UInt8, _ content: [UInt8], id: UInt16 = 1, version: UInt8 = 1) {
        let padding = (8 - content.count % 8) % 8
        bytes += [version, type, UInt8(id >> 8), UInt8(id & 0xFF)]
        bytes += [UInt8(content.count >> 8), UInt8(content.count & 0xFF), UInt8(padding), 0]
        bytes += content
        bytes += [UInt8](repeating: 0, count: padding)
    }

    static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        let word = UInt32(count) | 0x8000_0000
        return [UInt8(word >> 24), UInt8(word >> 16 & 0xFF), UInt8(word >> 8 & 0xFF), UInt8(word & 0xFF)]
    }
}
