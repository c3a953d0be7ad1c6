import HTTPTypes
import RelayCore

extension Intake {
    /// Answers a webhook of an account, and counts how long that took and whether its signature was right.
    ///
    /// A signature says something about all installations of the account, the time about those that the webhook told
    /// something about.
    ///
    /// - Parameters:
    ///   - steps: of this webhook.
    ///   - isSigned: whether such webhooks are signed at all.
    func metered(
        _ request: WebhookRequest, _ steps: WebhookSteps, isSigned: Bool, _ body: () throws -> HandledWebhook
    ) throws -> WebhookResponse {
        let all = steps.receiver.installations.map { Flow($0.id, steps.direction) }
        let handled: HandledWebhook
        steps.record(.received)
        do {
            handled = try body()
        } catch let refusal as WebhookRefusal {
            // What is malformed was found genuine first.
            if isSigned, refusal.kind != .notReady {
                meter.verified(all, isGenuine: refusal.kind == .malformed, body: request.body)
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
        guard handled.response.status.kind == .successful else { return handled.response }
        if isSigned { meter.verified(all, isGenuine: true, body: request.body) }
        meter.acknowledged(
            steps.receiver.hearing(handled.about).map { Flow($0, steps.direction) }, at: request.receivedAt,
            after: .now - steps.start)
        return handled.response
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
