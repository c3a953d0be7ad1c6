import Glibc
import Logging

@testable import FastCGI

/// A responder that runs for as long as the process, and the web server's end of its connections.
final class LiveResponder: Sendable {
    static let shared = Result { try LiveResponder() }

    private let path: String
    private let responder: FastCGIResponder
    private let socket: ListeningSocket

    private init() throws {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        path = "\(folder)/byoc-fuzz-\(getpid())"
        socket = try ListeningSocket.open(at: path)
        // One thread: what spoils it for the next request is seen at the next request.
        let configuration = ResponderConfiguration(
            threads: 1, bodyLimit: 4096, discardLimit: 6000, peerTimeout: .seconds(5), greetingTimeout: .seconds(5))
        responder = FastCGIResponder(
            listeningOn: socket.descriptor, configuration: configuration,
            logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }, handler: WebhookFront.respond)
        try responder.start()
    }

    /// Takes the socket's file away; connecting is over then.
    func leave() { socket.close() }

    /// Sends all of the bytes, says that there will be no more, and reads to the end of the connection.
    func converse(_ bytes: [UInt8]) throws -> [UInt8] {
        let connection = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(connection) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let result = withUnsafePointer(to: &address) { pointer in
            // The system takes every kind of address as a sockaddr.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try hold(result == 0, "one can connect to the responder")
        var patience = timeval(tv_sec: 8, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout.size(ofValue: patience)))
        // A responder that has closed already makes this fail, which is its right.
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                send(connection, $0[sent...].withUnsafeBytes(\.baseAddress), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            // libFuzzer's clock interrupts.
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            sent += count
        }
        shutdown(connection, Int32(SHUT_WR))
        var received: [UInt8] = []
        return try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
            while true {
                let count = read(connection, buffer.baseAddress, buffer.count)
                if count > 0 {
                    received += buffer[..<count]
                } else if count == 0 || errno == ECONNRESET {
                    return received
                } else if errno != EINTR {
                    throw BrokenProperty(description: "The responder neither answered nor closed the connection.")
                }
            }
        }
    }

    /// A thread or a connection that the input has spoilt shows here.
    func checkHealth() throws {
        let body = Array("still there".utf8)
        var good = FastCGIBytes()
        good.begin(keep: false)
        good.stream(4, FastCGIBytes.pairs([("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/echo")]), piece: 1000)
        good.stream(5, body, piece: 1000)
        let answers = try FastCGIAnswer.all(in: try converse(good.bytes))
        try hold(
            answers.count == 1 && answers[0].status == 200 && answers[0].body == body,
            "a good request is answered after whatever came before it")
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(rebasing: self))
    }
}
