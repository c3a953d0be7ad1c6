import Dispatch
import Glibc

/// An HTTP client that understands nothing: it shows the bytes of an answer as they came.
///
/// Its calls wait on threads of their own, never on those that the servers need.
struct RawClient: Sendable {
    private let socket: Int32

    struct Failure: Error {}

    /// Connects to the port on 127.0.0.1. No call waits longer than twenty seconds.
    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure() }
    }

    func post(_ path: String, headers: [String], _ body: [UInt8]) throws {
        let head = ["POST \(path) HTTP/1.1", "Host: 127.0.0.1", "Content-Length: \(body.count)"] + headers
        let bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
        guard write(socket, bytes, bytes.count) == bytes.count else { throw Failure() }
    }

    /// Reads until the server closes the connection, or there is as much as was asked for.
    ///
    /// - Throws: when nothing has come for twenty seconds.
    func read(atMost count: Int = 1 << 20) async throws -> [UInt8] {
        let socket = socket
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                var bytes: [UInt8] = []
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while bytes.count < count {
                    let read = Glibc.read(socket, &buffer, min(buffer.count, count - bytes.count))
                    // A reset is an end, too.
                    if read == 0 || (read < 0 && errno == ECONNRESET) { break }
                    guard read > 0 else { return continuation.resume(throwing: Failure()) }
                    bytes += buffer[..<read]
                }
                continuation.resume(returning: bytes)
            }
        }
    }

    /// Sends nothing any more, but still reads.
    func endRequests() { shutdown(socket, Int32(SHUT_WR)) }

    func close() { Glibc.close(socket) }
}
