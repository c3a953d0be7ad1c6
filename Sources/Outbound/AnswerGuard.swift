import NIOCore
import NIOHTTP1

/// Stands between NIO's parser and async-http-client, and ends a connection on which something comes that the client
/// doesn't expect and traps on.
///
/// The parser takes any three digits for a status. It counts a status below 100 as an answer; the client counts it as an
/// announcement of one, and traps when the answer ends.
final class AnswerGuard: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    /// The statuses that an answer may have. ``HTTPTypes/HTTPResponse/Status`` traps on what has more than three digits.
    static let statuses = 100...999
    /// How many announcements (1xx) may come before the answer. There is no use for any but a `100` and some `103`.
    static let announcementLimit = 32

    private var announcements = 0
    private var isBroken = false

    /// For `http1_1ConnectionDebugInitializer`, the client's hook into the pipeline of each new connection.
    @Sendable static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let parser = try pipeline.handler(type: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(AnswerGuard(), position: .after(parser))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isBroken { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard Self.statuses.contains(Int(head.status.code)) else {
                return fail(.status(head.status.code), context)
            }
            announcements = head.status.code < 200 ? announcements + 1 : 0
            if announcements > Self.announcementLimit { return fail(.announcements, context) }
        case .body, .end:
            break
        }
        context.fireChannelRead(data)
    }

    private func fail(_ error: MalformedAnswer, _ context: ChannelHandlerContext) {
        isBroken = true
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }
}

/// An answer that is none by the rules of HTTP, though a parser takes it.
enum MalformedAnswer: Error, Hashable, CustomStringConvertible {
    case status(UInt)
    case announcements

    var description: String {
        switch self {
        case .status(let code): "the response's status \(code) isn't between 100 and 999"
        case .announcements: "more than \(AnswerGuard.announcementLimit) informational responses before the final one"
        }
    }
}
