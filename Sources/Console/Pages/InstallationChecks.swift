import FoundationEssentials
import RelayCore

/// One line of what is known of an installation's health.
struct CheckView: Sendable {
    var label: String
    var badge: BadgeView
    var text: String
    /// Two forms of an instant; empty when there is none.
    var time: [TimeView] = []
}

/// An instant, as `<time>` has it.
struct TimeView: Sendable {
    /// For programs.
    var stamp: String
    /// For people, until the script puts it into their own zone.
    var text: String

    init(_ date: Date) {
        stamp = date.ISO8601Format()
        text = stamp.replacing("T", with: " ").replacing("Z", with: " UTC")
    }
}

/// Looks how an installation fares: from the store always, from the far sides when asked to.
struct InstallationChecks {
    private let installation: Installation
    private let desk: Desk
    private let isLive: Bool
    private var texts: CheckTexts { desk.texts.checks }
    private var channel: String { desk.name(of: installation) }

    init(_ installation: Installation, desk: Desk, isLive: Bool) {
        self.installation = installation
        self.desk = desk
        self.isLive = isLive
    }

    func rows() async throws -> [CheckView] {
        let metrics = try await desk.store.currentMetrics()
        var rows: [CheckView] = []
        if isLive {
            rows += await askedOfChannel()
            rows += await askedOfDesk()
        } else {
            rows.append(registrationAsStored)
        }
        rows.append(webhookKey)
        for direction in Direction.allCases {
            rows.append(last(direction, metrics))
            rows.append(signatures(direction, metrics))
        }
        for open in metrics.breakers where open.installation == installation.id {
            rows.append(CheckView(label: texts.breaker, badge: bad, text: texts.breakerOpen(sideName(open.side))))
        }
        return rows
    }

    private var good: BadgeView { BadgeView(kind: "good", label: texts.good) }
    private var unsure: BadgeView { BadgeView(kind: "", label: texts.unsure) }
    private var warn: BadgeView { BadgeView(kind: "warn", label: texts.look) }
    private var bad: BadgeView { BadgeView(kind: "bad", label: texts.bad) }

    private func sideName(_ side: Side) -> String { side == .channel ? channel : "Freshchat" }

    // MARK: Asked now

    private func askedOfChannel() async -> [CheckView] {
        guard let adapter = desk.adapter(of: installation) else { return [] }
        do throws(SetupFailure) {
            let check = try await desk.programme.check(installation.channel, of: adapter)
            var rows = [
                CheckView(label: texts.token(channel), badge: good, text: texts.tokenTaken(channel, check.accountName))
            ]
            if adapter is any WebhookRegistering { rows.append(registration(check.webhookURL ?? "")) }
            return rows
        } catch {
            return [CheckView(label: texts.token(channel), badge: bad, text: texts.failed(error))]
        }
    }

    /// What the channel says that it calls.
    private func registration(_ url: String) -> CheckView {
        let isOurs = url == desk.programme.urls(of: installation).target
        return CheckView(
            label: texts.registration, badge: isOurs ? good : bad,
            text: isOurs
                ? texts.registered(channel)
                : url.isEmpty
                    ? texts.registeredNowhere(channel) : texts.registeredElsewhere(channel, Self.place(of: url)))
    }

    /// Another's URL may have a secret in its path, too.
    private static func place(of url: String) -> String {
        guard let parts = URLComponents(string: url), let host = parts.host else { return "…" }
        return "\(parts.scheme ?? "https")://\(host)\(parts.port.map { ":\($0)" } ?? "")/…"
    }

    private func askedOfDesk() async -> [CheckView] {
        do throws(SetupFailure) {
            let check = try await desk.programme.check(installation.helpdesk)
            let token = CheckView(
                label: texts.token("Freshchat"), badge: good, text: texts.tokenTaken("Freshchat", check.accountName))
            guard let topic = check.topics.first(where: { $0.id == installation.helpdesk.topic }) else {
                return [token, CheckView(label: texts.topic, badge: bad, text: texts.topicGone)]
            }
            return [
                token,
                CheckView(
                    label: texts.topic, badge: topic.isEnabled ? good : warn,
                    text: topic.isEnabled ? topic.name : texts.topicDisabled(topic.name)),
            ]
        } catch {
            return [CheckView(label: texts.token("Freshchat"), badge: bad, text: texts.failed(error))]
        }
    }

    // MARK: From the store

    private var registrationAsStored: CheckView {
        guard desk.adapter(of: installation) is any WebhookRegistering else {
            return CheckView(label: texts.registration, badge: unsure, text: texts.pasted(channel))
        }
        let isOurs = installation.registeredURL == desk.programme.urls(of: installation).target
        return CheckView(
            label: texts.registration, badge: isOurs ? good : bad,
            text: isOurs ? texts.registeredAsStored(channel) : texts.notRegistered(channel))
    }

    private var webhookKey: CheckView {
        let isThere = !installation.helpdesk.webhookPublicKey.isEmpty
        return CheckView(
            label: texts.key, badge: isThere ? good : warn, text: isThere ? texts.keyThere : texts.keyMissing)
    }

    private func last(_ direction: Direction, _ metrics: StoreMetrics) -> CheckView {
        let flow = Flow(installation.id, direction)
        let label = texts.last(sideName(direction == .inbound ? .channel : .helpdesk))
        guard let last = metrics.lastWebhooks[flow] else {
            return CheckView(label: label, badge: unsure, text: texts.nothingYet)
        }
        let count = metrics.histograms[.acknowledgement]?[flow]?.count ?? 0
        return CheckView(label: label, badge: good, text: texts.lastWebhook(count), time: [TimeView(last)])
    }

    private func signatures(_ direction: Direction, _ metrics: StoreMetrics) -> CheckView {
        let flow = Flow(installation.id, direction)
        let side = direction == .inbound ? channel : "Freshchat"
        let streak = metrics.signatures[flow].map { $0.ascii + $0.other } ?? 0
        let all = metrics.counters[flow]?[.signatureFailures] ?? 0
        let badge = streak > 0 ? bad : good
        return CheckView(
            label: texts.signatures(side), badge: badge,
            text: streak > 0 ? texts.failingSignatures(streak) : texts.signaturesFine(all))
    }
}
