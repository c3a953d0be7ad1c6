import FoundationEssentials
import RelayCore

/// Checks an installation: by what the store knows, and on demand by asking the channel and Freshchat.
struct InstallationChecks {
    private let installation: Installation
    private let metrics: StoreMetrics
    private let context: PageContext
    private let isLive: Bool
    private let isKeyEditable: Bool
    private var texts: CheckTexts { context.texts.checks }
    private var channel: String { context.name(of: installation) }

    init(_ installation: Installation, _ metrics: StoreMetrics, context: PageContext, isLive: Bool) {
        self.installation = installation
        self.metrics = metrics
        self.context = context
        self.isLive = isLive
        isKeyEditable = installation.origin == .installed
    }

    func rows() async -> [CheckView] {
        var rows = silence(metrics)
        if isLive {
            rows += await askedOfChannel()
            rows += await helpdeskChecks()
        } else {
            rows.append(registrationAsStored)
        }
        rows.append(webhookKey)
        for direction in Direction.allCases {
            rows.append(last(direction, metrics))
            rows.append(signatures(direction, metrics))
        }
        for open in metrics.breakers where open.installation == installation.id {
            let party = name(of: open.side)
            rows.append(CheckView(label: texts.breaker(party), badge: bad, text: texts.breakerOpen(party)))
        }
        return rows
    }

    private var good: BadgeView { BadgeView(kind: "good", label: texts.good) }
    private var unsure: BadgeView { BadgeView(kind: "", label: texts.unsure) }
    private var warn: BadgeView { BadgeView(kind: "warn", label: texts.look) }
    private var bad: BadgeView { BadgeView(kind: "bad", label: texts.bad) }

    private func name(of side: Side) -> String { side == .channel ? channel : "Freshchat" }

    // MARK: Fixes

    private func section(_ id: String, _ label: String) -> [LinkView] {
        [LinkView(label: label, href: "#\(id)")]
    }

    /// The form for the public key; none where the environment holds it.
    private func keyForm(_ label: String) -> [LinkView] {
        guard isKeyEditable else { return section("credentials", label) }
        let field = context.programme.helpdeskFields.webhookKey.key
        return [
            LinkView(
                label: label, href: context.settings.link("/installations/\(installation.id)/credentials/\(field)"))
        ]
    }

    /// The form for another topic; none where the environment holds it.
    private var moveFix: [LinkView] {
        guard isKeyEditable else { return [] }
        return [
            LinkView(
                label: context.texts.move.move, href: context.settings.link("/installations/\(installation.id)/move"))
        ]
    }

    private var registerFix: [LinkView] { section("register", texts.register) }
    private var tokenFix: [LinkView] { section("credentials", texts.replaceToken) }

    // MARK: Asked now

    private func askedOfChannel() async -> [CheckView] {
        guard let adapter = context.adapter(of: installation) else { return [] }
        do throws(SetupFailure) {
            let check = try await context.programme.check(installation.channel, of: adapter)
            var rows = [
                CheckView(label: texts.token(channel), badge: good, text: texts.tokenTaken(check.accountName))
            ]
            if adapter is any WebhookRegistering { rows.append(registration(check.webhookURL ?? "")) }
            return rows
        } catch {
            return [
                CheckView(label: texts.token(channel), badge: bad, text: texts.failed(error), fix: tokenFix)
            ]
        }
    }

    /// The webhook that the channel has.
    private func registration(_ url: String) -> CheckView {
        let isOurs = url == context.programme.urls(of: installation).target
        return CheckView(
            label: texts.registration, badge: isOurs ? good : bad,
            text: isOurs
                ? texts.registered(channel)
                : url.isEmpty
                    ? texts.registeredNowhere(channel) : texts.registeredElsewhere(channel, Self.place(of: url)),
            fix: isOurs ? [] : registerFix)
    }

    /// Another's URL may have a secret in its path, too.
    private static func place(of url: String) -> String {
        guard let parts = URLComponents(string: url), let host = parts.host else { return "…" }
        return "\(parts.scheme ?? "https")://\(host)\(parts.port.map { ":\($0)" } ?? "")/…"
    }

