import HTTPTypes
import RelayCore

/// Sends nothing that might outlast the lease. A worker that was stopped for minutes wakes with its lease gone: it must
/// not send what another worker may have sent meanwhile.
struct LeaseBoundSender: HTTPSender {
    let base: any HTTPSender
    let leasedUntil: Duration
    let clock: BootClock

    func send(
        _ request: HTTPRequest, body: [UInt8], timeout: Duration
    ) async throws(TransportFailure) -> HTTPReply {
        guard clock.now() + timeout <= leasedUntil else {
            throw TransportFailure(isCertain: true, "not sent: this worker's lease is running out")
        }
        return try await base.send(request, body: body, timeout: timeout)
    }
}
