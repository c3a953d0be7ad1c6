import Foundation
import Relay
import RelayCore

/// Checks one installation: its credentials, its webhooks and its outbox.
struct InstallationCheck {
    let app: App
    let http: any HTTPSender
    let installation: Installation
    let metrics: StoreMetrics?

    private var id: InstallationID { installation.id }

    func findings() async -> [Finding] {
        var findings = state()
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

    /// The service's name, as people write it.
    private func service(_ side: Side) -> String {
        switch side {
        case .helpdesk: app.helpdesk.name
        case .channel: App.channel(installation.channel.kind)?.descriptor.name ?? installation.channel.kind.rawValue
        }
    }

    /// "1 reply to customers", "2 customer messages and 1 private note".
    private static func count(_ number: Int64, notes: Int64 = 0, _ direction: Direction) -> String {
        let messages =
            switch direction {
            case .inbound: Terminal.count(Int(clamping: number), "customer message", "customer messages")
            case .outbound: Terminal.count(Int(clamping: number), "reply to customers", "replies to customers")
            }
        guard notes > 0 else { return messages }
        let others = Terminal.count(Int(clamping: notes), "private note", "private notes")
        return number > 0 ? "\(messages) and \(others)" : others
    }

    private func state() -> [Finding] {
        let accounts = Side.allCases.compactMap(pausedAccount)
        return installation.ownState == .active && !accounts.isEmpty ? accounts : [ownState()] + accounts
    }

    private func pausedAccount(on side: Side) -> Finding? {
        guard case .paused(let reason, let since) = installation.accountState(of: side) else { return nil }
        let service = service(side)
        return finding(
            .error, "State", "the \(service) account is paused since \(Terminal.text(since)): \(reason)",
            why: "What goes to \(service) is queued for all installations of the account.",
            do: "Replace the credential: byoc set-key \(id) --kind \(SetKey.Kind(of: side).rawValue)")
    }

    private func ownState() -> Finding {
        let (reason, since, cause): (String, Date, Installation.PauseCause)
        switch installation.ownState {
        case .active, .removed:
            return finding(.ok, "State", "active")
        case .draining(let since):
            return finding(
                .warning, "State", "being removed since \(Terminal.text(since))",
                why: "It accepts nothing new, and is removed once nothing waits.",
                do: "To discard what waits: byoc uninstall \(id) --now")
        case .paused(let why, let start, let by):
            (reason, since, cause) = (why, start, by)
        }
        let problem = "since \(Terminal.text(since)): \(reason)"
        let why = "Incoming messages are queued. Nothing is sent until you resume."
        switch cause {
        case .person:
            return finding(
                .warning, "State", "paused by an operator \(problem)", why: why,
                do: "When you are ready: byoc resume \(id)")
        case .environment:
            return finding(
                .warning, "State", "paused \(problem)", why: why,
                do: "Set BYOC_CHANNEL again and reload byoc, or: byoc uninstall \(id)")
        case .credential:
            return finding(
                .error, "State", "paused \(problem)", why: why, do: "Fix the reason, then: byoc resume \(id)")
        }
    }

    private func channel() async -> [Finding] {
        guard let channel = App.channel(installation.channel.kind) else {
            return [
                finding(
                    .error, "Channel", "this version of byoc doesn't support the channel \(installation.channel.kind)",
                    why: "Messages are sent in neither direction.", do: "Install a version that supports it.")
            ]
        }
        let name = channel.descriptor.name
        do {
            let check = try await channel.check(installation.channel, over: http)
            return [finding(.ok, "\(name) account", check.accountName)] + webhook(check, of: channel)
        } catch {
            return [
                finding(.error, "\(name) account", error.problem, why: "Replies can't be sent.", do: error.remedy),
                unknown("\(name) webhook", "\(name) didn't answer the check of the account"),
            ]
        }
    }

    private func webhook(_ check: ChannelCheck, of channel: any Channel) -> [Finding] {
        guard channel is any WebhookRegistering, !app.settings.baseURL.isEmpty else { return [] }
        let subject = "\(channel.descriptor.name) webhook"
        let why = "Customer messages aren't arriving."
        guard let url = check.webhookURL, !url.isEmpty else {
            return [
                finding(
                    .error, subject, "\(channel.descriptor.name) has no webhook", why: why, do: "byoc register \(id)")
            ]
        }
        guard url == app.endpoints.targetURL(of: installation) else {
            // Without its path, which may be a secret.
            let place = URLComponents(string: url).map { "\($0.scheme ?? "")://\($0.host ?? "")" } ?? "another URL"
            return [
                finding(
                    .error, subject, "\(channel.descriptor.name) calls another URL, at \(place)", why: why,
                    do: "Unless another service needs that webhook: byoc register \(id)")
            ]
        }
        return [finding(.ok, subject, "registered to this installation")]
    }

    private func helpdesk() async -> [Finding] {
        do {
            let check = try await app.helpdesk.check(installation.helpdesk, over: http)
            let account = finding(.ok, "Freshchat account", check.accountName)
            guard let topic = check.topics.first(where: { $0.id == installation.topic }) else {
                return [
                    account,
                    finding(
                        .error, "Topic", "the topic \(installation.topic) no longer exists",
                        why: "New conversations can't be created.",
                        do: "Restore it in Freshchat, or use another topic: byoc installation move \(id) --topic NAME"),
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
                    .error, "Freshchat account", error.problem,
                    why: "Customer messages are queued and don't reach agents.",
                    do: error.remedy)
            ]
        }
    }

    private func webhookKey() -> Finding {
        guard installation.helpdesk.webhookPublicKey.isEmpty else { return finding(.ok, "Freshchat key", "set") }
        return finding(
            .error, "Freshchat key", "Freshchat's public key isn't set",
            why: "Freshchat's webhooks are refused, so replies arrive late or not at all.",
            do: "Copy the public key shown next to the webhook in Freshchat, then: byoc set-key \(id) < key.pem")
    }

    private func signatures() -> [Finding] {
        guard let metrics else { return [unknown("Signatures", "the data store can't be read")] }
        var findings: [Finding] = []
        for direction in Direction.allCases {
            let failures = metrics.signatures[Flow(id, direction)].map { $0.ascii + $0.other } ?? 0
            guard failures > 0 else { continue }
            let key = direction == .inbound ? "channel-secret" : "webhook-key"
            let sender = service(direction == .inbound ? .channel : .helpdesk)
            findings.append(
                finding(
                    .warning, "Signatures",
                    "the last \(Terminal.count(Int(clamping: failures), "\(sender) signature was", "\(sender) signatures were")) invalid",
                    why: "These webhooks were refused: the credential has changed, or someone is probing the URL.",
                    do: "If messages are missing: byoc set-key \(id) --kind \(key)"))
        }
        return findings.isEmpty ? [finding(.ok, "Signatures", "all valid")] : findings
    }

    private func lastMessage() async -> [Finding] {
        do {
            var findings: [Finding] = []
            for direction in Direction.allCases {
                let words = direction == .inbound ? "from a customer" : "from an agent"
                let query = MessageQuery(installation: id, direction: direction, limit: 50, scanLimit: 5000)
                let page = try await app.store.messages(query)
                if let last = page.messages.first(where: { !$0.delivery.isNote })?.delivery {
                    findings.append(
                        finding(.ok, "Last message", "\(words) \(Terminal.age(last.acceptedAt)) ago"))
                } else if page.older == nil {
                    findings.append(finding(.ok, "Last message", "none \(words) yet"))
                } else {
                    findings.append(finding(.ok, "Last message", "none \(words) lately"))
                }
            }
            return findings
        } catch {
            return [unknown("Last message", error.message)]
        }
    }

    private func outbox() -> [Finding] {
        guard let metrics else { return [unknown("Outbox", "the data store can't be read")] }
        var findings: [Finding] = []
        for direction in Direction.allCases {
            let outbox = metrics.outbox[Flow(id, direction)] ?? StoreMetrics.Outbox()
            if outbox.dead > 0 {
                findings.append(
                    finding(
                        .warning, "Outbox",
                        "\(Self.count(outbox.deadMessages, notes: outbox.deadNotes, direction)) failed",
                        why: "Delivery failed permanently.",
                        do: "byoc outbox --dead --installation \(id), then byoc retry or byoc discard"))
            }
            if outbox.held > 0 {
                findings.append(
                    finding(
                        .warning, "Outbox", "\(Self.count(outbox.held, direction)) held",
                        why: "It is unclear whether they arrived. You decide.",
                        do:
                            "byoc outbox --held --installation \(id), then byoc mark-delivered, byoc retry or byoc discard"
                    ))
            }
            if let oldest = outbox.oldestWaiting, oldest.timeIntervalSinceNow < -300 {
                findings.append(
                    finding(
                        .warning, "Outbox",
                        "\(Self.count(outbox.waitingMessages, notes: outbox.waitingNotes, direction)) waiting, the oldest for "
                            + Terminal.age(oldest),
                        why: "Deliveries should take seconds.",
                        do: "For the reasons: byoc outbox --waiting --installation \(id)"))
            }
        }
        for breaker in metrics.breakers where breaker.installation == id {
            findings.append(
                finding(
                    .error, "Outbox",
                    "\(service(breaker.side)) hasn't been responding since " + Terminal.text(breaker.openedAt),
                    why: "byoc retries one message at a time and resumes by itself.",
                    do: "For \(service(breaker.side))'s answers: byoc outbox --installation \(id)"))
        }
        return findings.isEmpty ? [finding(.ok, "Outbox", "no failed, held or late deliveries")] : findings
    }
}
