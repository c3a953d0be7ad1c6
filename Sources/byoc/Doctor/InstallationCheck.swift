import Foundation
import Relay
import RelayCore

/// One installation: its credentials, its webhooks, and what waits.
struct InstallationCheck {
    let app: App
    let http: any HTTPSender
    let installation: Installation
    let metrics: StoreMetrics?

    private var id: InstallationID { installation.id }

    func findings() async -> [Finding] {
        var findings = [state()]
        findings += await channel()
        findings += await helpdesk()
        findings += [webhookKey()] + signatures()
        if let metrics {
            findings.append(WebhookSilenceCheck(installation: installation, metrics: metrics, now: Date()).finding())
        }
        findings += await lastMessage()
        findings += outbox()
        return findings
    }

    private func finding(
        _ severity: Finding.Severity, _ subject: String, _ problem: String, why: String = "", do remedy: String = ""
    ) -> Finding {
        Finding(severity, subject, problem, why: why, do: remedy, installation: id)
    }

    private func unknown(_ subject: String, _ problem: String) -> Finding {
        var finding = Finding.unknown(subject, problem)
        finding.installation = id
        return finding
    }

    private func state() -> Finding {
        guard case .paused(let reason, let since) = installation.state else { return finding(.ok, "State", "active") }
        return finding(
            .error, "State", "paused since \(Terminal.text(since)): \(reason)", why: "Nothing is sent either way.",
            do: "Mend what it says, then: byoc resume \(id)")
    }

    private func channel() async -> [Finding] {
        guard let channel = App.channel(installation.channel.kind) else {
            return [
                finding(
                    .error, "Channel", "this version of byoc has no channel \(installation.channel.kind)",
                    why: "Nothing is sent either way.", do: "Install the version that had it.")
            ]
        }
        let name = channel.descriptor.name
        do {
            let check = try await channel.check(installation.channel, over: http)
            return [finding(.ok, "\(name) account", check.accountName)] + webhook(check, of: channel)
        } catch {
            return [
                finding(.error, "\(name) account", error.problem, why: "Replies can't be sent.", do: error.remedy),
                unknown("\(name) webhook", "\(name) doesn't tell"),
            ]
        }
    }

    private func webhook(_ check: ChannelCheck, of channel: any Channel) -> [Finding] {
        guard channel is any WebhookRegistering, !app.settings.baseURL.isEmpty else { return [] }
        let subject = "\(channel.descriptor.name) webhook"
        let why = "What customers write doesn't come here."
        guard let url = check.webhookURL, !url.isEmpty else {
            return [finding(.error, subject, "none is registered", why: why, do: "byoc register \(id)")]
        }
        guard url == app.endpoints.targetURL(of: installation) else {
            // Without its path, for that may be somebody's secret.
            let place = URLComponents(string: url).map { "\($0.scheme ?? "")://\($0.host ?? "")" } ?? "another address"
            return [
                finding(
                    .error, subject, "\(channel.descriptor.name) calls another address, at \(place)", why: why,
                    do: "If nothing else needs it there: byoc register \(id)")
            ]
        }
        return [finding(.ok, subject, "registered, and ours")]
    }

    private func helpdesk() async -> [Finding] {
        do {
            let check = try await app.helpdesk.check(installation.helpdesk, over: http)
            let account = finding(.ok, "Freshchat account", check.accountName)
            guard let topic = check.topics.first(where: { $0.id == installation.helpdesk.topic }) else {
                return [
                    account,
                    finding(
                        .error, "Topic", "the topic \(installation.helpdesk.topic) is gone",
                        why: "No new conversation can begin.",
                        do: "Make another topic and install again, or restore it in Freshchat."),
                ]
            }
            return [
                account,
                topic.isEnabled
                    ? finding(.ok, "Topic", topic.name)
                    : finding(
                        .warning, "Topic", "\(topic.name) is disabled", why: "Agents may not see its conversations.",
                        do: "Enable it under Freshchat's topics."),
            ]
        } catch {
            return [
                finding(
                    .error, "Freshchat account", error.problem, why: "Customers' messages wait and reach no agent.",
                    do: error.remedy)
            ]
        }
    }

