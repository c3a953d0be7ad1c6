import Glibc
import Logging

/// A request thread's loop.
struct RequestThread: Sendable {
    let connections: Connections
    let exchange: Exchange

    /// Fails if libfcgi can't be initialized, before any thread starts.
    init(connections: Connections, exchange: Exchange) throws {
        guard LibFCGI.isReady else { throw SystemFailure("FCGX_Init") }
        self.connections = connections
        self.exchange = exchange
    }

    func run() {
        let request = FastCGIRequest()
        let head = RequestHead()
        var lastComplaint: ContinuousClock.Instant?
        while true {
            switch connections.next() {
            case .serve(let connection):
                serve(connection, request, head)
            case .pause(let failure):
                if lastComplaint.map({ $0.duration(to: .now) > .seconds(10) }) ?? true {
                    lastComplaint = .now
                    exchange.logger.error("accepting connections failed", metadata: ["error.message": "\(failure)"])
                }
                usleep(100_000)
            case .leave:
                return
            }
        }
    }

    private func serve(_ connection: Int32, _ request: borrowing FastCGIRequest, _ head: borrowing RequestHead) {
        let received: ReceivedHead
        switch head.wait(on: connection, patience: exchange.configuration.greetingTimeout) {
        case .complete(let head): received = head
        case .abandoned:
            close(connection)
            return
        case .invalid(let reason):
            return turnAway(connection, reason)
        }
        guard request.begin(received, on: connection) else { return turnAway(connection, "Unreadable request head.") }
        let wantsToKeep = request.wantsToKeepConnection
        var body = StreamBody(of: received, on: connection)
        let answer = exchange.answer(request.parameters(), body: &body)
        if body.end == .foreign {
            request.abandon()
            return turnAway(connection, "Unexpected record in the body.")
        }
        guard let connection = request.finish(writing: answer.bytes) else {
            exchange.logger.debug(
                "web server disconnected before the response", metadata: ["request.id": "\(answer.requestID)"])
            return
        }
        if !answer.isComplete {
            // Closing now, with bytes unread, could lose the response at the web server.
            shutdown(connection, CInt(SHUT_WR))
            connections.park(connection, for: .leave)
        } else if wantsToKeep {
            connections.park(connection, for: .idle)
        } else {
            close(connection)
        }
    }
    private func turnAway(_ connection: Int32, _ reason: String) {
        exchange.logger.warning(
            "non-FastCGI connection closed", metadata: ["reason": "\(reason)"])
        close(connection)
    }
}
