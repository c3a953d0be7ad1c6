import FoundationEssentials
import RelayCore

/// An alarm, or messages that wait for a decision, for the person who has to act.
struct AlarmView: Sendable {
    /// `warn` or `bad`.
    var kind: String
    var title: String
    /// The stable name, as the log has it; empty for what is no alarm.
    var name: String
    var installation: [String]
    /// The direction or the party of it, where the title names none.
    var subject: [String]
    /// One or none; so ``since``.
    var reason: [String]
    var advice: String
    var since: [String]
    var links: [LinkView]

    init(_ raised: RaisedAlarm, _ all: [Installation], _ metrics: StoreMetrics, _ context: PageContext) {
        let texts = context.texts.overview
        let alarm = raised.alarm
        let of = all.first { $0.id == alarm.installation }
        let facts = Self.facts(raised, of, metrics, context)
        kind = facts.isByHand ? "warn" : "bad"
        title = texts.alarm(alarm.name, facts)
        name = alarm.name.rawValue
        installation = alarm.installation.map { id in [of?.name ?? id.rawValue] } ?? []
        // Private notes aren't from customers.
        subject =
            alarm.name == .replyUndecided
            ? [context.texts.accounts.undecidedOwner(alarm.subject)]
            : facts.isOfNotes ? [] : Direction(rawValue: alarm.subject).map { [texts.flow($0)] } ?? []
        var told = raised.reason
        // A person may have changed the reason since.
        if alarm.name == .installationPaused, case .paused(let reason, _, _) = of?.state { told = reason }
        let cause = texts.cause(alarm.name, facts) ?? context.masked(told, of).capitalisedSentence
        reason = cause.isEmpty ? [] : [cause]
        advice = texts.advice(alarm.name, facts)
        since = [texts.since(words(for: context.now.timeIntervalSince(raised.since)))]
        links =
            Self.target(of: alarm, of, facts, context).map {
                [LinkView(label: texts.open(alarm.name, facts), href: $0)]
            } ?? []
    }

    /// The held messages of an installation; `nil` if there are none.
    init?(heldOf installation: Installation, _ metrics: StoreMetrics, _ context: PageContext) {
        let texts = context.texts.overview
        let count = Direction.allCases.reduce(Int64(0)) { $0 + (metrics.outbox[Flow(installation.id, $1)]?.held ?? 0) }
        guard count > 0 else { return nil }
        kind = "warn"
        title = texts.heldTitle(count)
        name = ""
        self.installation = [installation.name]
        subject = []
        reason = []
        advice = texts.heldAdvice
        since = []
        links = [
            LinkView(
                label: texts.openHeld,
                href: context.settings.link(
                    "/messages",
                    ["state": MessageQuery.Standing.held.rawValue, "installation": installation.id.rawValue]))
        ]
    }

    /// What is parked for an address without an installation.
    init(_ parked: ParkedEvents, _ context: PageContext) {
        let texts = context.texts.accounts
        kind = "warn"
        title = texts.parkedTitle(parked.count)
        name = ""
        installation = []
        subject = []
        reason = [
            texts.parkedReason(
                context.name(ofChannel: parked.channel), parked.address,
                since: words(for: context.now.timeIntervalSince(parked.since)))
        ]
        advice = texts.parkedAdvice
        since = []
        links = [LinkView(label: texts.connectAgain, href: context.settings.link("/installations/new"))]
    }

    /// The figures that the alarm is about, as they are now.
    private static func facts(
        _ raised: RaisedAlarm, _ of: Installation?, _ metrics: StoreMetrics, _ context: PageContext
    ) -> OverviewTexts.AlarmFacts {
        let alarm = raised.alarm
        var facts = OverviewTexts.AlarmFacts(subject: alarm.subject)
        facts.isByHand = alarm.name == .installationPaused && of?.pauseCause.map { $0 != .credential } ?? false
        let direction = Direction(rawValue: alarm.subject)
        let side = Side(rawValue: alarm.subject)
        let channel = context.name(ofChannel: of?.channel.kind)
        if let side { facts.party = side == .channel ? channel : "Freshchat" }
        if alarm.name == .replyUndecided {
            facts.count = metrics.outbox[Flow(InstallationID(alarm.subject), .outbound)].map(\.held)
            if facts.count == 0 { facts.count = nil }
        }
        guard let id = alarm.installation else { return facts }
        if let direction, let outbox = metrics.outbox[Flow(id, direction)] {
            let isDead = alarm.name == .deliveryDead
            facts.count = isDead ? outbox.deadMessages : outbox.waitingMessages
            facts.notes = isDead ? outbox.deadNotes : outbox.waitingNotes
            facts.oldest = outbox.oldestWaiting.map { words(for: context.now.timeIntervalSince($0)) }
        }
        if alarm.name == .signatureFailures {
            let flow = Flow(id, side == .helpdesk ? .outbound : .inbound)
            facts.count = metrics.signatures[flow].map { $0.ascii + $0.other }
        }
        if facts.count == 0 { facts.count = nil }
        if alarm.name == .webhookSilent, let state = metrics.installations.first(where: { $0.id == id }) {
            facts.silence = WebhookSilenceRule().silence(of: state, in: metrics, now: context.now)?.cause
        }
        return facts
    }

    /// The page that leads to the remedy.
    private static func target(
        of alarm: Alarm, _ of: Installation?, _ facts: OverviewTexts.AlarmFacts, _ context: PageContext
    ) -> String? {
        func messages(_ standing: MessageQuery.Standing, narrowed: Bool = true) -> String {
            var fields = ["state": standing.rawValue]
            if narrowed {
                fields["installation"] = alarm.installation?.rawValue ?? ""
                fields["direction"] = Direction(rawValue: alarm.subject)?.rawValue ?? ""
            }
            return context.settings.link("/messages", fields)
        }
        func page(_ anchor: String) -> String? {
            of.map { context.settings.link("/installations/\($0.id)") + "#" + anchor }
        }
        switch alarm.name {
        case .installationPaused: return page(facts.isByHand ? "actions" : "credentials")
        case .signatureFailures: return page("credentials")
        case .breakerOpen, .messageWithheld: return page("health")
        case .webhookSilent: return page(facts.silence?.needsKey == true ? "credentials" : "addresses")
        case .outboxGrowing: return messages(.waiting)
        case .deliveryDead: return messages(.dead)
        case .replyUndecided:
            return context.settings.link(
                "/messages", ["state": MessageQuery.Standing.held.rawValue, "installation": alarm.subject])
        case .relayStalled, .laneStuck: return messages(.waiting, narrowed: false)
        case .storePressure: return alarm.subject == "disk" ? nil : messages(.waiting, narrowed: false)
        case .storeGone, .socketGone: return nil
        }
    }
}

extension WebhookSilence.Cause {
    /// Whether a public key has to be entered.
    var needsKey: Bool { self == .noKey || self == .wrongSignature }
}
