import HTTPTypes
import Hummingbird
package import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
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

    /// For so long requests under way may take to end once the server is to stop.
    private static let drainTime = Duration.seconds(1)

    /// Serves until it is cancelled or the surrounding service group shuts down.
    ///
    /// - Parameter onListening: called with the port once connections are accepted.
    package func run(onListening: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        let application = Application(
            responder: CallbackResponder { (request: Request, context: ConnectionContext) in
                try await self.respond(to: request, on: context.channel)
            },
            server: .http1(configuration: .init(additionalChannelHandlers: [EndOfRequests()])),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: requestedPort), backlog: 1024),
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                self.bound.withLock { $0 = port }
                onListening(port)
            },
            logger: logger
        )
        var configuration = ServiceGroupConfiguration(services: [application], logger: logger)
        configuration.maximumGracefulShutdownDuration = Self.drainTime
        let group = ServiceGroup(configuration: configuration)
        // Not a child of this task: a cancelled server drops the connections that it has accepted and not begun to serve, and
        // NIO ends the process for a connection that is dropped. Shutting down, it closes the listening socket first.
        let running = Task { try await group.run() }
        try await withTaskCancellationOrGracefulShutdownHandler {
            try await running.value
        } onCancelOrGracefulShutdown: {
            Task { await group.triggerGracefulShutdown() }
        }
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
        if let raw = answer.raw { await Self.write(raw, to: channel) }
        if answer.cutsConnection || answer.raw != nil {
            // The response below then has nowhere to go.
            try? await channel.close()
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: answer.headers,
            body: answer.stream.map { ResponseBody(asyncSequence: $0.map { ByteBuffer(bytes: $0) }) }
                ?? ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    /// Writes an answer as it is; returns when all of it is written, the client is gone, or the server is to stop.
    private static func write(_ answer: RawAnswer, to channel: any Channel) async {
        await withTaskCancellationOrGracefulShutdownHandler {
            // Whatever goes wrong here means that the client is gone.
            try? await writeWhileConnected(answer, to: channel)
        } onCancelOrGracefulShutdown: {
            channel.close(promise: nil)
        }
    }

    private static func writeWhileConnected(_ answer: RawAnswer, to channel: any Channel) async throws {
        try await writePastEncoder(answer.bytes, to: channel)
        if answer.rest == .close { return }
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: EndOfRequests.self).closeThen()
        }.get()
        switch answer.rest {
        case .close: break
        case .silence(let most):
            let end = channel.eventLoop.scheduleTask(in: TimeAmount(most)) { channel.close(promise: nil) }
            try await channel.closeFuture.get()
            end.cancel()
        case .repeated(let bytes, let pause, let times):
            for _ in 0..<times {
                try await Task.sleep(for: pause)
                try await writePastEncoder(bytes, to: channel)
            }
        }
    }

    /// Writes from the encoder's place in the pipeline towards the socket, so that the encoder sees nothing of it.
    private static func writePastEncoder(_ bytes: [UInt8], to channel: any Channel) async throws {
        try await channel.eventLoop.flatSubmit {
            do {
                let encoder = try channel.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
                let promise = channel.eventLoop.makePromise(of: Void.self)
                encoder.writeAndFlush(NIOAny(IOData.byteBuffer(ByteBuffer(bytes: bytes))), promise: promise)
                return promise.futureResult
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
        }.get()
    }
}
