import Glibc
package import Logging
import Synchronization

/// Answers the requests that web servers send to a listening socket, by FastCGI.
///
/// Each request thread reads a whole request, asks the handler, and sends the whole answer. Several processes may share
/// one listening socket, and each can leave on its own (``drain(within:)``) without the others or the web server
/// noticing. Kept connections (`fastcgi_keep_conn on`) hold no thread while they are idle.
package final class FastCGIResponder: Sendable {
    private let listening: Int32
    private let exchange: Exchange
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var connections: Connections?
        var living = 0
        var isDraining = false
    }

    /// The reason why a responder can't start.
    package enum StartError: Error, Equatable {
        /// It is already running, or was drained; create another one.
        case startedBefore
    }

    /// - Parameters:
    ///   - descriptor: A listening socket, which stays the caller's to close. It is made non-blocking, which all processes
    ///     that share it see.
    ///   - handler: Called on the request threads, several at a time. May block. What it throws becomes a 500.
    package init(
        listeningOn descriptor: Int32,
        configuration: ResponderConfiguration = ResponderConfiguration(),
        logger: Logger,
        handler: @escaping @Sendable (ServerRequest) throws -> ServerResponse
    ) {
        listening = descriptor
        exchange = Exchange(configuration: configuration, logger: logger, handler: handler)
        self.logger = logger
    }

    /// Starts the request threads and returns.
    ///
    /// - Throws: ``StartError``, or ``SystemFailure`` when the system has no thread or descriptor to give.
    package func start() throws {
        let configuration = exchange.configuration
        let connections = try state.withLock { state in
            guard state.connections == nil, !state.isDraining else { throw StartError.startedBefore }
            let connections = try Connections(listeningOn: listening, configuration: configuration)
            state.connections = connections
            return connections
        }
        do {
            for number in 1...configuration.threads {
                let thread = try RequestThread(connections: connections, exchange: exchange)
                state.withLock { $0.living += 1 }
                do {
                    try NativeThread.start(named: "fastcgi-\(number)") { [self] in
                        thread.run()
                        state.withLock { $0.living -= 1 }
                    }
                } catch {
                    state.withLock { $0.living -= 1 }
                    throw error
                }
            }
        } catch {
            beginDraining()
            throw error
        }
        logger.debug("FastCGI responder started", metadata: ["threads": "\(configuration.threads)"])
    }

    /// Stops accepting, answers accepted requests, and ends the threads.
    ///
    /// Connections that the web server keeps are closed after the current response, idle ones at once. nginx may be about
    /// to send on one of those: it then tries again on a new connection if `fastcgi_next_upstream` lets it (`error`, and
    /// `non_idempotent` for POST). May be called again after it returned false.
    ///
    /// - Returns: whether all threads have left within the limit. The others finish their requests.
    package func drain(within limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        beginDraining()
        while state.withLock({ $0.living }) > 0 {
            if ContinuousClock.now >= deadline { return false }
            // A task of its own, because draining is what one does in a task that has been cancelled.
            await Task { try? await Task.sleep(for: .milliseconds(5)) }.value
        }
        logger.debug("FastCGI responder drained")
        return true
    }

    private func beginDraining() {
        let connections = state.withLock { state in
            state.isDraining = true
            return state.connections
        }
        connections?.drain()
    }
}
