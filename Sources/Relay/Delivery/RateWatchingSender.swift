import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore

/// Closes the rate gate when an answer says that it was the last one of its window: the next request would only be refused.
struct RateWatchingSender: HTTPSender {
    let base: any HTTPSender
    let store: any OutboxStore
    /// What the requests' limits belong to.
    let scope: GateScope
    let time: RelayTime
    let logger: Logger

    func send(
        _ request: HTTPRequest, body: [UInt8], timeout: Duration
    ) async throws(TransportFailure) -> HTTPReply {
        let reply = try await base.send(request, body: body, timeout: timeout)
        // What is refused already says so by its failure.
        if reply.status.kind == .successful, let until = reply.headers.rateLimitPause(now: time.now()) {
            do {
                try await store.closeGate(scope, until: until)
            } catch {
                // The answer counts more than the gate: without it the far side refuses, and then the gate is closed.
                logger.warning("rate gate not closed", metadata: ["error": "\(error)"])
            }
        }
        return reply
    }
}
