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
            Checks the channel's and Freshchat's credentials, creates the target URL, registers it with the channel, and \
            prints the URL to paste into Freshchat. Run `byoc serve` first: the channel calls byoc's public URL during the \
            registration. Creates the data store if there is none.

            Values that aren't given as options come from the environment (see byoc config); on a terminal, byoc asks \
            for the rest. Keep secrets off the command line: byoc asks for them without showing them, or reads them with \
            --secrets from a file, or from standard input with -, as lines such as

              auth_token=…
              freshchat_token=…
              webhook_key=-----BEGIN PUBLIC KEY-----\\nMIIB…

            An account that byoc knows already is shared, not stored twice. To connect another address of one, such as a \
            second phone number, without its credentials: byoc install CHANNEL --account ACCOUNT --address ADDRESS
            """)

    @OptionGroup var options: StoreOptions
    @Argument(help: "The channel: \(ChannelRegistry.all.map(\.descriptor.kind.rawValue).joined(separator: ", ")).")
    var channel: String
    @Option(help: "The installation's name. Defaults to the channel account's name.") var name: String?
    @Option(help: "Freshchat API URL, including /v2 (BYOC_FRESHCHAT_BASE_URL).")
    var freshchatURL: String?
    @Option(help: "The topic for conversations: its name or ID (BYOC_FRESHCHAT_TOPIC).") var topic: String?
    @Option(help: "The address that customers write to, if the account has several.") var address: String?
    @Option(help: "An account that is connected already; see byoc accounts. Requires --address.") var account: String?
    @Option(help: "A channel setting as key=value. Repeatable.") var set: [String] = []
    @Option(help: "A file of secrets, one key=value per line; - reads standard input.") var secrets: String?
    @Option(help: "What to do with a reply that may or may not have been sent: resend or hold (BYOC_DOUBT_POLICY).")
    var onDoubt: String?

    func validate() throws {
        guard account == nil || address != nil else { throw ValidationError("--account requires --address.") }
        guard account == nil || (set.isEmpty && secrets == nil && freshchatURL == nil && onDoubt == nil) else {
            throw ValidationError(
                "--account uses that account's settings; only --address, --topic and --name go with it.")
        }
    }

    func run() async throws {
        guard let adapter = ChannelRegistry.channel(ChannelKind(channel.lowercased())) else {
            let kinds = ChannelRegistry.all.map(\.descriptor.kind.rawValue).joined(separator: ", ")
            throw CommandFailure(
                "There is no channel “\(channel)”.", remedy: "Channels: \(kinds)", exitCode: CommandFailure.usage)
        }
        let app = try options.open(.baseURL, creates: true)
        defer { app.close() }
        if let account, let address { return try await add(address, to: account, adapter, app) }
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
            "topic", label: "Topic", help: "the topic (inbox) for conversations: its name or ID",
            otherwise: topic ?? desk.topic)
        let webhookKey = answers.value(of: FreshchatFields.webhookKey, otherwise: desk.webhookPublicKey)
        try answers.check()
        let policy = onDoubt.map { Installation.DoubtPolicy(rawValue: $0) } ?? app.settings.doubtPolicy
        guard let policy else {
            throw CommandFailure(
                "--on-doubt is “\(onDoubt ?? "")”.", remedy: "Use resend or hold.", exitCode: CommandFailure.usage)
        }

        let report = try await App.withHTTP { http in
            try await app.installer(over: http).install(
                channel: adapter, account: account, address: address.map { Address($0) },
                helpdesk: HelpdeskAccount(
                    baseURL: try FreshchatBaseURL(parsing: baseURL ?? "").text, token: Secret(token ?? ""),
                    webhookPublicKey: webhookKey ?? "", textLimit: desk.textLimit),
                topic: topic ?? "", name: name ?? app.settings.installationName,
                policies: InstallationPolicies(
                    doubt: policy, resolved: desk.resolvedPolicy, forwardsSystemLines: desk.forwardsSystemLines))
        }
        try show(report, adapter, app)
    }

    /// Connects another address of an account that is connected already.
    private func add(_ address: String, to account: String, _ adapter: any Channel, _ app: App) async throws {
        let id = try app.channelAccount(account).id
        guard let besides = try app.store.directory().installations(of: id).first else {
            throw CommandFailure(
                "The account \(account) has no installation.", remedy: "Connect it with its credentials: byoc install")
        }
        guard besides.channel.kind == adapter.descriptor.kind else {
            throw CommandFailure(
                "\(account) is a \(besides.channel.kind) account.",
                remedy: "Run: byoc install \(besides.channel.kind) --account \(account) --address \(address)")
        }
        let report = try await App.withHTTP { http in
            try await app.installer(over: http).install(
                address: Address(address), besides: besides, on: adapter, topic: topic, name: name)
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
        if let address = report.address.name ?? Self.name(of: report.address.address) {
            Terminal.print("  Address: \(address)".printableOnOneLine)
        }
        Terminal.print("  Freshchat: \(report.helpdeskAccount), topic \(report.topic.name)".printableOnOneLine)
        if report.needsPasting {
            Terminal.print("\nPaste this target URL into \(name)'s webhook setting:\n  \(report.targetURL)")
        } else {
            Terminal.print(
                "\n\(name) now calls this target URL; no need to paste it:\n  \(report.targetURL)")
        }
        if !report.freeAddresses.isEmpty {
            let free = report.freeAddresses.map { offer in
                "\(offer.address)" + (offer.name.map { " (\($0))" } ?? "")
            }
            Terminal.print(
                "\nOther addresses of this account: \(free.joined(separator: ", "))\nTo connect one: byoc install \(channel) "
                    + "--account \(report.installation.channel.id) --address ADDRESS")
        }
        if let other = report.sharesWebhookWith {
            Terminal.print(
                "\nFreshchat allows one webhook per account. It is already set for \(other) and serves this installation too: don't "
                    + "change it.")
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
                That page then shows a public key. byoc needs it to accept agents' replies:
                  byoc set-key \(report.installation.id) --file KEY.pem
                """)
        }
        Terminal.print(
            """
            Freshchat's webhook already in use? A Marketplace app can send its onMessageCreate events to
              \(report.productEventURL)
            """)
    }

    private static func name(of address: Address) -> String? { address == .only ? nil : address.rawValue }

    private func given() throws -> [String: String] {
        var values: [String: String] = [:]
        for text in set {
            guard let equals = text.firstIndex(of: "=") else {
                throw CommandFailure(
                    "--set \(text.prefix(4))… isn't in the form key=value.",
                    remedy: "For example: --set sender_name=Acme", exitCode: CommandFailure.usage)
            }
            let key = text[..<equals].lowercased().trimmingWhiteSpace()
            values[key] = String(text[text.index(after: equals)...]).trimmingWhiteSpace()
        }
        if let secrets {
            let lines = SettingLines(
                try WholeFile.text(
                    of: secrets, remedy: "Pass --secrets a file of key=value lines, or - for standard input."))
            if let fault = lines.faults.first {
                throw CommandFailure(
                    "Line \(fault.line) of the secrets \(fault.problem).", remedy: "For example: auth_token=…")
            }
            for setting in lines.settings { values[setting.key.lowercased()] = setting.value }
        }
        return values
    }
}
