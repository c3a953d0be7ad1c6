import HTTPTypes
import RelayCore

extension Intake {
    /// Answers a webhook of an installation, and counts how long that took and whether its signature was right.
    ///
    /// - Parameters:
    ///   - isSigned: whether such webhooks are signed at all.
    ///   - start: when the request came.
    func metered(
        _ request: WebhookRequest, of flow: Flow, isSigned: Bool, since start: ContinuousClock.Instant,
        _ body: () throws -> WebhookResponse
    ) throws -> WebhookResponse {
        let response: WebhookResponse
        do {
            response = try body()
        } catch let refusal as WebhookRefusal {
            // What is malformed was found genuine first.
            if isSigned, refusal.kind != .notReady {
                meter.verified(flow, isGenuine: refusal.kind == .malformed, body: request.body)
            }
            throw refusal
        }
        guard response.status.kind == .successful else { return response }
        if isSigned { meter.verified(flow, isGenuine: true, body: request.body) }
        meter.acknowledged(flow, at: request.receivedAt, after: .now - start)
        return response
    }

    /// What a scraper is told.
    func metrics(for request: WebhookRequest) throws -> WebhookResponse {
        let families = MetricsPage.families(try store.metrics(), now: request.receivedAt)
        return WebhookResponse(
            status: .ok, headers: [.contentType: OpenMetrics.contentType],
            body: Array(OpenMetrics.text(of: families).utf8))
    }
}
