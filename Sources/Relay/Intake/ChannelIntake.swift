import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore

extension Intake {
    /// A channel's webhook: verified and parsed by its adapter, accepted in one commit, answered after it.
    func accept(
        _ request: WebhookRequest, from channel: any Channel, for installation: Installation, _ steps: WebhookSteps,
        _ logger: Logger
    ) throws -> WebhookResponse {
        let reading = try channel.read(request, account: installation.channel)
        steps.record(.verified) { step in
            if let first = reading.events.first { step.set(first.content) }
        }
        var arrivals: [Acceptance.Arrival] = []
        for event in reading.events {
            switch event.content {
            case .message(let inbound):
                let payload = InboundPayload(id: inbound.id, profile: inbound.from, message: inbound.message)
                arrivals.append(.init(dedupeKey: event.dedupeKey, content: .message(payload)))
            case .receipt(let receipt):
                let note =
                    receipt.state == .failed
                    ? AgentNote.failedLater(channel: channel.descriptor.name, reason: receipt.reason) : nil
                arrivals.append(.init(dedupeKey: event.dedupeKey, content: .receipt(receipt, note: note)))
            case .subscription(let change):
                arrivals.append(.init(dedupeKey: event.dedupeKey, content: .subscription(change)))
            case .ignored(let reason):
                logger.info(
                    "webhook event ignored",
                    metadata: ["installation.id": "\(installation.id)", "reason": "\(reason)"])
                steps.record(.ignored) { $0.detail = reason }
            }
        }
        try accept(arrivals, for: installation, at: request.receivedAt, steps, logger)
        return reading.response ?? WebhookResponse(status: .ok)
    }

    func accept(
        _ arrivals: [Acceptance.Arrival], for installation: Installation, at instant: Date,
        from source: ReplySource? = nil, _ steps: WebhookSteps, _ logger: Logger
    ) throws {
        guard !arrivals.isEmpty else { return }
        if let strain = pressure.obstacle(to: arrivals) { throw PressureRefusal(strain: strain) }
        reach(.afterAccept)
        let result = try store.accept(
            Acceptance(
                installation: installation.id, topic: installation.helpdesk.topic, channel: installation.channel.kind,
                arrivals: arrivals, at: instant, source: source))
        reach(.afterCommit, result.deliveries.map(\.description).joined(separator: " "))
        steps.recordCommitted(arrivals, result, of: installation)
        if !result.deliveries.isEmpty { wakeUp.signal() }
        result.logWithheld(of: installation, logger)
        // Receipts come by the dozen; what becomes a delivery is worth a line.
        logger.log(
            level: result.deliveries.isEmpty ? .debug : .info, "webhook accepted",
            metadata: [
                "installation.id": "\(installation.id)", "events.accepted": "\(result.accepted)",
                "events.repeated": "\(result.repeated)",
                "deliveries": "\(result.deliveries.map(\.description).joined(separator: " "))",
            ])
    }
}

extension AcceptanceResult {
    /// One line for each message that wasn't sent because its kind isn't known; the alarm refers to them.
    func logWithheld(of installation: Installation, _ logger: Logger) {
        for kind in withheld {
            logger.warning(
                "message withheld", metadata: ["installation.id": "\(installation.id)", "message.kind": "\(kind)"])
        }
    }
}
