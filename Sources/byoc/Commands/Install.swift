import ArgumentParser
import Channels
import Foundation
import Freshchat
import Relay
import RelayCore

/// `byoc install CHANNEL`
struct Install: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Connect a channel account to a Freshchat topic.",
        discussion: """
            Checks the credentials of both sides, makes the target URL, registers it with the channel, and prints what \
            is to be pasted into Freshchat. byoc must be reachable at its public address meanwhile, for the channel \
            calls it during the registration: run `byoc serve` first.

            Whatever is not given is taken from the environment (byoc config lists the keys), and asked for on a \
            terminal. Secrets are never needed on the command line: they are asked for without being shown, or read \
            with --secrets from a file or, with -, from the standard input, as lines such as

              auth_token=…
              freshchat_token=…
              webhook_key=-----BEGIN PUBLIC KEY-----\\nMIIB…
            """)

    @OptionGroup var options: StoreOptions
    @Argument(help: "The channel: \(ChannelRegistry.all.map(\.descriptor.kind.rawValue).joined(separator: ", ")).")
    var channel: String
    @Option(help: "What the installation is called; otherwise as the channel account is.") var name: String?
    @Option(help: "Freshchat's API address, up to and including /v2 (BYOC_FRESHCHAT_BASE_URL).")
    var freshchatURL: String?
    @Option(help: "The topic that conversations go to: its id or its name (BYOC_FRESHCHAT_TOPIC).") var topic: String?
    @Option(help: "A channel setting, as key=value. May be repeated.") var set: [String] = []
    @Option(help: "A file with secrets, a key=value a line; - reads the standard input.") var secrets: String?
    @Option(help: "A reply of which it is unknown whether it was sent: resend or hold (BYOC_DOUBT_POLICY).")
    var onDoubt: String?

    func run() async throws {
        guard let adapter = ChannelRegistry.channel(ChannelKind(channel.lowercased())) else {
            let kinds = ChannelRegistry.all.map(\.descriptor.kind.rawValue).joined(separator: ", ")
            throw CommandFailure("There is no channel “\(channel)”.", remedy: "There are: \(kinds)")
        }
        let app = try options.open(.baseURL)
        defer { app.close() }
        var answers = Answers(given: try given(), isInteractive: Terminal.isInteractive && secrets != "-")

        let descriptor = adapter.descriptor
        var account = ChannelAccount(kind: descriptor.kind)
        let known = app.settings.channelAccounts[descriptor.kind]
        for field in descriptor.fields {
            let value = answers.value(
                of: field, otherwise: known?.settings[field.key] ?? known?.secrets[field.key]?.reveal())
            guard let value, !value.isEmpty else { continue }
            if field.isSecret {
                account.secrets[field.key] = Secret(value)
            } else {
                account.settings[field.key] = value
            }
        }
        let desk = app.settings.desk
        let baseURL = answers.value(of: FreshchatFields.address, otherwise: freshchatURL ?? desk.baseURL)
        let token = answers.value(of: FreshchatFields.token, otherwise: desk.token?.reveal())
        let topic = answers.value(
            "topic", label: "Topic", help: "the topic (inbox) that conversations go to: its name or its id",
            otherwise: topic ?? desk.topic)
        let webhookKey = answers.value(of: FreshchatFields.webhookKey, otherwise: desk.webhookPublicKey)
        try answers.check()
        let policy = onDoubt.map { Installation.DoubtPolicy(rawValue: $0) } ?? app.settings.doubtPolicy
        guard let policy else {
            throw CommandFailure("--on-doubt is “\(onDoubt ?? "")”.", remedy: "Say resend or hold.")
        }

        let report = try await App.withHTTP { http in
            try await app.installer(over: http).install(
                channel: adapter, account: account,
                helpdesk: HelpdeskAccount(
                    baseURL: try FreshchatBaseURL(parsing: baseURL ?? "").text, token: Secret(token ?? ""),
                    topic: TopicID(topic ?? ""),
                    webhookPublicKey: webhookKey ?? "", resolvedPolicy: desk.resolvedPolicy,
                    forwardsSystemLines: desk.forwardsSystemLines, textLimit: desk.textLimit),
                topic: topic ?? "", name: name ?? app.settings.installationName, doubtPolicy: policy)
        }
        try show(report, adapter, app)
    }

    private func show(_ report: Installer.Report, _ adapter: any Channel, _ app: App) throws {
        for warning in report.warnings { Terminal.note("Warning: \(warning)") }
        if options.json {
            var view = InstallationView(report.installation)
            view.add(app.endpoints, report.installation)
            return try Terminal.printJSON(view)
        }
        let name = adapter.descriptor.name
        Terminal.print("Connected as \(report.installation.id).")
        Terminal.print("  \(name): \(report.channelAccount.printableOnOneLine)")
        Terminal.print("  Freshchat: \(report.helpdeskAccount), topic \(report.topic.name)".printableOnOneLine)
        if report.needsPasting {
            Terminal.print("\nPaste this target URL into \(name)'s webhook setting:\n  \(report.targetURL)")
        } else {
            Terminal.print(
                "\n\(name) calls this target URL from now on; there is nothing to paste:\n  \(report.targetURL)")
        }
        if let other = report.sharesWebhookWith {
            Terminal.print(
                "\nFreshchat's webhook is set for \(other) already and serves this one too: nothing to paste there.")
            return
        }
        Terminal.print(
            """

            Paste this into Freshchat (Admin > Marketplace and Integrations > Conversation Webhooks):
              \(report.helpdeskURL)
            """)
        if report.installation.helpdesk.webhookPublicKey.isEmpty {
            Terminal.print(
                """
                That page then shows a public key. byoc answers agents' messages only with it:
                  byoc set-key \(report.installation.id) --file KEY.pem
                """)
        }
        Terminal.print(
            """
            If the webhook field is taken by something else, a Marketplace app can send its onMessageCreate events to
              \(report.productEventURL)
            """)
    }

    private func given() throws -> [String: String] {
        var values: [String: String] = [:]
        for text in set {
            guard let equals = text.firstIndex(of: "=") else {
                throw CommandFailure(
                    "--set \(text.prefix(4))… is no key=value.", remedy: "Write for example --set auth_token=…")
            }
            let key = text[..<equals].lowercased().trimmingWhiteSpace()
            values[key] = String(text[text.index(after: equals)...]).trimmingWhiteSpace()
        }
        if let secrets {
            let lines = SettingLines(
                try WholeFile.text(of: secrets, remedy: "Give --secrets a file of key=value lines, or -."))
            if let fault = lines.faults.first {
                throw CommandFailure(
                    "Line \(fault.line) of the secrets \(fault.problem).", remedy: "Write for example auth_token=…")
            }
            for setting in lines.settings { values[setting.key.lowercased()] = setting.value }
        }
        return values
    }
}

