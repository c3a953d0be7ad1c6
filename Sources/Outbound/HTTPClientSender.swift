package import AsyncHTTPClient
import Glibc
package import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
package import RelayCore

/// ``HTTPSender`` over async-http-client.
package struct HTTPClientSender: HTTPSender {
    /// No answer of the APIs we speak to comes near this; one that is longer is cut off as a failure.
    private static let answerLimit = 4 * 1024 * 1024

    private let client: HTTPClient

    package init(_ client: HTTPClient) {
        self.client = client
    }

    /// The settings that the relay's retries rely on: no redirects, no hidden second tries, a connection that is not
    /// used for a while is closed by us rather than found dead with a message on it.
    package static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10)),
            connectionPool: .init(idleTimeout: .seconds(20), concurrentHTTP1ConnectionsPerHostSoftLimit: 32))
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        configuration.http1_1ConnectionDebugInitializer = AnswerGuard.add
        return configuration
    }

    package func send(
        _ request: HTTPRequest, body: [UInt8], timeout: Duration
    ) async throws(TransportFailure) -> HTTPReply {
        let url = "\(request.scheme ?? "https")://\(request.authority ?? "")\(request.path ?? "/")"
        guard url.hasUsablePort else {
            throw TransportFailure(isCertain: true, "\(request.authority ?? "") has a port that isn't from 1 to 65535")
        }
        var outgoing = HTTPClientRequest(url: url)
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headerFields {
            outgoing.headers.add(name: field.name.rawName, value: field.value)
        }
        outgoing.headers.add(name: "User-Agent", value: "byoc")
        if !body.isEmpty { outgoing.body = .bytes(body) }

        let deadline = ContinuousClock.now + timeout
        do {
            let response = try await client.execute(outgoing, timeout: TimeAmount(timeout))
            let body = try await Self.body(of: response, until: deadline)
            return try HTTPReply(response, body: body)
        } catch {
            throw TransportFailure(error)
        }
    }

    /// Reads the whole body. The client's own deadline ends with the head of an answer, so the rest of the time is measured
    /// here. When it is over, the reading is cancelled, which closes the connection and frees its place in the pool.
    private static func body(
        of response: HTTPClientResponse, until deadline: ContinuousClock.Instant
    ) async throws -> ByteBuffer {
        try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { try await response.body.collect(upTo: answerLimit) }
            group.addTask {
                try await Task.sleep(until: deadline, clock: .continuous)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let body = first else { throw HTTPClientError.deadlineExceeded }
            return body
        }
    }
}

extension HTTPReply {
    /// - Throws: ``MalformedAnswer`` where `HTTPTypes` would trap.
    fileprivate init(_ response: HTTPClientResponse, body: ByteBuffer) throws {
        guard let code = Int(exactly: response.status.code), AnswerGuard.statuses.contains(code) else {
            throw MalformedAnswer.status(response.status.code)
        }
        var headers = HTTPFields()
        for (name, value) in response.headers {
            // A name that isn't one by the RFC can't be asked for either. NIO's parser takes 256 fields; HTTPFields traps
            // on 65,536.
            if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
        }
        self.init(
            status: .init(code: code, reasonPhrase: response.status.reasonPhrase), headers: headers,
            body: Array(body.readableBytesView))
    }
}

extension TransportFailure {
    /// Sorts the client's errors into those from before the request was sent and all others.
    fileprivate init(_ error: any Error) {
        switch error {
        case let error as HTTPClientError:
            // By the short form, in which the values that some of them carry are left out.
            let isCertain = Self.certain.contains { $0.shortDescription == error.shortDescription }
            self.init(isCertain: isCertain, Self.words(for: error))
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first?.error {
                self.init(isCertain: true, "can't connect to \(error.host):\(error.port): \(Self.words(for: failure))")
            } else {
                self.init(isCertain: true, "the name \(error.host) can't be resolved")
            }
        case let error as IOError where Self.connectErrors.contains(error.errnoCode):
            self.init(isCertain: true, "can't connect: \(Self.words(for: error))")
        case ChannelError.connectTimeout:
            self.init(isCertain: true, "connecting took too long")
        case NIOSSLError.handshakeFailed(let reason):
            self.init(isCertain: true, "the TLS handshake failed: \(reason)")
        case is NIOSSLExtraError:
            self.init(isCertain: true, "the certificate isn't valid for this host: \(error)")
        case is NIOTooManyBytesError:
            self.init(isCertain: false, "the response exceeds 4 MiB")
        case let error as MalformedAnswer:
            self.init(isCertain: false, error.description)
        case is CancellationError:
            self.init(isCertain: false, "the call was cancelled before the response was complete")
        default:
            self.init(isCertain: false, Self.words(for: error))
        }
    }

    /// Those that the client has before it sends anything.
    private static let certain: [HTTPClientError] = [
        .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .invalidURL, .emptyHost, .emptyScheme,
        .unsupportedScheme(""), .invalidHeaderFieldNames([]), .invalidHeaderFieldValues([]), .alreadyShutdown,
    ]

    /// What the system says when a connection can't be made. For a name, NIO wraps it into an error of its own; for an
    /// address given as a number it comes as it is. None of these can come from a connection that is established:
    /// unreachable hosts and networks are reported there only after the kernel stops resending, after a quarter of an
    /// hour (tcp(7), `tcp_retries2`), when our time-outs are long over. `ETIMEDOUT`, `ECONNRESET` and `EPIPE` can.
    private static let connectErrors: Set<CInt> = [
        ECONNREFUSED, EHOSTUNREACH, EHOSTDOWN, ENETUNREACH, ENETDOWN, EADDRNOTAVAIL, EAFNOSUPPORT, EACCES, EPERM,
        // No descriptor is left for a socket.
        EMFILE, ENFILE,
    ]

    private static func words(for error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }

    private static func words(for error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout: "connecting took too long"
        case .deadlineExceeded, .readTimeout: "no response within the time-out"
        case .remoteConnectionClosed: "the connection closed before a response arrived"
        default: error.shortDescription
        }
    }
}
