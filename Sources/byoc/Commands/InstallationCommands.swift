import ArgumentParser
import Foundation
import Logging
import Relay
import RelayCore

/// What each command on the data store begins with.
struct StoreOptions: ParsableArguments {
    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Print JSON.")
    var json = false

    func open(_ needs: SettingsLoader.Need...) throws -> App {
        let loader = settings.loader()
        let settings = needs.contains(.baseURL) ? try loader.load(needing: .baseURL) : try loader.load()
        var quiet = settings
        // A person at a terminal reads the command's own words; only what went wrong is logged besides.
        quiet.logLevel = max(settings.logLevel, .warning)
        try quiet.bootstrapLogging()
        return try App.open(settings, logger: Logger(label: "byoc"))
    }
}

/// An installation as the commands show it. Never a secret: URLs with a token in them are shown only by `show`, for they
/// are there to be pasted.
struct InstallationView: Encodable {
    var id: String
    var name: String
    var channel: String
    var state: String
    var reason: String?
    var topic: String
    var freshchat: String
    var origin: String
    var createdAt: Date
    var settings: [String: String]
    var secrets: [String: String]
    var webhookKey: Bool
    var targetURL: String?
    var registered: Bool?
    var freshchatWebhookURL: String?
    var productEventURL: String?
    var waiting: Int?
    var inDoubt: Int?
    var held: Int?
    var dead: Int?
    var delivered: Int?

    init(_ installation: Installation) {
        id = installation.id.rawValue
        name = installation.name
        channel = installation.channel.kind.rawValue
        state = installation.state.name
        if case .paused(let why, _) = installation.state { reason = why }
        topic = installation.helpdesk.topic.rawValue
        freshchat = installation.helpdesk.baseURL
        origin = installation.origin.rawValue
        createdAt = installation.createdAt
        settings = installation.channel.settings
        secrets = installation.channel.secrets.mapValues(\.masked)
        secrets["freshchat_token"] = installation.helpdesk.token.masked
        webhookKey = !installation.helpdesk.webhookPublicKey.isEmpty
    }

    mutating func add(_ counts: OutboxCounts) {
        waiting = counts.waiting
        inDoubt = counts.inDoubt
        held = counts.held
        dead = counts.dead
        delivered = counts.delivered
    }

    mutating func add(_ endpoints: Endpoints, _ installation: Installation) {
        targetURL = endpoints.targetURL(of: installation)
        registered = installation.registeredURL == targetURL
        freshchatWebhookURL = endpoints.helpdeskURL(of: installation)
        productEventURL = endpoints.productEventURL(of: installation)
    }
}

/// `byoc installations`
struct Installations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the installations.")

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        var views: [InstallationView] = []
        for installation in try await app.store.installations() {
            var view = InstallationView(installation)
            view.add(try await app.store.counts(of: installation.id))
            views.append(view)
        }
        if options.json { return try Terminal.printJSON(views) }
        guard !views.isEmpty else {
            return Terminal.print("There is no installation yet. Make one with: byoc install viber")
        }
        Terminal.printTable(
            ["ID", "NAME", "CHANNEL", "STATE", "WAITING", "DEAD", "TOPIC"],
            views.map {
                [$0.id, $0.name, $0.channel, $0.state, "\($0.waiting ?? 0)", "\($0.dead ?? 0)", $0.topic]
            })
        for view in views {
            if let reason = view.reason { Terminal.print("\(view.id) is paused: \(reason)".printableOnOneLine) }
        }
    }
}

