import RelayCore

/// Tells of one webhook's way through intake.
struct WebhookSteps {
    let trace: any Trace
    let request: String
    let installation: Installation
    let direction: Direction
    /// When the request came.
    let start: ContinuousClock.Instant

    /// - Parameter owner: whose it is, when it turned out to be another installation's.
    func record(
        _ kind: TraceStep.Kind, of owner: Installation? = nil, _ fill: (inout TraceStep) -> Void = { _ in }
    ) {
        trace.record(kind) { step in
            let owner = owner ?? installation
            step.request = request
            step.set(Flow(owner.id, direction), owner.channel.kind)
            step.set(time: .now - start)
            fill(&step)
        }
    }

    /// What one commit made of the events that were brought to it.
    func recordCommitted(_ arrivals: [Acceptance.Arrival], _ result: AcceptanceResult, of owner: Installation) {
        record(.committed, of: owner) { step in
            if let first = arrivals.first { step.set(first.content) }
            step.deliveries = result.deliveries.map(\.rawValue)
            step.delivery = result.deliveries.count == 1 ? result.deliveries.first?.rawValue : nil
            step.outcome = result.accepted > 0 ? "accepted" : "repeat"
            if result.accepted == 0 { step.detail = "a repeat: it is known already" }
        }
    }
}

extension TraceStep {
    mutating func set(_ content: Acceptance.Content) {
        switch content {
        case .message(let payload):
            set(Payload.message(payload))
            set(payload.profile)
        case .reply(let reply):
            set(Payload.reply(reply))
            name = reply.actorName
        case .receipt(let receipt, _): set(ChannelEvent.Content.receipt(receipt))
        case .subscription(let change): set(ChannelEvent.Content.subscription(change))
        case .status(_, let isResolved): event = isResolved ? "resolved" : "reopened"
        case .withheld:
            event = "message"
            detail = "withheld: its kind isn't known"
        }
    }
}
