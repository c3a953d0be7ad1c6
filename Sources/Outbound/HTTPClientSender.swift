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
        return configuration
    }

    package func send(
        _ request: HTTPRequest, body: [UInt8], timeout: Duration
    ) async throws(TransportFailure) -> HTTPReply {
        var outgoing = HTTPClientRequest(
            url: "\(request.scheme ?? "https")://\(request.authority ?? "")\(request.path ?? "/")")
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        for field in request.headerFields {
            outgoing.headers.add(name: field.name.rawName, value: field.value)
        }
        outgoing.headers.add(name: "User-Agent", value: "byoc")
        if !body.isEmpty { outgoing.body = .bytes(body) }

        do {
            let response = try await client.execute(outgoing, timeout: TimeAmount(timeout))
            let buffer = try await response.body.collect(upTo: Self.answerLimit)
            var headers = HTTPFields()
            for (name, value) in response.headers {
                // A name that isn't one by the RFC can't be asked for either.
                if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
            }
            return HTTPReply(
                status: .init(code: Int(response.status.code), reasonPhrase: response.status.reasonPhrase),
                headers: headers, body: Array(buffer.readableBytesView))
        } catch {
            throw TransportFailure(error)
        }
    }
}

extension TransportFailure {
    /// Sorts the client's errors into those from before the request was sent and all others.
    fileprivate init(_ error: any Error) {
        switch error {
        case let error as HTTPClientError:
            let certain: [HTTPClientError] = [
                .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .invalidURL, .emptyHost,
                .alreadyShutdown,
            ]
            self.init(isCertain: certain.contains(error), Self.words(for: error))
        case let error as NIOConnectionError:
            if let failure = error.connectionErrors.first?.error {
                self.init(isCertain: true, "can't connect to \(error.host):\(error.port): \(Self.words(for: failure))")
            } else {
                self.init(isCertain: true, "the name \(error.host) can't be looked up")
            }
        case ChannelError.connectTimeout:
            self.init(isCertain: true, "connecting took too long")
        case NIOSSLError.handshakeFailed(let reason):
            self.init(isCertain: true, "the TLS handshake failed: \(reason)")
        case is NIOSSLExtraError:
            self.init(isCertain: true, "the certificate is not for this host: \(error)")
        case is NIOTooManyBytesError:
            self.init(isCertain: false, "the answer is too long")
        default:
            self.init(isCertain: false, Self.words(for: error))
        }
    }

    private static func words(for error: any Error) -> String {
        guard let error = error as? IOError else { return "\(error)" }
        return String(cString: strerror(error.errnoCode))
    }

    private static func words(for error: HTTPClientError) -> String {
        switch error {
        case .connectTimeout: "connecting took too long"
        case .deadlineExceeded, .readTimeout: "no answer within the time-out"
        case .remoteConnectionClosed: "the connection was closed before an answer came"
        default: error.shortDescription
        }
    }
}
