import Dispatch
import Foundation
import Glibc
import HTTPTypes
import Logging
import Synchronization
import Testing

@testable import FastCGI

/// Everything that opens descriptors or starts threads, one test after the other: some of them count descriptors.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct OverTheWire {}

/// A directory of its own for a test, removed at the end of its life.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/fastcgi-XXXXXX".utf8CString)
        path = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap(mkdtemp).map { String(cString: $0) } ?? "/nonexistent"
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Holds handlers until it is opened.
final class Gate: Sendable {
    private let inside = Mutex(0)
    private let turnstile = DispatchSemaphore(value: 0)

    /// - Parameter count: the handler that makes it so many opens the gate for all.
    func pass(openingAt count: Int = .max) {
        let isLast = inside.withLock { inside in
            inside += 1
            return inside == count
        }
        if isLast { open() }
        turnstile.wait()
        turnstile.signal()
    }

    func open() { turnstile.signal() }

    func waitFor(_ count: Int) async {
        while inside.withLock({ $0 }) < count { await Task.yield() }
    }
}

/// A log that can be asked what it was told.
final class LogRecorder: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: Logger.Metadata
    }

    private let lines = Mutex<[Line]>([])

    var all: [Line] { lines.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(recorder: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = Line(
                level: event.level, message: "\(event.message)",
                metadata: metadata.merging(event.metadata ?? [:]) { $1 })
            recorder.lines.withLock { $0.append(line) }
        }
    }
}

/// A responder on a Unix socket in a directory of its own.
struct Bench: Sendable {
    let directory: TemporaryDirectory
    let socket: ListeningSocket
    let responder: FastCGIResponder
    let log: LogRecorder

    var path: String { directory.path + "/s" }

    func client() throws -> FastCGIClient { try FastCGIClient(to: path) }

    /// The listening socket and the connections that were accepted on it: each has its path (proc(5)). What other tests
    /// have open doesn't count.
    func openSockets() throws -> Int {
        let table = try #require(try FileHandle(forReadingAtPath: "/proc/net/unix")?.readToEnd())
        return String(decoding: table, as: UTF8.self).split(separator: "\n").count { $0.hasSuffix(" " + path) }
    }

    func another(_ configuration: ResponderConfiguration, handler: @escaping Handler) throws -> FastCGIResponder {
        let responder = FastCGIResponder(
            listeningOn: socket.descriptor, configuration: configuration, logger: log.logger, handler: handler)
        try responder.start()
        return responder
    }
}

typealias Handler = @Sendable (ServerRequest) throws -> ServerResponse

/// Runs a responder for as long as the body does, and sees all its threads off.
func withResponder(
    _ configuration: ResponderConfiguration = ResponderConfiguration(threads: 2),
    handler: @escaping Handler = { _ in .text("hello") },
    _ body: (Bench) async throws -> Void
) async throws {
    let directory = TemporaryDirectory()
    let socket = try ListeningSocket.open(at: directory.path + "/s")
    defer { socket.close() }
    let log = LogRecorder()
    let responder = FastCGIResponder(
        listeningOn: socket.descriptor, configuration: configuration, logger: log.logger, handler: handler)
    try responder.start()
    do {
        try await body(Bench(directory: directory, socket: socket, responder: responder, log: log))
    } catch {
        _ = await responder.drain(within: .seconds(10))
        throw error
    }
    #expect(await responder.drain(within: .seconds(10)))
}

/// A value that tasks and threads share.
final class Shared<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    var now: Value { value.withLock { $0 } }
    func change(_ body: (inout Value) -> Void) { value.withLock { body(&$0) } }
}

/// What a handler saw, for asking afterwards.
final class Seen: Sendable {
    private let requests = Mutex<[ServerRequest]>([])

    func note(_ request: ServerRequest) { requests.withLock { $0.append(request) } }
    var all: [ServerRequest] { requests.withLock { $0 } }
    var last: ServerRequest? { all.last }
}

/// Runs blocking work on a thread of its own, so that tests don't hold up the cooperative pool.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: .init(catching: body)) }.start()
    }
}

/// The descriptors of this process, all of them: right only while no other test runs.
func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}

/// The memory that the process holds now.
func residentBytes() throws -> Int {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
    return try #require(Int(pages[1])) * 4096
}

func sendAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var sent = 0
    return bytes.withUnsafeBytes { buffer in
        while sent < buffer.count {
            let count = Glibc.send(
                descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }
}

func connectedSocket(toPort port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard result == 0 else {
        let failure = SystemFailure("connect")
        close(descriptor)
        throw failure
    }
    return descriptor
}