/// `byoc show ID`
struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show one installation, with the URLs to paste.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's id.", completion: .installation) var id: String

    func run() async throws {
        let app = try options.open(.baseURL)
        defer { app.close() }
        let installation = try await app.installation(id)
        var view = InstallationView(installation)
        view.add(try await app.store.counts(of: installation.id))
        view.add(app.endpoints, installation)
        if options.json { return try Terminal.printJSON(view) }
        let rows: [(String, String?)] = [
            ("Id", view.id), ("Name", view.name), ("Channel", view.channel), ("State", view.state),
            ("Paused because", view.reason), ("Made", Terminal.text(view.createdAt)), ("By", view.origin),
            ("Freshchat", view.freshchat), ("Topic", view.topic),
            ("Webhook key", view.webhookKey ? "set" : "not set: signed webhooks are refused until it is"),
            ("Target URL", view.targetURL),
            ("Registered", view.registered == true ? "yes" : "no, or at another address: byoc register \(view.id)"),
            ("Freshchat webhook", view.freshchatWebhookURL), ("Product event", view.productEventURL),
            ("Waiting", view.waiting.map(String.init)), ("In doubt", view.inDoubt.map(String.init)),
            ("Held", view.held.map(String.init)), ("Dead", view.dead.map(String.init)),
            ("Delivered", view.delivered.map(String.init)),
        ]
        for (name, value) in rows {
            if let value { Terminal.print(name.padded(to: 20) + value.printableOnOneLine) }
        }
        for (key, value) in (view.settings.merging(view.secrets) { $1 }).sorted(by: { $0.key < $1.key }) {
            Terminal.print((key.padded(to: 19) + " " + value).printableOnOneLine)
        }
    }
}

/// `byoc pause ID`
struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send nothing for an installation until it is resumed.",
        discussion: "It goes on accepting: what comes meanwhile waits in the outbox.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's id.", completion: .installation) var id: String
    @Option(help: "Why, for whoever looks at it.") var reason = "Paused by an operator"

    func run() async throws {
        try await change(options, id, "is paused") { app, installation in
            try await app.store.pause(installation.id, reason: reason, now: Date())
        }
    }
}

/// `byoc resume ID`
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Go on with a paused installation.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's id.", completion: .installation) var id: String

    func run() async throws {
        try await change(options, id, "goes on") { app, installation in
            try await app.store.resume(installation.id, now: Date())
        }
    }
}

private func change(
    _ options: StoreOptions, _ id: String, _ words: String, _ body: (App, Installation) async throws -> Void
) async throws {
    let app = try options.open()
    defer { app.close() }
    try await body(app, try await app.installation(id))
    let after = try await app.installation(id)
    if options.json { return try Terminal.printJSON(InstallationView(after)) }
    Terminal.print("\(id) \(words).")
}

/// `byoc register ID`
struct Register: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Register an installation's target URL with its channel again.",
        discussion: "After the public address has changed, or when another service took the webhook.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's id.", completion: .installation) var id: String

    func run() async throws {
        let app = try options.open(.baseURL)
        defer { app.close() }
        var installation = try await app.installation(id)
        guard let channel = App.channel(installation.channel.kind) else {
            throw CommandFailure("This version has no channel “\(installation.channel.kind)”.")
        }
        try await App.withHTTP { http in
            try await app.installer(over: http).register(&installation, on: channel)
        }
        var view = InstallationView(installation)
        view.add(app.endpoints, installation)
        if options.json { return try Terminal.printJSON(view) }
        Terminal.print(
            channel is any WebhookRegistering
                ? "\(channel.descriptor.name) calls \(installation.registeredURL) now."
                : "\(channel.descriptor.name) has no registration by API. Paste this there: \(installation.registeredURL)"
        )
    }
}

/// `byoc uninstall ID`
struct Uninstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Disconnect: unregister the webhook and forget the secrets.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's id.", completion: .installation) var id: String
    @Flag(help: "Forget contacts, conversations and messages too.") var forgetHistory = false
    @Flag(help: "Go on although the channel can't be told.") var force = false

    func run() async throws {
        let app = try options.open(.baseURL)
        defer { app.close() }
        let installation = try await app.installation(id)
        let warning = try await App.withHTTP { http in
            try await app.installer(over: http).uninstall(
                installation, from: App.channel(installation.channel.kind), keepingHistory: !forgetHistory,
                insisting: force)
        }
        if let warning { Terminal.note("Warning: \(warning)") }
        if options.json { return try Terminal.printJSON(["id": id, "state": "removed"]) }
        Terminal.print("\(id) is removed; its secrets are forgotten.")
        Terminal.print("Take its URL out of Freshchat's webhook settings too, unless another installation uses it.")
    }
}
