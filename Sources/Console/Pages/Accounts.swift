import RelayCore

/// The accounts of an installation, as its page shows them.
struct AccountView: Sendable {
    var shared: String
    var sharers: [LinkView]
}

extension PageContext {
    /// The accounts that others share; none that this installation has for itself.
    func sharedAccounts(of installation: Installation, among all: [Installation]) -> [AccountView] {
        Side.allCases.compactMap { side in
            let others = all.filter {
                $0.id != installation.id && $0.account(of: side) == installation.account(of: side)
            }
            guard !others.isEmpty else { return nil }
            return AccountView(
                shared: texts.accounts.shared(party(side, of: installation)),
                sharers: others.map { LinkView(label: $0.name, href: settings.link("/installations/\($0.id)")) })
        }
    }

    /// The ids of its accounts: byoc's, and the service's own if that is known.
    func accountFacts(of installation: Installation) -> [FactView] {
        let identities: [Side: RemoteIdentity?] = [
            .channel: installation.channel.identity, .helpdesk: installation.helpdesk.identity,
        ]
        return Side.allCases.map { side in
            let id = installation.account(of: side).rawValue
            let identity = identities[side].flatMap { $0 }.map { " (\(texts.accounts.identity) \($0))" } ?? ""
            return FactView(label: texts.accounts.label(party(side, of: installation)), text: id + identity)
        }
    }

    func party(_ side: Side, of installation: Installation) -> String {
        side == .channel ? name(of: installation) : "Freshchat"
    }

    /// Whether the server's environment owns an account of the installation, because its own installation has it.
    func isFixed(_ side: Side, of installation: Installation, among all: [Installation]) -> Bool {
        all.contains { $0.origin == .environment && $0.account(of: side) == installation.account(of: side) }
    }
}
