import HTTPTypes
import RelayCore

extension Intake {
    /// Answers a webhook of an installation, and counts how long that took and whether its signature was right.
    ///
    /// - Parameters:
    ///   - steps: of this webhook.
    ///   - isSigned: whether such webhooks are signed at all.
    func metered(
        _ request: WebhookRequest, _ steps: WebhookSteps, isSigned: Bool, _ body: () throws -> WebhookResponse
    ) throws -> WebhookResponse {
        let flow = Flow(steps.installation.id, steps.direction)
        let response: WebhookResponse
        steps.record(.received)
        do {
            response = try body()
        } catch let refusal as WebhookRefusal {
            // What is malformed was found genuine first.
            if isSigned, refusal.kind != .notReady {
                meter.verified(flow, isGenuine: refusal.kind == .malformed, body: request.body)
            }
            steps.record(.refused) { step in
                step.outcome = refusal.kind.rawValue
                step.detail = refusal.reason
                step.status = refusal.status.code
            }
            throw refusal
        } catch {
            steps.record(.refused) { step in
                step.outcome = "unavailable"
                step.detail = "not accepted now, to be sent again: \(error)"
                step.status = 503
            }
            throw error
        }
        guard response.status.kind == .successful else { return response }
        if isSigned { meter.verified(flow, isGenuine: true, body: request.body) }
        meter.acknowledged(flow, at: request.receivedAt, after: .now - steps.start)
        return response
    }

    /// What a scraper is told.
    func metrics(for request: WebhookRequest) throws -> WebhookResponse {
        var metrics = try store.metrics()
        metrics.alarms += pressure.surroundings.present
        let families = MetricsPage.families(metrics, now: request.receivedAt)
        return WebhookResponse(
            status: .ok, headers: [.contentType: OpenMetrics.contentType],
            body: Array(OpenMetrics.text(of: families).utf8))
    }
}
