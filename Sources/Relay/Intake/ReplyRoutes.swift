import RelayCore

/// Finds out which installations a webhook of Freshchat's may be about.
///
/// Freshchat has one webhook an account, so one URL hears of the topics of all installations on the account. Until a check
/// has told that two accounts of ours are the same one, their installations also hear by each other's URL. Accounts share
/// addresses, so a topic alone doesn't tell that another account is the same one: the request has to vouch for it.
struct ReplyRoutes {
    enum Target {
        /// - Parameter routes: those among which the store finds the owner.
        case account(HelpdeskAccountID, routes: [Route])
        /// Of this installation, and reported by another account.
        case foreign(Installation)
    }

    let account: HelpdeskAccount
    let directory: InstallationDirectory
    /// Whether the request proves that the account of this installation has sent it.
    let vouches: (Installation) -> Bool

    private var vouched: [HelpdeskAccountID: Bool] = [:]
    private let own: [Route]

    init(
        account: HelpdeskAccount, directory: InstallationDirectory, vouches: @escaping (Installation) -> Bool
    ) {
        self.account = account
        self.directory = directory
        self.vouches = vouches
        own = directory.routes(of: account.id)
    }

    /// - Parameter topic: `nil` when the event doesn't say.
    mutating func target(of topic: TopicID?) -> Target {
        guard let topic else { return .account(account.id, routes: own) }
        // One that was in this account before it moved is its own.
        let others = directory.installations(topic: topic, besides: account)
            .filter { other in !own.contains { $0.installation == other.id } }
        guard !others.isEmpty else { return .account(account.id, routes: own) }
        var same: [Installation] = []
        for other in others where isVouched(other) { same.append(other) }
        if own.contains(where: { $0.has(topic) }) {
            return .account(account.id, routes: own + same.map(\.route))
        }
        guard let first = same.first else { return .foreign(others[0]) }
        let theirs = directory.routes(of: first.helpdesk.id)
        let rest = same.filter { $0.helpdesk.id != first.helpdesk.id }.map(\.route)
        return .account(first.helpdesk.id, routes: theirs + rest)
    }

    private mutating func isVouched(_ other: Installation) -> Bool {
        if let known = vouched[other.helpdesk.id] { return known }
        let answer = vouches(other)
        vouched[other.helpdesk.id] = answer
        return answer
    }
}
