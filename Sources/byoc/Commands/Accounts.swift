import ArgumentParser
import Foundation
import Relay
import RelayCore

/// `byoc accounts`
struct Accounts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the channel and Freshchat accounts that installations share.",
        discussion: """
            ACCOUNT is the service's own ID of the account, which byoc learns by asking. Secrets in URLs are masked: to \
            show them, use byoc show.
            """)

    @OptionGroup var options: StoreOptions

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        let directory = try app.store.directory()
        let parked = try await app.store.parkedEvents()
        let views =
            directory.channelAccounts.map {
                AccountView($0, directory.installations(of: $0.id), parked, app.endpoints)
            }
            + directory.helpdeskAccounts.map {
                AccountView($0, directory.installations(of: $0.id), app.endpoints, service: app.helpdesk.name)
            }
        if options.json { return try Terminal.printJSON(views) }
        guard !views.isEmpty else {
            return Terminal.print("Nothing is installed yet. Connect a channel: byoc install viber")
        }
        Terminal.printTable(
            ["ID", "SERVICE", "ACCOUNT", "STATE", "INSTALLATIONS"],
            views.map {
                [
                    $0.id, $0.service, $0.identity ?? "unknown", $0.state,
                    $0.installations.isEmpty ? "–" : $0.installations.joined(separator: ", "),
                ]
            })
        for view in views {
            if let reason = view.reason { Terminal.print("\(view.id) is paused: \(reason)".printableOnOneLine) }
        }
    }
}

/// An account as the commands show it. Never a secret.
struct AccountView: Encodable {
    var id: String
    /// "channel" or "helpdesk".
    var kind: String
    /// As people write it.
    var service: String
    /// The service's own id of the account; `nil` until byoc has asked.
    var identity: String?
    var state: String
    /// Why it is paused.
    var reason: String?
    var installations: [String]
    /// Messages for addresses of this account that have no installation any more.
    var parked = 0
    /// Freshchat's API URL; `nil` for a channel account.
    var freshchat: String?
    /// The webhook URLs, with their secrets masked.
    var urls: [String]

    init(
        _ account: ChannelAccount, _ installations: [Installation], _ parked: [ParkedEvents], _ endpoints: Endpoints
    ) {
        self.parked = parked.filter { $0.account == account.id }.reduce(0) { $0 + $1.count }
        id = account.id.rawValue
        kind = Side.channel.rawValue
        service = App.channel(account.kind)?.descriptor.name ?? account.kind.rawValue
        identity = account.identity?.rawValue
        (state, reason) = Self.state(account.state)
        self.installations = installations.map(\.id.rawValue)
        urls = account.endpoints.map { endpoints.maskedURL(of: $0) }
    }

    init(_ account: HelpdeskAccount, _ installations: [Installation], _ endpoints: Endpoints, service: String) {
        id = account.id.rawValue
        kind = Side.helpdesk.rawValue
        self.service = service
        identity = account.identity?.rawValue
        (state, reason) = Self.state(account.state)
        self.installations = installations.map(\.id.rawValue)
        freshchat = account.baseURL
        urls = account.endpoints.map { endpoints.maskedURL(of: $0) }
    }

    private static func state(_ state: AccountState) -> (String, String?) {
        switch state {
        case .active: ("active", nil)
        case .paused(let reason, _): ("paused", reason)
        }
    }
}

extension Endpoints {
    /// A URL as lists show it: where it leads, without the secret that lets somebody post there.
    func maskedURL(of endpoint: Endpoint) -> String {
        let folder =
            switch endpoint.purpose {
            case .target: "hook"
            case .helpdesk: "freshchat"
            case .event: "marketplace"
            }
        let note = endpoint.isRetired ? " (retired)" : ""
        return "\(baseURL)/\(folder)/\(endpoint.token.masked)\(note)"
    }
}

extension App {
    /// The channel account with this id.
    func channelAccount(_ id: String) throws -> ChannelAccount {
        let directory = try store.directory()
        if let found = directory[ChannelAccountID(id)] { return found }
        throw Self.unknownAccount("channel", id, directory.channelAccounts.map(\.id.rawValue))
    }

    /// The Freshchat account with this id.
    func helpdeskAccount(_ id: String) throws -> HelpdeskAccount {
        let directory = try store.directory()
        if let found = directory[HelpdeskAccountID(id)] { return found }
        throw Self.unknownAccount("Freshchat", id, directory.helpdeskAccounts.map(\.id.rawValue))
    }

    private static func unknownAccount(_ side: String, _ id: String, _ known: [String]) -> CommandFailure {
        CommandFailure(
            "There is no \(side) account “\(id)”.",
            remedy: known.isEmpty ? "Nothing is installed yet." : "Accounts: \(known.joined(separator: ", "))")
    }

    /// Whether a Freshchat account stands where an installation's id does, because nobody knows yet whose a reply is.
    func isHelpdeskAccount(_ id: InstallationID) throws -> Bool {
        try store.directory()[HelpdeskAccountID(id.rawValue)] != nil
    }
}
