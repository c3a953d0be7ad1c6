// A socket of the test's own, for what no well-behaved client sends, and the records of FastCGI to send on one.

import Glibc

/// A client that is exact about every byte. Closed when it is let go of.
final class RawClient: Sendable {
    private let descriptor: Int32

    /// Connects to a Unix socket's path.
    init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try limitWaiting(code, path)
    }

    /// Connects to a port of this machine.
    init(port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = in_port_t(port).bigEndian
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try limitWaiting(code, "\(port)")
    }

    deinit { close(descriptor) }

    private func limitWaiting(_ code: Int32, _ place: String) throws {
        guard code == 0 else { throw StackFailure("can't connect to \(place): \(String(cString: strerror(errno)))") }
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout.size(ofValue: patience)))
        }
    }

    /// - Returns: whether the other side took all of it.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Reads until the other side closes, or has sent enough.
    func receive(until isEnough: ([UInt8]) -> Bool = { _ in false }) -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while !isEnough(received) {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            received += buffer.prefix(count)
        }
        return received
    }

    /// The status of an HTTP answer; 0 when there was none.
    func receiveStatus() -> Int {
        let line = String(decoding: receive { $0.contains(UInt8(ascii: "\n")) }, as: UTF8.self)
        return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
    }
}

/// The records of one FastCGI request (FastCGI specification 1.0 §3, §4).
struct FastCGIRecords {
    private(set) var bytes: [UInt8] = []

    /// A whole request for a responder that closes the connection after it.
    static func request(_ parameters: [(String, String)], body: [UInt8] = []) -> [UInt8] {
        var records = FastCGIRecords()
        records.begin()
        records.parameters(parameters)
        records.add(5, body)
        if !body.isEmpty { records.add(5, []) }
        return records.bytes
    }

    mutating func begin() { add(1, [0, 1, 0, 0, 0, 0, 0, 0]) }

    mutating func parameters(_ pairs: [(String, String)]) {
        var content: [UInt8] = []
        for (name, value) in pairs {
            content += Self.length(name.utf8.count) + Self.length(value.utf8.count) + name.utf8 + value.utf8
        }
        if !content.isEmpty { add(4, content) }
        add(4, [])
    }

    mutating func add(_ type: UInt8, _ content: [UInt8]) {
        bytes += [1, type, 0, 1, UInt8(content.count >> 8 & 0xff), UInt8(content.count & 0xff), 0, 0] + content
    }

    private static func length(_ count: Int) -> [UInt8] {
        if count < 0x80 { return [UInt8(count)] }
        let word = UInt32(count) | 0x8000_0000
        return [UInt8(word >> 24), UInt8(word >> 16 & 0xff), UInt8(word >> 8 & 0xff), UInt8(word & 0xff)]
    }
}