    private func webhookKey() -> Finding {
        guard installation.helpdesk.webhookPublicKey.isEmpty else { return finding(.ok, "Freshchat key", "set") }
        return finding(
            .error, "Freshchat key", "the public key of Freshchat's webhook isn't set",
            why: "Its webhooks are refused, so that replies come late or not at all.",
            do: "Save the key that stands beside the webhook in Freshchat, then: byoc set-key \(id) < key.pem")
    }

    private func signatures() -> [Finding] {
        guard let metrics else { return [unknown("Signatures", "the data store doesn't tell")] }
        var findings: [Finding] = []
        for direction in Direction.allCases {
            let failures = metrics.signatures[Flow(id, direction)].map { $0.ascii + $0.other } ?? 0
            guard failures > 0 else { continue }
            let key = direction == .inbound ? "channel-secret" : "webhook-key"
            findings.append(
                finding(
                    .warning, "Signatures",
                    "\(failures) \(direction.rawValue) webhooks with a wrong signature since the last right one",
                    why: "They are refused: either somebody tries, or the credential was changed.",
                    do: "If real messages are missing: byoc set-key \(id) --kind \(key)"))
        }
        return findings.isEmpty ? [finding(.ok, "Signatures", "none wrong since the last right one")] : findings
    }

    private func lastMessage() async -> [Finding] {
        do {
            var filter = DeliveryFilter(states: [])
            filter.installation = id
            filter.limit = 50
            let newest = try await app.store.deliveries(filter)
            return Direction.allCases.map { direction in
                let words = direction == .inbound ? "from a customer" : "from an agent"
                guard let last = newest.first(where: { $0.direction == direction }) else {
                    return finding(.ok, "Last message", "none yet \(words)")
                }
                return finding(.ok, "Last message", "\(words) \(Terminal.age(last.acceptedAt)) ago")
            }
        } catch {
            return [unknown("Last message", error.message)]
        }
    }

    private func outbox() -> [Finding] {
        guard let metrics else { return [unknown("Outbox", "the data store doesn't tell")] }
        var findings: [Finding] = []
        for direction in Direction.allCases {
            let outbox = metrics.outbox[Flow(id, direction)] ?? StoreMetrics.Outbox()
            let way = direction.rawValue
            if outbox.dead > 0 {
                findings.append(
                    finding(
                        .warning, "Outbox", "\(outbox.dead) \(way) dead", why: "They were given up on.",
                        do: "byoc outbox --dead --installation \(id), then byoc retry or byoc discard"))
            }
            if outbox.held > 0 {
                findings.append(
                    finding(
                        .warning, "Outbox", "\(outbox.held) \(way) held",
                        why: "It is not known whether they were sent; a person has to decide.",
                        do: "byoc outbox --held --installation \(id), then byoc retry or byoc discard"))
            }
            if let oldest = outbox.oldestWaiting, oldest.timeIntervalSinceNow < -300 {
                findings.append(
                    finding(
                        .warning, "Outbox", "\(outbox.waiting) \(way) wait, the oldest for \(Terminal.age(oldest))",
                        why: "They should leave within seconds.",
                        do: "byoc outbox --waiting --installation \(id) shows why"))
            }
        }
        for breaker in metrics.breakers where breaker.installation == id {
            findings.append(
                finding(
                    .error, "Outbox",
                    "the \(breaker.side.rawValue) side fails for everyone since "
                        + Terminal.text(breaker.openedAt), why: "Only one delivery at a time is tried there.",
                    do: "byoc outbox --installation \(id) shows the far side's words"))
        }
        return findings.isEmpty ? [finding(.ok, "Outbox", "nothing dead, held or late")] : findings
    }
}