    private func helpdeskChecks() async -> [CheckView] {
        do throws(SetupFailure) {
            let check = try await context.programme.check(installation.helpdesk)
            let token = CheckView(
                label: texts.token("Freshchat"), badge: good, text: texts.tokenTaken(check.accountName))
            guard let topic = check.topics.first(where: { $0.id == installation.topic }) else {
                return [token, CheckView(label: texts.topic, badge: bad, text: texts.topicGone, fix: moveFix)]
            }
            return [
                token,
                CheckView(
                    label: texts.topic, badge: topic.isEnabled ? good : warn,
                    text: topic.isEnabled ? topic.name : texts.topicDisabled(topic.name)),
            ]
        } catch {
            return [
                CheckView(label: texts.token("Freshchat"), badge: bad, text: texts.failed(error), fix: tokenFix)
            ]
        }
    }

    // MARK: From the store

    private var registrationAsStored: CheckView {
        guard context.adapter(of: installation) is any WebhookRegistering else {
            return CheckView(label: texts.registration, badge: unsure, text: texts.pasted(channel))
        }
        let isOurs = installation.channel.registeredURL == context.programme.urls(of: installation).target
        return CheckView(
            label: texts.registration, badge: isOurs ? good : bad,
            text: isOurs ? texts.registeredAsStored(channel) : texts.notRegistered(channel),
            fix: isOurs ? [] : registerFix)
    }

    private var webhookKey: CheckView {
        let isThere = !installation.helpdesk.webhookPublicKey.isEmpty
        return CheckView(
            label: context.programme.helpdeskFields.webhookKey.label, badge: isThere ? good : warn,
            text: isThere ? texts.keyThere : texts.keyMissing,
            fix: isThere ? [] : keyForm(texts.enterKey))
    }

    private func last(_ direction: Direction, _ metrics: StoreMetrics) -> CheckView {
        let flow = Flow(installation.id, direction)
        let label = texts.last(name(of: direction == .inbound ? .channel : .helpdesk))
        guard let last = metrics.lastWebhooks[flow] else {
            return CheckView(label: label, badge: unsure, text: texts.nothingYet)
        }
        let count = metrics.histograms[.acknowledgement]?[flow]?.count ?? 0
        return CheckView(label: label, badge: good, text: texts.lastWebhook(count), time: [TimeView(last)])
    }

    private func signatures(_ direction: Direction, _ metrics: StoreMetrics) -> CheckView {
        let flow = Flow(installation.id, direction)
        let party = name(of: direction == .inbound ? .channel : .helpdesk)
        let streak = metrics.signatures[flow].map { $0.ascii + $0.other } ?? 0
        let all = metrics.counters[flow]?[.signatureFailures] ?? 0
        guard streak > 0 else {
            return CheckView(label: texts.signatures(party), badge: good, text: texts.signaturesFine(all))
        }
        let isKey = direction == .outbound
        return CheckView(
            label: texts.signatures(party), badge: bad, text: texts.failingSignatures(streak, party, isKey: isKey),
            fix: isKey ? keyForm(texts.replaceKey) : tokenFix)
    }

    /// Freshchat's webhooks don't come; none if they do, or nothing shows that they don't.
    private func silence(_ metrics: StoreMetrics) -> [CheckView] {
        guard let state = metrics.installations.first(where: { $0.id == installation.id }),
            let silence = WebhookSilenceRule().silence(of: state, in: metrics, now: context.now)
        else { return [] }
        let label = texts.silenceFix(silence.cause)
        let last = silence.cause == .stopped ? silence.lastHeard : nil
        let fix =
            switch silence.cause {
            case .noKey, .wrongSignature: keyForm(label)
            case .neverHeard, .stopped: section("addresses", label)
            }
        return [
            CheckView(
                label: texts.silenceLabel, badge: bad, text: texts.silence(silence.cause),
                time: last.map { [TimeView($0)] } ?? [], fix: fix)
        ]
    }
}