/// Collects what an installation needs: from what was given, else from the environment, else by asking.
struct Answers {
    private var given: [String: String]
    private let isInteractive: Bool
    private var missing: [String] = []

    init(given: [String: String], isInteractive: Bool) {
        self.given = given
        self.isInteractive = isInteractive
    }

    mutating func value(
        _ key: String, label: String, help: String, isSecret: Bool = false, isRequired: Bool = true,
        otherwise: String?, problem: (String) -> String? = { _ in nil }
    ) -> String? {
        if let value = given.removeValue(forKey: key) ?? otherwise, !value.isEmpty {
            if let problem = problem(value) { missing.append("\(key): \(problem)") }
            return value
        }
        guard isRequired else { return nil }
        guard isInteractive else {
            missing.append("\(key) is missing: \(label) (\(help))")
            return nil
        }
        Terminal.note("\(label): \(help)")
        while let value = Terminal.ask(label, isSecret: isSecret)?.trimmingWhiteSpace() {
            if value.isEmpty { continue }
            guard let problem = problem(value) else { return value }
            Terminal.note(problem)
        }
        missing.append("\(key) is missing")
        return nil
    }

    mutating func value(of field: SettingField, otherwise: String?) -> String? {
        value(
            field.key, label: field.label, help: field.help, isSecret: field.isSecret, isRequired: field.isRequired,
            otherwise: otherwise, problem: field.problem)
    }

    /// - Throws: ``CommandFailure`` with everything that is missing, wrong or unknown.
    func check() throws {
        let all = missing + given.keys.sorted().map { "\($0): there is no such setting" }
        guard all.isEmpty else {
            throw CommandFailure(
                "The installation can't be made:\n" + all.map { "  \($0)" }.joined(separator: "\n"),
                remedy:
                    "Settings are given with --set key=value, secrets with --secrets FILE, both also by environment.")
        }
    }
}
