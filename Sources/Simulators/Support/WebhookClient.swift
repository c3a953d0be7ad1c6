import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// The far sides' own HTTP client: it sends webhooks and fetches images.
package struct WebhookClient: Sendable {
    /// What came back.
    package struct Answer: Sendable {
        /// 0 when there was no answer.
        package var status = 0
        package var contentType = ""
        package var body: [UInt8] = []
        /// Why there was no answer.
        package var failure: Failure?
    }

    /// Why a request had no answer.
    package enum Failure: Sendable, Equatable, CustomStringConvertible {
        case timeout
        case refused
        case other(String)

        package var description: String {
            switch self {
            case .timeout: "time-out"
            case .refused: "connection refused"
            case .other(let text): text
            }
        }
    }

    /// One client for the whole process, which ends with it: no redirects, and more than the usual eight connections to
    /// one host.
    private static let client: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        // A refused connection is told at once, not after the whole time-out.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 64
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    package init() {}

    /// POSTs a JSON body.
    package func post(
        _ body: [UInt8], to url: String, headers: [(String, String)], timeoutMilliseconds: Int
    ) async -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: body))
        return await execute(request, timeoutMilliseconds: timeoutMilliseconds)
    }

    package func get(_ url: String, timeoutMilliseconds: Int) async -> Answer {
        await execute(HTTPClientRequest(url: url), timeoutMilliseconds: timeoutMilliseconds)
    }

    private func execute(_ request: HTTPClientRequest, timeoutMilliseconds: Int) async -> Answer {
        do {
            let response = try await Self.client.execute(
                request, deadline: .now() + .milliseconds(Int64(timeoutMilliseconds)))
            let body = try await response.body.collect(upTo: 32 << 20)
            return Answer(
                status: Int(response.status.code), contentType: response.headers.first(name: "Content-Type") ?? "",
                body: Array(body.readableBytesView))
        } catch let error as HTTPClientError where [.deadlineExceeded, .readTimeout, .connectTimeout].contains(error) {
            return Answer(failure: .timeout)
        } catch {
            // The error's type depends on whether the host was a name or an address; its text names the cause in both.
            let text = String(describing: error)
            return Answer(failure: text.lowercased().contains("connection refused") ? .refused : .other(text))
        }
    }
}

/// Whether webhooks may go to `http` URLs.
package enum PlainHTTP: String, Codable, Sendable {
    case never, loopback, always

    /// Whether the URL has an allowed scheme and a host.
    package func allows(_ url: String) -> Bool {
        if let rest = Self.rest(of: url, after: "https://") { return !Self.host(rest).isEmpty }
        guard self != .never, let rest = Self.rest(of: url, after: "http://") else { return false }
        let host = Self.host(rest)
        return self == .always ? !host.isEmpty : ["localhost", "127.0.0.1", "[::1]"].contains(host)
    }

    private static func rest(of url: String, after scheme: String) -> Substring? {
        url.lowercased().hasPrefix(scheme) ? url.dropFirst(scheme.count) : nil
    }

    private static func host(_ rest: Substring) -> String {
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { return "" }
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }
}
