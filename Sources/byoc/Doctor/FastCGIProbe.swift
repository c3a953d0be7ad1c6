import Foundation
import Glibc
import RelayCore

/// Asks the workers behind a Unix socket directly, as nginx would.
enum FastCGIProbe {
    /// Blocks for at most the time limit, from connecting to the last byte.
    ///
    /// - Returns: what the workers wrote, headers and all.
    static func get(_ path: String, from socketPath: String, seconds: Int = 5) throws(CommandFailure) -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("no socket can be created") }
        defer { close(descriptor) }
        let deadline = ContinuousClock.now + .seconds(seconds)
        limit(SO_SNDTIMEO, of: descriptor, to: deadline)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(socketPath.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw CommandFailure("the path is too long")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let result = withUnsafePointer(to: &address) { pointer in
            // Every kind of address may be accessed as a `sockaddr` (connect(2)).
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw failure("no connection") }
        let request = request(for: path)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw failure("the request isn't accepted")
        }
        return try answer(on: descriptor, until: deadline)
    }

    /// - Returns: whether there is time left. A call that blocks comes back when it is over.
    @discardableResult
    private static func limit(_ option: Int32, of descriptor: Int32, to deadline: ContinuousClock.Instant) -> Bool {
        let left = (deadline - .now).microseconds
        // Zero would be no limit at all (socket(7)).
        var time = timeval(tv_sec: Int(max(1, left) / 1_000_000), tv_usec: Int(max(1, left) % 1_000_000))
        setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
        return left > 0
    }

    /// FCGI_BEGIN_REQUEST as responder, the parameters, an empty body.
    private static func request(for path: String) -> [UInt8] {
        var parameters: [UInt8] = []
        for (name, value) in [
            ("REQUEST_METHOD", "GET"), ("REQUEST_URI", path), ("SCRIPT_NAME", ""), ("SERVER_PROTOCOL", "HTTP/1.1"),
            ("QUERY_STRING", ""), ("REMOTE_ADDR", "127.0.0.1"), ("SERVER_NAME", "localhost"),
        ] {
            // Each shorter than 128, so that one byte holds its length.
            parameters += [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8) + Array(value.utf8)
        }
        return record(1, [0, 1, 0, 0, 0, 0, 0, 0]) + record(4, parameters) + record(4, []) + record(5, [])
    }

    private static func record(_ kind: UInt8, _ content: [UInt8]) -> [UInt8] {
        [1, kind, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xff), 0, 0] + content
    }

    private static func answer(
        on descriptor: Int32, until deadline: ContinuousClock.Instant
    ) throws(CommandFailure) -> String {
        var output: [UInt8] = []
        while output.count < 100_000 {
            let head = try read(8, from: descriptor, until: deadline)
            let content = try read(Int(head[4]) << 8 | Int(head[5]), from: descriptor, until: deadline)
            _ = try read(Int(head[6]), from: descriptor, until: deadline)
            if head[1] == 6 { output += content }
            if head[1] == 3 { break }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func read(
        _ count: Int, from descriptor: Int32, until deadline: ContinuousClock.Instant
    ) throws(CommandFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard limit(SO_RCVTIMEO, of: descriptor, to: deadline) else {
                throw CommandFailure("no complete response in time")
            }
            var rest = [UInt8](repeating: 0, count: count - bytes.count)
            let got = recv(descriptor, &rest, rest.count, 0)
            guard got > 0 else {
                throw failure(got == 0 ? "closed without a response" : "no response in time")
            }
            bytes += rest[..<got]
        }
        return bytes
    }

    private static func failure(_ words: String) -> CommandFailure {
        CommandFailure(errno == 0 ? words : "\(words) (\(String(cString: strerror(errno))))")
    }
}
