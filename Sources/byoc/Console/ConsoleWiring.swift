import Channels
import Console
import Freshchat
import HTTPTypes
import Relay
import RelayCore
import Vault

/// Implements what the settings pages need of the program with its parts.
struct ConsoleWiring: ConsoleProgramme {
    let app: App
    let http: any HTTPSender

    private var installer: Installer { app.installer(over: http) }

    var channels: [any Channel] { ChannelRegistry.all }

    var helpdeskFields: HelpdeskFields {
        HelpdeskFields(
            address: FreshchatFields.address, token: FreshchatFields.token, webhookKey: FreshchatFields.webhookKey)
    }

    func urls(of installation: Installation) -> InstallationURLs {
        InstallationURLs(
            target: app.endpoints.targetURL(of: installation), helpdesk: app.endpoints.helpdeskURL(of: installation),
            productEvent: app.endpoints.productEventURL(of: installation))
    }

    func helpdeskAccount(address: String, token: Secret) throws(SetupFailure) -> HelpdeskAccount {
        app.settings.desk.account(baseURL: try FreshchatBaseURL(parsing: address).text, token: token)
    }

    func check(_ account: ChannelAccount, of channel: any Channel) async throws(SetupFailure) -> ChannelCheck {
        try await channel.check(account, over: http)
    }

    func check(_ account: HelpdeskAccount) async throws(SetupFailure) -> HelpdeskCheck {
        try await app.helpdesk.check(account, over: http)
    }

    func connect(_ plan: ConnectionPlan) async throws -> Connection {
        let channel = try supported(plan.channel.kind)
        let report = try await installer.install(
            channel: channel, account: plan.channel, address: plan.address, helpdesk: plan.helpdesk,
            topic: plan.topic.rawValue, name: plan.name,
            policies: InstallationPolicies(
                doubt: plan.doubtPolicy, resolved: app.settings.desk.resolvedPolicy,
                forwardsSystemLines: app.settings.desk.forwardsSystemLines))
        return Connection(installation: report.installation.id, warnings: report.warnings)
    }

    func register(_ installation: Installation) async throws {
        guard let channel = App.channel(installation.channel.kind) else { return }
        var installation = installation
        try await installer.register(&installation, on: channel)
    }

    func replace(_ credential: Credential, of installation: Installation, with value: String) async throws {
        try await installer.replace(
            credential, of: installation, on: App.channel(installation.channel.kind), with: value)
    }

    func change(_ installation: Installation, by change: InstallationEdit) async throws {
        let channel = try supported(installation.channel.kind)
        _ = try await installer.edit(installation, on: channel, change)
    }

    func move(_ installation: Installation, to topic: TopicID) async throws {
        _ = try await installer.move(installation, to: MoveRequest(topic: topic.rawValue))
    }

    func add(_ plan: AddressPlan) async throws -> Connection {
        let besides = try await app.installation(plan.besides.rawValue)
        let report = try await installer.install(
            address: plan.address, besides: besides, on: try supported(besides.channel.kind),
            topic: plan.topic.rawValue, name: plan.name)
        return Connection(installation: report.installation.id, warnings: report.warnings)
    }

    private func supported(_ kind: ChannelKind) throws(SetupFailure) -> any Channel {
        guard let channel = App.channel(kind) else {
            throw SetupFailure(
                side: "byoc", problem: "this version of byoc doesn't support the channel “\(kind)”",
                remedy: "Choose another channel.")
        }
        return channel
    }

    func remove(
        _ installation: Installation, keepingHistory: Bool, insisting: Bool, draining: Bool
    ) async throws -> String? {
        try await installer.uninstall(
            installation, from: App.channel(installation.channel.kind), keepingHistory: keepingHistory,
            insisting: insisting, draining: draining)
    }

    func examine(_ installation: InstallationID?) async -> [Finding] {
        let doctor = Doctor(
            settings: app.settings, limit: .seconds(20), checksSocket: false, open: { app }, closes: false)
        return await withTaskExecutorPreference(BlockingExecutor.shared) { await doctor.examine(installation) }
    }

    func post(_ webhook: SampleWebhook, to targetURL: String) async throws(TransportFailure) -> HTTPReply {
        guard let request = HTTPRequest(webhook.method, url: targetURL, headers: webhook.headers) else {
            throw TransportFailure(isCertain: true, "the target URL isn't valid")
        }
        return try await http.send(request, body: webhook.body, timeout: .seconds(10))
    }
}

extension Settings.DeskSettings {
    /// An account with what else is configured.
    func account(baseURL: String, token: Secret) -> HelpdeskAccount {
        HelpdeskAccount(baseURL: baseURL, token: token, textLimit: textLimit)
    }
}

extension App {
    /// The settings pages for one process.
    func console(over http: any HTTPSender) -> Console {
        Console(
            settings: ConsoleSettings(
                baseURL: settings.baseURL, password: settings.adminPassword, key: key.derive("console")),
            store: store, programme: ConsoleWiring(app: self, http: http),
            memory: ConsoleMemoryFile(dataDirectory: settings.dataDirectory), logger: logger)
    }
}
