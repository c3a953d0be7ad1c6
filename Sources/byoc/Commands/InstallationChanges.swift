import ArgumentParser
import Foundation
import Relay
import RelayCore

/// `byoc installation`
struct InstallationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "installation",
        abstract: "Move, rename or change an installation.",
        discussion: "Waiting messages are kept.",
        subcommands: [MoveInstallation.self, RenameInstallation.self, SetInstallation.self])
}

/// `byoc installation move ID`
struct MoveInstallation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "move",
        abstract: "Connect an installation to another topic, account or address.",
        discussion: """
            Open conversations stay where they are, and agents can still reply there. Each customer's next message starts a \
            conversation on the new topic, and waiting customer messages go there too. In another Freshchat account, \
            byoc creates the customers again. URLs that the installation leaves behind work for seven more days.

            Examples:
              byoc installation move viber-x7k2 --topic Sales
              byoc installation move viber-x7k2 --helpdesk freshchat-9hbq3 --topic Sales
            """)

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's ID.", completion: .installation) var id: String
    @Option(help: "The new topic: its name or ID.") var topic: String?
    @Option(help: "The new Freshchat account; see byoc accounts. Requires --topic.") var helpdesk: String?
    @Option(help: "The new channel account; see byoc accounts.") var account: String?
    @Option(help: "The new address within the channel account.") var address: String?

    func validate() throws {
        guard topic != nil || helpdesk != nil || account != nil || address != nil else {
            throw ValidationError("Say where to: --topic, --helpdesk, --account or --address.")
        }
        guard helpdesk == nil || topic != nil else {
            throw ValidationError("--helpdesk requires --topic, because topics belong to an account.")
        }
    }

    func run() async throws {
        let app = try options.open(.baseURL)
        defer { app.close() }
        let installation = try await app.installation(id)
        let request = MoveRequest(
            topic: topic, helpdesk: try helpdesk.map { try app.helpdeskAccount($0).id },
            channel: try account.map { try app.channelAccount($0).id }, address: address.map { Address($0) })
        let moved = try await App.withHTTP { http in
            try await app.installer(over: http).move(
                installation, on: App.channel(installation.channel.kind), to: request)
        }
        if options.json {
            var view = InstallationView(moved)
            view.add(app.endpoints, moved)
            return try Terminal.printJSON(view)
        }
        let address = moved.address == .only ? "" : ", address \(moved.address)"
        Terminal.print(
            "Moved \(id): topic \(moved.topicName ?? moved.topic.rawValue) of \(moved.helpdesk.id), \(moved.channel.id)\(address)."
                .printableOnOneLine)
        guard moved.helpdesk.id != installation.helpdesk.id else { return }
        Terminal.print("Freshchat's webhook URL for this account: \(app.endpoints.helpdeskURL(of: moved))")
    }
}

/// `byoc installation rename ID NAME`
struct RenameInstallation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give an installation another name.",
        discussion: "Only byoc shows the name. The ID stays.")

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's ID.", completion: .installation) var id: String
    @Argument(help: "The new name.") var name: String

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        let installation = try await app.installation(id)
        let renamed = try await App.withHTTP { http in
            try await app.installer(over: http).rename(installation, to: name)
        }
        if options.json { return try Terminal.printJSON(InstallationView(renamed)) }
        Terminal.print("Renamed \(id) to \(renamed.name).".printableOnOneLine)
    }
}

/// `byoc installation set ID KEY=VALUE…`
struct SetInstallation: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Change an installation's settings.",
        discussion: """
            Keys: the channel's settings by their names in byoc install --set, and

              text_limit        maximum length of a Freshchat message in characters
              resolved_policy   when a customer writes in a resolved conversation: reopen or new_conversation
              doubt_policy      a reply that may or may not have been sent: resend or hold
              forward_system    send Freshchat's system messages to customers: yes or no

            The text limit and the channel's settings belong to the accounts, so they apply to all of their installations. An \
            empty value restores a channel setting's default. To replace a secret: byoc set-key.

            Example:
              byoc installation set viber-x7k2 sender_name=Acme resolved_policy=new_conversation
            """)

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's ID.", completion: .installation) var id: String
    @Argument(help: "The settings.") var values: [String]

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        let installation = try await app.installation(id)
        guard let channel = App.channel(installation.channel.kind) else {
            throw CommandFailure(
                "This version of byoc doesn't support the channel “\(installation.channel.kind)”.",
                remedy: "Install a version that does.")
        }
        let edit = try InstallationEdit(values, fields: channel.descriptor.fields)
        let changed = try await App.withHTTP { http in
            try await app.installer(over: http).edit(installation, on: channel, edit)
        }
        if options.json { return try Terminal.printJSON(InstallationView(changed)) }
        Terminal.print("Changed \(id).")
    }
}

extension InstallationEdit {
    /// - Parameters:
    ///   - values: each `key=value`.
    ///   - fields: the channel's.
    /// - Throws: ``CommandFailure`` with all that are wrong.
    init(_ values: [String], fields: [SettingField]) throws(CommandFailure) {
        self.init()
        var problems: [String] = []
        for text in values {
            guard let equals = text.firstIndex(of: "=") else {
                problems.append("\(text.prefix(4))… isn't in the form key=value")
                continue
            }
            let key = text[..<equals].lowercased().trimmingWhiteSpace()
            let value = String(text[text.index(after: equals)...]).trimmingWhiteSpace()
            if let problem = take(key, value, fields) { problems.append("\(key): \(problem)") }
        }
        guard problems.isEmpty else {
            throw CommandFailure(
                "Values are missing or wrong:", details: problems, remedy: "See: byoc installation set --help")
        }
    }

    /// - Returns: what is wrong; `nil` if nothing is.
    private mutating func take(_ key: String, _ value: String, _ fields: [SettingField]) -> String? {
        switch key {
        case "text_limit":
            textLimit = Int(value).flatMap { Self.textLimits.contains($0) ? $0 : nil }
            return textLimit == nil
                ? "must be a whole number from \(Self.textLimits.lowerBound) to \(Self.textLimits.upperBound)" : nil
        case "resolved_policy":
            resolvedPolicy = Installation.ResolvedPolicy(rawValue: value)
            return resolvedPolicy == nil ? "must be reopen or new_conversation" : nil
        case "doubt_policy":
            doubtPolicy = Installation.DoubtPolicy(rawValue: value)
            return doubtPolicy == nil ? "must be resend or hold" : nil
        case "forward_system":
            forwardsSystemLines = ["yes": true, "true": true, "no": false, "false": false][value.lowercased()]
            return forwardsSystemLines == nil ? "must be yes or no" : nil
        default:
            guard let field = fields.first(where: { $0.key == key }) else { return "unknown setting" }
            if field.isSecret { return "is a secret; replace it with byoc set-key" }
            if !value.isEmpty, let problem = field.problem(value) { return problem }
            settings[key] = value
            return nil
        }
    }
}
