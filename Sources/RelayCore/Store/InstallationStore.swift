package import FoundationEssentials

/// Installations: made, found, changed, removed.
package protocol InstallationStore: Sendable {
    /// All installations, removed ones left out, in the order they were made.
    func installations() async throws(StoreFailure) -> [Installation]

    /// One of them as it is now, at the price of one small read when nothing has changed; `nil` if there is none, or it is
    /// removed.
    func installation(_ id: InstallationID) async throws(StoreFailure) -> Installation?

    /// Adds one, or replaces the one with its id, and its two accounts with it. Secrets are encrypted on the way.
    ///
    /// An account without an id gets one, and one that is stored keeps its identity if none is given. With an installation that
    /// is new for its address, what was parked for that address is accepted.
    ///
    /// - Parameter before: the installation as it was read before it was changed; `nil` replaces whatever is there.
    /// - Returns: the installation as it is stored.
    /// - Throws: `conflict` if another installation has its address of its channel account, or if the installation or one of
    ///   its accounts isn't as it was read any more.
    @discardableResult
    func save(
        _ installation: Installation, replacing before: Installation?, now: Date
    ) async throws(StoreFailure) -> Installation

    /// Sends nothing for it from now on. A paused installation keeps the reason and the cause it has, except that a person
    /// may give another reason for a person's pause.
    func pause(
        _ installation: InstallationID, by cause: Installation.PauseCause, reason: String, now: Date
    ) async throws(StoreFailure)

    /// Resumes it, and its accounts if they are paused; what waits becomes due at once.
    func resume(_ installation: InstallationID, now: Date) async throws(StoreFailure)

    /// Connects it to another topic, another helpdesk account or another address, and keeps what waits.
    ///
    /// Its conversations stay its own. The customer's next message opens one on the new topic, and what waits inbound follows
    /// there. In another helpdesk account its customers are created again. The URLs that it leaves behind work for
    /// ``Endpoint/timeAfterMove``.
    ///
    /// - Throws: `conflict` if another installation has that address.
    func move(_ installation: InstallationID, to target: MoveTarget, now: Date) async throws(StoreFailure)

    /// Takes it out of service: it accepts nothing, delivers what waits, and is removed by ``finishDraining(now:)``.
    func drain(_ installation: InstallationID, now: Date) async throws(StoreFailure)

    /// Removes the installations that were taken out of service and have nothing waiting any more, with their history kept.
    ///
    /// - Returns: which.
    func finishDraining(now: Date) async throws(StoreFailure) -> [InstallationID]

    /// Forgets its URLs and what waits, and with the last installation of an account that account and its secrets. What waits is
    /// discarded.
    ///
    /// - Parameter keepingHistory: whether contacts, conversations and the outbox stay readable.
    func remove(_ installation: InstallationID, keepingHistory: Bool, now: Date) async throws(StoreFailure)
}

extension InstallationStore {
    /// Adds one, or replaces the one with its id whatever that is now.
    @discardableResult
    package func save(_ installation: Installation, now: Date) async throws(StoreFailure) -> Installation {
        try await save(installation, replacing: nil, now: now)
    }
}

/// Where an installation is moved to. `nil` stays as it is.
package struct MoveTarget: Hashable, Sendable {
    package var topic: TopicID?
    package var topicName: String?
    package var helpdesk: HelpdeskAccountID?
    package var channel: ChannelAccountID?
    package var address: Address?

    package init(
        topic: TopicID? = nil, topicName: String? = nil, helpdesk: HelpdeskAccountID? = nil,
        channel: ChannelAccountID? = nil, address: Address? = nil
    ) {
        self.topic = topic
        self.topicName = topicName
        self.helpdesk = helpdesk
        self.channel = channel
        self.address = address
    }
}

/// The accounts that installations share.
package protocol AccountStore: Sendable {
    /// As ``IntakeStore/directory()``, without blocking the caller's thread.
    func currentDirectory() async throws(StoreFailure) -> InstallationDirectory

    /// Writes down who an account is to its service. When another account of its kind is the same one, both become one, in one
    /// transaction: the older stays, with all URLs, public keys and tokens of both. What waited for a refused credential of
    /// either becomes due.
    @discardableResult
    func identify(
        _ account: AccountID, as identity: RemoteIdentity, now: Date
    ) async throws(StoreFailure) -> AccountIdentification

    /// Resumes an account whose credential was replaced: everything that waits for it becomes due at once.
    func resume(_ account: AccountID, now: Date) async throws(StoreFailure)

    /// What is parked.
    func parkedEvents() async throws(StoreFailure) -> [ParkedEvents]
}

/// Events for an address that once had an installation.
package enum Parking {
    /// How long after the first of them all of an address are kept. If no installation has come by then, they are deleted, and
    /// what comes later isn't kept.
    package static let time: TimeInterval = 7 * 24 * 60 * 60
}

/// What is parked for one address.
package struct ParkedEvents: Hashable, Sendable {
    package var account: ChannelAccountID
    package var channel: ChannelKind
    package var address: Address
    package var count: Int
    /// When the oldest came.
    package var since: Date

    package init(account: ChannelAccountID, channel: ChannelKind, address: Address, count: Int, since: Date) {
        self.account = account
        self.channel = channel
        self.address = address
        self.count = count
        self.since = since
    }
}

