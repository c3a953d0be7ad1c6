import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Simulators

/// Speaks to a running sandbox over its control interface.
struct ControlClient: Sendable {
    let url: String
    let client: HTTPClient

    /// The JSON value that the sandbox answers.
    @discardableResult
    func call<Answer: Decodable>(
        _ method: HTTPMethod, _ path: String, _ body: [String: any Encodable & Sendable] = [:],
        as type: Answer.Type = Ignored.self
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = method
        if method != .GET {
            request.body = .bytes(try JSONEncoder().encode(body.mapValues(AnyEncodable.init)))
        }
        let response = try await client.execute(request, timeout: .seconds(70))
        let answer = try await response.body.collect(upTo: 64 << 20)
        guard response.status == .ok else {
            throw ControlFailure(
                description: "The sandbox answered \(response.status.code) to \(path): \(String(buffer: answer))")
        }
        return try JSONDecoder().decode(Answer.self, from: Data(answer.readableBytesView))
    }

    /// What the far sides logged above this number.
    func log(since number: Int, waiting: Duration = .zero) async throws -> [LogEntry] {
        struct Answer: Decodable {
            var entries: [LogEntry]
        }
        let milliseconds = Int(waiting / .milliseconds(1))
        return try await call(.GET, "/log?since=\(number)&wait=\(milliseconds)", as: Answer.self).entries
    }
}

/// Takes any JSON value and keeps nothing of it.
struct Ignored: Decodable {
    init(from decoder: any Decoder) {}
}

struct ControlFailure: Error, CustomStringConvertible {
    var description: String
}

private struct AnyEncodable: Encodable {
    let value: any Encodable

    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
