import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import Synchronization

/// An HTTP server on 127.0.0.1, and on nothing else.
package final class LoopbackServer: Sendable {
    /// What answers a request.
    package typealias Handler = @Sendable (APIRequest) async -> APIResponse

    private struct ConnectionContext: InitializableFromSource {
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            channel = source.channel
        }
    }

    private let requestedPort: Int
    private let bodyLimit: Int
    private let logger: Logger
    private let handler: Handler
    private let bound = Mutex<Int?>(nil)

    /// - Parameters:
    ///   - port: 0 for a free one.
    ///   - bodyLimit: the most bytes of a body; a longer one is answered 413.
    package init(port: Int = 0, bodyLimit: Int = 64 << 20, logger: Logger, handler: @escaping Handler) {
        requestedPort = port
        self.bodyLimit = bodyLimit
        self.logger = logger
        self.handler = handler
    }

    /// The port it listens on; nil until it does.
    package var port: Int? { bound.withLock { $0 } }

    /// Serves until it is cancelled or the surrounding service group shuts down.
    ///
    /// - Parameter onListening: called with the port once connections are accepted.
    package func run(onListening: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        let application = Application(
            responder: CallbackResponder { (request: Request, context: ConnectionContext) in
                try await self.respond(to: request, on: context.channel)
            },
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: requestedPort), backlog: 1024),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                self.bound.withLock { $0 = port }
                onListening(port)
            },
            logger: logger
        )
        try await application.run()
    }

    private func respond(to request: Request, on channel: any Channel) async throws -> Response {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: bodyLimit)
        } catch is NIOTooManyBytesError {
            return Response(status: .contentTooLarge)
        }
        let answer = await handler(
            APIRequest(
                method: request.method, target: request.head.path ?? "/", headers: request.headers,
                body: Array(body.readableBytesView), authority: request.head.authority))
        if answer.cutsConnection {
            try? await channel.close()
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: answer.headers,
            body: answer.stream.map { ResponseBody(asyncSequence: $0.map { ByteBuffer(bytes: $0) }) }
                ?? ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}
