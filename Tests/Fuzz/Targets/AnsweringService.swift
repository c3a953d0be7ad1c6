import Dispatch
import HTTPTypes
import RelayCore
import Synchronization

/// A service that answers each request with the next of the answers it was made with, and then no more.
final class AnsweringService: HTTPSender {
    struct Exchange: Sendable {
        var method: HTTPRequest.Method
        var reply: HTTPReply
    }

    private struct State {
        var left: [HTTPReply]
        var exchanges: [Exchange] = []
    }

    private let state: Mutex<State>

    /// - Parameter input: answers with a byte 0x1E between them.
    init(_ input: [UInt8]) {
        state = Mutex(State(left: input.split(separator: 0x1E).map { Self.reply(Array($0)) }.reversed()))
    }

    /// What was answered.
    var exchanges: [Exchange] { state.withLock { $0.exchanges } }

    func send(
        _ request: HTTPRequest, body: [UInt8], timeout: Duration
    ) async throws(TransportFailure) -> HTTPReply {
        let reply = state.withLock { state in
            let reply = state.left.popLast()
            if let reply { state.exchanges.append(Exchange(method: request.method, reply: reply)) }
            return reply
        }
        guard let reply else { throw TransportFailure(isCertain: false, "no answer") }
        return reply
    }

    private static func reply(_ bytes: [UInt8]) -> HTTPReply {
        let (lines, body) = bytes.linesAndRest
        // As the sender gives them on: three digits, of which the first is no zero.
        let code = lines.first.flatMap { Int($0.text) }.flatMap { (100...999).contains($0) ? $0 : nil } ?? 200
        var headers = HTTPFields()
        for line in lines.dropFirst().prefix(256) {
            let (name, value) = line.cut(at: UInt8(ascii: ":"))
            if let name = HTTPField.Name(name.text) { headers.append(HTTPField(name: name, value: value.text)) }
        }
        return HTTPReply(status: HTTPResponse.Status(code: code), headers: headers, body: body)
    }
}

/// Runs something asynchronous and waits for it. libFuzzer's callback is on the main thread, and nobody else needs that.
func waitFor<Value: Sendable>(_ body: @escaping @Sendable () async -> Value?) -> Value? {
    let outcome = Outcome<Value>()
    Task.detached { outcome.give(await body()) }
    return outcome.wait()
}

/// A value that is there later.
private final class Outcome<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func give(_ value: Value?) {
        self.value.withLock { $0 = value }
        isThere.signal()
    }

    func wait() -> Value? {
        isThere.wait()
        return value.withLock { $0 }
    }
}
