import RelayCore

/// Tells of one webhook's way through intake.
struct WebhookSteps {
    let trace: any Trace
    let request: String
    let receiver: WebhookReceiver
    let direction: Direction
    /// When the request came.
    let start: ContinuousClock.Instant

    /// - Parameter owner: whose it is; `nil` as long as only the account is known.
    func record(
        _ kind: TraceStep.Kind, of owner: Installation? = nil, _ fill: (inout TraceStep) -> Void = { _ in }
    ) {
        trace.record(kind) { step in
            let owner = owner ?? receiver.only
            step.request = request
            step.set(Flow(owner?.id ?? receiver.name, direction), of: owner?.channel.kind)
            step.set(time: .now - start)
            fill(&step)
        }
    }

    /// What one commit made of the events that were brought to it, for each installation that they turned out to be for.
    func recordCommitted(_ arrivals: [Acceptance.Arrival], _ fates: [ArrivalFate], in directory: InstallationDirectory)
    {
        guard trace.isWatched else { return }
        var groups: [(owner: InstallationID?, events: [(Acceptance.Arrival, ArrivalFate)])] = []
        for (arrival, fate) in zip(arrivals, fates) where fate.isCommitted {
            if let index = groups.firstIndex(where: { $0.owner == fate.installation }) {
                groups[index].events.append((arrival, fate))
            } else {
                groups.append((fate.installation, [(arrival, fate)]))
            }
        }
        for group in groups {
            let isNew = group.events.contains { $0.1.isNew }
            let deliveries = group.events.compactMap(\.1.delivery?.rawValue)
            record(.committed, of: group.owner.flatMap { directory[$0] }) { step in
                if let first = group.events.first { step.set(first.0.content) }
                step.deliveries = deliveries
                step.delivery = deliveries.count == 1 ? deliveries.first : nil
                step.outcome = isNew ? "accepted" : "repeat"
                if !isNew {
                    step.detail = "a repeat: it is known already"
                } else if group.events.contains(where: { $0.1 == .parked }) {
                    step.detail = "kept for the installation that its address gets"
                } else if group.owner == nil {
                    step.detail = "kept until Freshchat has said whose it is"
                }
            }
        }
    }
}

extension ArrivalFate {
    /// Whether it is on disk.
    fileprivate var isCommitted: Bool {
        switch self {
        case .accepted, .repeated, .unresolved, .parked: true
        case .foreign, .systemLine: false
        }
    }

    fileprivate var isNew: Bool {
        switch self {
        case .accepted, .unresolved, .parked: true
        case .repeated, .foreign, .systemLine: false
        }
    }

    /// Why it goes nowhere; `nil` if it doesn't.
    var ignoredReason: String? {
        switch self {
        case .foreign: "of a topic or an address that isn't ours"
        case .systemLine: ReplyFilter.systemLine
        case .accepted, .repeated, .unresolved, .parked: nil
        }
    }
}

extension TraceStep {
    /// Which way, and whose. - Parameter channel: `nil` if it may be for several.
    mutating func set(_ flow: Flow, of channel: ChannelKind?) {
        set(flow, channel ?? "")
        self.channel = channel?.rawValue
    }

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
