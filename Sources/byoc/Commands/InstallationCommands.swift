import ArgumentParser
import Foundation
import Relay
import RelayCore

/// `byoc installations`
struct Installations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the installations.",
        discussion: """
            WAITING counts deliveries that byoc makes by itself. HELD and DEAD count those that need a decision: see \
            byoc outbox, byoc retry and byoc discard.

            Messages for an address whose installation was removed or moved are kept for seven days and listed below the \
            table. They are delivered if that address is connected again.
            """)

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
        let parked = try await app.store.parkedEvents()
        if options.json { return try Terminal.printJSON(views) }
        guard !views.isEmpty else {
            for parked in parked { Terminal.print(parked.words.printableOnOneLine) }
            return Terminal.print("Nothing is installed yet. Connect a channel: byoc install viber")
        }
        Terminal.printTable(
            ["ID", "NAME", "CHANNEL", "STATE", "WAITING", "HELD", "DEAD", "TOPIC"],
            views.map { view in
                [
                    view.id, view.name, view.channel, view.state, "\(view.waiting ?? 0)", "\(view.held ?? 0)",
                    "\(view.dead ?? 0)", view.topic,
                ]
            })
        for view in views {
            if let reason = view.reason { Terminal.print("\(view.id) is paused: \(reason)".printableOnOneLine) }
        }
        for view in views where view.state == "draining" {
            Terminal.print("\(view.id) accepts nothing and is removed once nothing waits.".printableOnOneLine)
        }
        for parked in parked { Terminal.print(parked.words.printableOnOneLine) }
    }
}

extension ParkedEvents {
    /// "3 messages for viber-acct-k3m9x, which has no installation any more; the oldest came 2 h ago".
    var words: String {
        let place = address == .only ? "\(account)" : "\(address) of \(account)"
        return "\(Terminal.count(count, "message", "messages")) for \(place), which has no installation any more; the "
            + "oldest came \(Terminal.age(since)) ago"
    }
}

/// `byoc show ID`
struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one installation, with the URLs to paste.",
        discussion: "Treat the URLs like passwords.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's ID.", completion: .installation) var id: String

    func run() async throws {
        let app = try options.open(.baseURL)
        defer { app.close() }
        let installation = try await app.installation(id)
        var view = InstallationView(installation)
        view.add(try await app.store.counts(of: installation.id))
        view.add(app.endpoints, installation)
        if options.json { return try Terminal.printJSON(view) }
        let rows: [(String, String?)] = [
            ("ID", view.id), ("Name", view.name), ("Channel", view.channel), ("State", view.state),
            ("Paused because", view.reason), ("Created", Terminal.text(view.createdAt)), ("Created by", view.origin),
            ("Account", view.channelAccount), ("Address", view.address), ("Freshchat", view.freshchat),
            ("Freshchat account", view.freshchatAccount), ("Topic", view.topic),
            (
                "Webhook key",
                view.webhookKey ? "set" : "not set, so Freshchat's webhooks are refused: byoc set-key \(view.id)"
            ),
            ("Target URL", view.targetURL),
            ("Registered", view.registered == true ? "yes" : "no, or with another URL: byoc register \(view.id)"),
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
        abstract: "Pause an installation: queue its messages and send nothing.",
        discussion: "Incoming messages are queued until the installation is resumed.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's ID.", completion: .installation) var id: String
    @Option(help: "Reason shown to operators.") var reason: String?

    func run() async throws {
        try await change(options, id) { app, installation in
            // Without a reason of its own, a second pause has nothing to change; nor has one while a credential is refused.
            if installation.isActive || (reason != nil && installation.pauseCause == .person) {
                try await app.store.pause(
                    installation.id, by: .person, reason: reason ?? "Paused by an operator", now: Date())
            }
        } report: { before, after in
            switch (before.state, after.state) {
            case (.active, _): return "Paused \(id)."
            case (.paused(let old, _, _), .paused(let new, _, _)) where old != new:
                return "\(id) is already paused. Reason updated: \(new)"
            case (_, .paused(let present, _, .credential)):
                return "\(id) is already paused because a credential was refused: \(present)"
            case (_, .paused(let present, _, _)): return "\(id) is already paused: \(present)"
            case (_, .draining): return draining(id)
            case (_, .active), (_, .removed): return "\(id) is no longer paused."
            }
        }
    }
}

/// `byoc resume ID`
struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Resume an installation.", discussion: "Queued messages are sent in order.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's ID.", completion: .installation) var id: String

    func run() async throws {
        try await change(options, id) { app, installation in
            if !installation.isActive { try await app.store.resume(installation.id, now: Date()) }
        } report: { before, after in
            if case .draining = after.state { return draining(id) }
            return before.isActive ? "\(id) is not paused." : "Resumed \(id)."
        }
    }
}

/// What is said of an installation that is being taken out of service.
private func draining(_ id: String) -> String {
    "\(id) is being removed: it accepts nothing new, and sends what waits."
}

/// - Parameter report: says what has changed between two states.
private func change(
    _ options: StoreOptions, _ id: String, _ body: (App, Installation) async throws -> Void,
    report: (_ before: Installation, _ after: Installation) -> String
) async throws {
    let app = try options.open()
    defer { app.close() }
    let before = try await app.installation(id)
    try await body(app, before)
    let after = try await app.installation(id)
    if options.json { return try Terminal.printJSON(InstallationView(after)) }
    Terminal.print(report(before, after).printableOnOneLine)
}

/// `byoc register ID`
struct Register: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Register an installation's target URL with its channel again.",
        discussion: "Needed after the public URL has changed, or after another service has taken over the webhook.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's ID.", completion: .installation) var id: String

    func run() async throws {
        let app = try options.open(.baseURL)
        defer { app.close() }
        var installation = try await app.installation(id)
        guard let channel = App.channel(installation.channel.kind) else {
            throw CommandFailure(
                "This version of byoc doesn't support the channel “\(installation.channel.kind)”.",
                remedy: "Install a version that does.")
        }
        try await App.withHTTP { http in
            try await app.installer(over: http).register(&installation, on: channel)
        }
        var view = InstallationView(installation)
        view.add(app.endpoints, installation)
        if options.json { return try Terminal.printJSON(view) }
        let name = channel.descriptor.name
        Terminal.print(
            channel is any WebhookRegistering
                ? "\(name) now calls \(installation.channel.registeredURL)"
                : "\(name) has no API for this. Paste the URL into its webhook setting: \(installation.channel.registeredURL)"
        )
    }
}
