package import FoundationEssentials

/// Installations: made, found, changed, removed.
package protocol InstallationStore: Sendable {
    /// All installations, removed ones left out, in the order they were made.
    func installations() async throws(StoreFailure) -> [Installation]

    /// One of them as it is now, at the price of one small read when nothing has changed; `nil`: there is none, or it is
    /// removed.
    func installation(_ id: InstallationID) async throws(StoreFailure) -> Installation?

    /// Adds one, or replaces the one with its id. Its secrets are encrypted on the way.
    func save(_ installation: Installation, now: Date) async throws(StoreFailure)

    /// Sends nothing for it from now on. A paused installation keeps the reason and the cause it has, except that a person
    /// may give another reason for a person's pause.
    func pause(
        _ installation: InstallationID, by cause: Installation.PauseCause, reason: String, now: Date
    ) async throws(StoreFailure)

    /// Goes on; what waits becomes due at once.
    func resume(_ installation: InstallationID, now: Date) async throws(StoreFailure)

    /// Forgets its secrets and URLs. What waits is discarded.
    ///
    /// - Parameter keepingHistory: whether contacts, conversations and the outbox stay readable.
    func remove(_ installation: InstallationID, keepingHistory: Bool, now: Date) async throws(StoreFailure)
}

/// The installations as they were at one moment, with the look-ups that a request needs.
package struct InstallationDirectory: Sendable {
    package let all: [Installation]
    private let byTargetToken: [Secret: Int]
    private let byHelpdeskToken: [Secret: Int]
    private let byEventSecret: [Secret: Int]

    /// - Parameter all: without removed ones.
    package init(_ all: [Installation]) {
        self.all = all
        func index(_ key: KeyPath<Installation, Secret>) -> [Secret: Int] {
            Dictionary(all.indices.map { (all[$0][keyPath: key], $0) }, uniquingKeysWith: { first, _ in first })
        }
        byTargetToken = index(\.targetToken)
        byHelpdeskToken = index(\.helpdeskToken)
        byEventSecret = index(\.eventSecret)
    }

    package subscript(_ id: InstallationID) -> Installation? { all.first { $0.id == id } }

    package func installation(targetToken: String) -> Installation? {
        byTargetToken[Secret(targetToken)].map { all[$0] }
    }

    package func installation(helpdeskToken: String) -> Installation? {
        byHelpdeskToken[Secret(helpdeskToken)].map { all[$0] }
    }

    package func installation(eventSecret: String) -> Installation? {
        byEventSecret[Secret(eventSecret)].map { all[$0] }
    }

    /// The installations at the same address of Freshchat whose topic this is. Accounts share addresses, so that it takes
    /// more to tell that these are on the same account.
    package func installations(topic: TopicID, atAddressOf other: Installation) -> [Installation] {
        all.filter { $0.helpdesk.topic == topic && $0.helpdesk.baseURL == other.helpdesk.baseURL }
    }
}