/// The installations and accounts as they were at one moment, with the look-ups that a request needs.
package struct InstallationDirectory: Sendable {
    package let all: [Installation]
    private let byTargetToken: [Secret: (account: ChannelAccountID, endpoint: Endpoint)]
    private let byHelpdeskToken: [Secret: (account: HelpdeskAccountID, endpoint: Endpoint)]
    private let byEventSecret: [Secret: (account: HelpdeskAccountID, endpoint: Endpoint)]
    private let channels: [ChannelAccountID: ChannelAccount]
    private let helpdesks: [HelpdeskAccountID: HelpdeskAccount]

    /// - Parameters:
    ///   - all: without removed ones.
    ///   - channels: accounts; those of installations are taken from these.
    ///   - helpdesks: likewise.
    package init(_ all: [Installation], channels: [ChannelAccount] = [], helpdesks: [HelpdeskAccount] = []) {
        self.all = all
        self.channels = Dictionary(
            (channels + all.map(\.channel)).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.helpdesks = Dictionary(
            (helpdesks + all.map(\.helpdesk)).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        func index<ID>(
            _ accounts: some Sequence<(ID, [Endpoint])>, _ purpose: Endpoint.Purpose
        ) -> [Secret: (account: ID, endpoint: Endpoint)] {
            Dictionary(
                accounts.flatMap { id, endpoints in
                    endpoints.filter { $0.purpose == purpose }.map { ($0.token, (account: id, endpoint: $0)) }
                }, uniquingKeysWith: { first, _ in first })
        }
        byTargetToken = index(self.channels.values.map { ($0.id, $0.endpoints) }, .target)
        byHelpdeskToken = index(self.helpdesks.values.map { ($0.id, $0.endpoints) }, .helpdesk)
        byEventSecret = index(self.helpdesks.values.map { ($0.id, $0.endpoints) }, .event)
    }

    package subscript(_ id: InstallationID) -> Installation? { all.first { $0.id == id } }
    package subscript(_ id: ChannelAccountID) -> ChannelAccount? { channels[id] }
    package subscript(_ id: HelpdeskAccountID) -> HelpdeskAccount? { helpdesks[id] }

    package var channelAccounts: [ChannelAccount] { channels.values.sorted { $0.id.rawValue < $1.id.rawValue } }
    package var helpdeskAccounts: [HelpdeskAccount] { helpdesks.values.sorted { $0.id.rawValue < $1.id.rawValue } }

    package func channelAccount(targetToken: String, now: Date) -> ChannelAccount? {
        guard let found = byTargetToken[Secret(targetToken)], found.endpoint.works(at: now) else { return nil }
        return channels[found.account]
    }

    package func helpdeskAccount(helpdeskToken: String, now: Date) -> HelpdeskAccount? {
        guard let found = byHelpdeskToken[Secret(helpdeskToken)], found.endpoint.works(at: now) else { return nil }
        return helpdesks[found.account]
    }

    package func helpdeskAccount(eventSecret: String, now: Date) -> HelpdeskAccount? {
        guard let found = byEventSecret[Secret(eventSecret)], found.endpoint.works(at: now) else { return nil }
        return helpdesks[found.account]
    }

    package func installations(of account: ChannelAccountID) -> [Installation] {
        all.filter { $0.channel.id == account }
    }

    package func installations(of account: HelpdeskAccountID) -> [Installation] {
        all.filter { $0.helpdesk.id == account }
    }

    /// The installation of an address, if it is in service; else the one that has moved away from it not long ago.
    package func installation(of account: ChannelAccountID, at address: Address, now: Date) -> Installation? {
        all.first { $0.channel.id == account && $0.address == address && $0.accepts }
            ?? all.first { installation in
                installation.accepts
                    && installation.former.contains {
                        $0.channel == account && $0.address == address && $0.until > now
                    }
            }
    }

    /// The installation of an address that is being taken out of service: it still hears what becomes of its messages.
    package func drainingInstallation(of account: ChannelAccountID, at address: Address) -> Installation? {
        all.first { $0.channel.id == account && $0.address == address && !$0.accepts }
    }

    /// The installations that own conversations of a helpdesk account: those that are connected to it, and those that were.
    package func routes(of account: HelpdeskAccountID) -> [Route] {
        all.compactMap { installation in
            if installation.helpdesk.id == account { return installation.route }
            guard installation.former.contains(where: { $0.helpdesk == account }) else { return nil }
            var route = installation.route
            // Only what is in its old conversations is its own there.
            route.topic = ""
            route.formerTopics = []
            return route
        }
    }

    /// The installations at the same address of Freshchat, in other accounts of ours, whose topic this is. Accounts share
    /// addresses, so that it takes more to tell that these are the same account.
    package func installations(topic: TopicID, besides account: HelpdeskAccount) -> [Installation] {
        all.filter { $0.topic == topic && $0.helpdesk.id != account.id && $0.helpdesk.baseURL == account.baseURL }
    }
}
