import NIOCore

/// Closes a connection whose client has gone away, where the answer under way would not end by itself.
///
/// A client that closes its side is still answered as long as an answer can end: so the server lets such connections be.
final class EndOfRequests: ChannelInboundHandler, RemovableChannelHandler {
    // It reads nothing: what comes passes it by.
    typealias InboundIn = Never

    private var context: ChannelHandlerContext?
    private var hasEnded = false
    private var closesThen = false

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed = event as? ChannelEvent {
            hasEnded = true
            if closesThen { context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Closes the connection once the client sends nothing any more; now, if that is so already.
    func closeThen() {
        closesThen = true
        if hasEnded { context?.close(promise: nil) }
    }
}
