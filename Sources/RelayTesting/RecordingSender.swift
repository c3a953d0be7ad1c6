import FoundationEssentials
package import HTTPTypes
package import RelayCore
import Synchronization

/// A far side's API in one function: records each request and answers as it is told.
package final class RecordingSender: HTTPSender, Sendable {
    package typealias Answer = @Sendable (HTTPRequest, [UInt8]) async throws(TransportFailure) -> HTTPReply

    private let answer: Answer
    private let recorded = Mutex<[Recorded]>([])

    private struct Recorded {
        var request: HTTPRequest
        var body: [UInt8]
        var timeout: Duration
    }

    /// Answers each request with what `answer` says.
    package init(answer: @escaping Answer) {
        self.answer = answer
    }

    /// Answers one request after the other from a script. A request after its end fails as if nobody listened, so that
    /// a test which counts on fewer requests sees it.
    package convenience init(script: [Result<HTTPReply, TransportFailure>]) {
        let rest = Script(script)
        self.init { _, _ throws(TransportFailure) in
            guard let next = rest.next() else {
                throw TransportFailure(isCertain: true, "the script of this test is at its end")
            }
            return try next.get()
        }
    }

    /// The same, of answers alone.
    package convenience init(replies: [HTTPReply]) {
        self.init(script: replies.map { .success($0) })
    }

    /// What was sent, in order.
    package var requests: [(HTTPRequest, [UInt8])] {
        recorded.withLock { $0.map { ($0.request, $0.body) } }
    }

    /// The time-outs that the requests were sent with, in order.
    package var timeouts: [Duration] {
        recorded.withLock { $0.map(\.timeout) }
    }

    package func send(
        _ request: HTTPRequest, body: [UInt8], timeout: Duration
    ) async throws(TransportFailure) -> HTTPReply {
        recorded.withLock { $0.append(Recorded(request: request, body: body, timeout: timeout)) }
        return try await answer(request, body)
    }
}

extension HTTPReply {
    /// An answer with a JSON text in it.
    package static func json(_ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]) -> HTTPReply
    {
        var headers = headers
        headers[.contentType] = "application/json"
        return HTTPReply(status: status, headers: headers, body: Array(text.utf8))
    }
}

/// Answers that are given out once each.
private final class Script: Sendable {
    private let rest: Mutex<ArraySlice<Result<HTTPReply, TransportFailure>>>

    init(_ answers: [Result<HTTPReply, TransportFailure>]) { rest = Mutex(answers[...]) }

    func next() -> Result<HTTPReply, TransportFailure>? {
        rest.withLock { $0.popFirst() }
    }
}
