import FoundationEssentials
import RelayCore

/// Which alarms the figures of the store call for: a value in, a value out. ``RelayWatch`` judges those that need more than
/// one look.
///
/// | alarm | is raised when | is cleared when |
/// |---|---|---|
/// | `installation.paused` | an installation is paused, by whomever | it is resumed or removed |
/// | `outbox.growing` | what waits has waited for 15 minutes | the oldest has waited for less than 5 |
/// | `signature.failures` | 5 webhooks in a row were signed wrongly | one is right |
/// | `breaker.open` | one side of an installation fails for everyone | a delivery there has succeeded |
/// | `delivery.dead` | there is a dead letter | all are retried or discarded |
/// | `webhook.silent` | Freshchat's webhooks don't come (``WebhookSilenceRule``) | Freshchat is heard again |
/// | `message.withheld` | a message of an unknown kind wasn't sent | none has come for a day |
struct AlarmRules: Hashable, Sendable {
    var longestWait: Duration = .seconds(15 * 60)
    var calmWait: Duration = .seconds(5 * 60)
    var signatureFailures: Int64 = 5
    var withheldMemory: Duration = .seconds(24 * 60 * 60)
    var silence = WebhookSilenceRule()

    /// The alarms that are judged here; the others are raised and cleared where they are seen.
    static let judged: Set<Alarm.Name> = [
        .installationPaused, .outboxGrowing, .breakerOpen, .signatureFailures, .deliveryDead, .messageWithheld,
        .webhookSilent, .relayStalled, .laneStuck,
    ]

    /// Those of the raised ones that ``wanted(by:now:)`` decides about: the judged ones, and any of an installation that is
    /// no more.
    func judged(of metrics: StoreMetrics) -> Set<Alarm> {
        let present = Set(metrics.installations.map(\.id))
        return Set(
            metrics.alarms.map(\.alarm).filter { alarm in
                Self.judged.contains(alarm.name) || alarm.installation.map { !present.contains($0) } ?? false
            })
    }

    /// - Returns: each with its reason.
    func wanted(by metrics: StoreMetrics, now: Date) -> [Alarm: String] {
        let raised = Set(metrics.alarms.map(\.alarm))
        var wanted: [Alarm: String] = [:]
        for installation in metrics.installations {
            if let reason = installation.pausedReason {
                wanted[Alarm(.installationPaused, of: installation.id)] = reason
            }
            if let silence = silence.silence(of: installation, in: metrics, now: now) {
                wanted[Alarm(.webhookSilent, of: installation.id)] = silence.reason(now: now)
            }
            for direction in Direction.allCases {
                let flow = Flow(installation.id, direction)
                if let outbox = metrics.outbox[flow] {
                    judge(outbox, flow, isActive: installation.pausedReason == nil, raised, now, &wanted)
                }
                if let signatures = metrics.signatures[flow] { judge(signatures, flow, &wanted) }
                if let last = metrics.lastWithheld[flow], last.duration(until: now) < withheldMemory {
                    let count = metrics.counters[flow]?[.withheld] ?? 1
                    wanted[Alarm(.messageWithheld, of: installation.id)] =
                        "\(count) of a kind that byoc doesn't know were not sent to the customer: look for \"message "
                        + "withheld\" in the log, which names the kind"
                }
            }
        }
        for breaker in metrics.breakers {
            let reason = metrics.breakerReasons[breaker].map { ", the last because: \($0)" } ?? ""
            wanted[Alarm(.breakerOpen, of: breaker.installation, subject: breaker.side.rawValue)] = """
                it fails for everyone: \(Breaker.threshold) deliveries in a row did\(reason); \
                one delivery at a time is tried until one succeeds
                """
        }
        return wanted
    }

    private func judge(
        _ outbox: StoreMetrics.Outbox, _ flow: Flow, isActive: Bool, _ raised: Set<Alarm>, _ now: Date,
        _ wanted: inout [Alarm: String]
    ) {
        let growing = Alarm(.outboxGrowing, of: flow.installation, subject: flow.direction.rawValue)
        let limit = raised.contains(growing) ? calmWait : longestWait
        // What waits because its installation is paused has an alarm already.
        if isActive, let oldest = outbox.oldestWaiting, oldest.duration(until: now) >= limit {
            wanted[growing] =
                "\(outbox.waiting) wait, the oldest for \(Int(oldest.duration(until: now).seconds / 60)) minutes"
        }
        if outbox.dead > 0 {
            wanted[Alarm(.deliveryDead, of: flow.installation, subject: flow.direction.rawValue)] =
                "\(outbox.dead) could not be delivered: byoc outbox shows why"
        }
    }

    private func judge(
        _ signatures: StoreMetrics.Signatures, _ flow: Flow, _ wanted: inout [Alarm: String]
    ) {
        guard max(signatures.ascii, signatures.other) >= signatureFailures else { return }
        let alarm = Alarm(
            .signatureFailures, of: flow.installation,
            subject: flow.direction == .inbound ? Side.channel.rawValue : Side.helpdesk.rawValue)
        let hint =
            if signatures.ascii == 0 {
                "only those whose text is not plain ASCII, so the key is right, and the sender signs other bytes than it "
                    + "sends"
            } else if flow.direction == .inbound {
                "someone is probing the URL, or the channel's token was replaced: byoc set-key"
            } else {
                "someone is probing the URL, or Freshchat's key has changed: byoc set-key"
            }
        wanted[alarm] = "\(signatures.ascii + signatures.other) webhooks in a row were signed wrongly: \(hint)"
    }
}
