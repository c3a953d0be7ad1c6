package import FoundationEssentials
package import RelayCore

/// Connects, changes and disconnects installations: the work behind the commands and the settings pages.
package struct Installer: Sendable {
    let store: any Store
    let helpdesk: any Helpdesk
    let http: any HTTPSender
    let endpoints: Endpoints
    let environmentOwns: @Sendable (InstallationField) -> Bool
    let now: @Sendable () -> Date

    /// - Parameter environmentOwns: whether the environment names this field of the installation that it describes, and of
    ///   the accounts that this uses.
    package init(
        store: any Store, helpdesk: any Helpdesk, http: any HTTPSender, endpoints: Endpoints,
        environmentOwns: @escaping @Sendable (InstallationField) -> Bool = { _ in true },
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.helpdesk = helpdesk
        self.http = http
        self.endpoints = endpoints
        self.environmentOwns = environmentOwns
        self.now = now
    }

    /// What became of an installation, for the person who made it.
    package struct Report: Sendable {
        package var installation: Installation
        package var channelAccount: String
        package var helpdeskAccount: String
        package var topic: HelpdeskCheck.Topic
        package var address: AddressOffer
        /// Other addresses of the channel account that have no installation.
        package var freeAddresses: [AddressOffer]
        package var targetURL: String
        package var helpdeskURL: String
        package var productEventURL: String
        /// The channel has no registration by API: the target URL is to be pasted there.
        package var needsPasting: Bool
        /// Another installation of the same Freshchat account has its webhook set already, and it serves this one too.
        package var sharesWebhookWith: InstallationID?
        package var warnings: [String]
    }

    /// Asks both sides whether what they need is right.
    package func check(
        _ channel: any Channel, _ account: ChannelAccount, _ helpdeskAccount: HelpdeskAccount, _ topic: String
    ) async throws -> (ChannelCheck, HelpdeskCheck, HelpdeskCheck.Topic) {
        let channelCheck = try await channel.check(account, over: http)
        let helpdeskCheck = try await helpdesk.check(helpdeskAccount, over: http)
        return (channelCheck, helpdeskCheck, try self.topic(topic, in: helpdeskCheck))
    }

    /// - Parameter text: the topic's id or its name.
    package func topic(_ text: String, in check: HelpdeskCheck) throws(SetupFailure) -> HelpdeskCheck.Topic {
        let byID = check.topics.first { $0.id.rawValue == text }
        let byName = check.topics.filter { $0.name.lowercased() == text.lowercased() }
        guard let found = byID ?? (byName.count == 1 ? byName.first : nil) else {
            let list = check.topics.map { "  \($0.id)  \($0.name)\($0.isEnabled ? "" : " (disabled)")" }
            throw SetupFailure(
                side: helpdesk.name,
                problem: byName.count > 1 ? "\(byName.count) topics are called “\(text)”" : "no topic “\(text)”",
                remedy: "Give the id of one of these:\n" + list.joined(separator: "\n"))
        }
        return found
    }

    /// What customers can write to in an account, and who has it already.
    ///
    /// - Parameter account: a stored one, or one that is new.
    package func addresses(of account: ChannelAccount, on channel: any Channel) async throws -> [AddressChoice] {
        let check = try await channel.check(account, over: http)
        let directory = try await store.currentDirectory()
        let stored = self.stored(account, as: check.identity, in: directory)
        return check.addresses.map { offer in
            AddressChoice(
                offer: offer, installation: stored.flatMap { self.holder(of: offer.address, in: $0, directory) }?.id)
        }
    }

    /// Registers the target URL with the channel, and remembers it. Nothing happens for a channel without registration.
    package func register(_ installation: inout Installation, on channel: any Channel) async throws {
        let url = endpoints.targetURL(of: installation)
        if let channel = channel as? any WebhookRegistering {
            try await channel.register(targetURL: url, account: installation.channel, over: http)
        }
        installation = try await change(installation.id) { present, _ in present.channel.registeredURL = url }
    }

    // MARK: - Which accounts are the same

    /// The stored account that this one is; `nil` if it is new.
    ///
    /// - Parameter identity: what the channel calls it. Equal secrets only tell where one side's isn't known.
    func stored(
        _ account: ChannelAccount, as identity: RemoteIdentity?, in directory: InstallationDirectory
    ) -> ChannelAccount? {
        let ofKind = directory.channelAccounts.filter { $0.kind == account.kind }
        return ofKind.first { !account.id.rawValue.isEmpty && $0.id == account.id }
            ?? ofKind.first { identity != nil && $0.identity == identity }
            ?? ofKind.first { (identity == nil || $0.identity == nil) && $0.secrets == account.secrets }
    }

    func stored(
        _ helpdeskAccount: HelpdeskAccount, as identity: RemoteIdentity?, in directory: InstallationDirectory
    ) -> HelpdeskAccount? {
        var helpdeskAccount = helpdeskAccount
        helpdeskAccount.identity = identity
        return directory.helpdeskAccounts.first { $0.isSameAccount(as: helpdeskAccount) }
    }

    /// The installation that an address of an account belongs to. One that is being taken out of service has left it.
    func holder(
        of address: Address, in account: ChannelAccount, _ directory: InstallationDirectory
    ) -> Installation? {
        directory.installations(of: account.id).first { $0.address == address && $0.accepts }
    }
}

extension Secret {
    /// 32 bytes from the system's random source, in the alphabet of base64url, fit for a URL's path.
    package static func random() -> Secret {
        var random = SystemRandomNumberGenerator()
        return Secret(bytes: (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    /// Bytes in the alphabet of base64url.
    package init(bytes: [UInt8]) {
        let text = Data(bytes).base64EncodedString()
        self.init(
            String(
                text.compactMap { character -> Character? in
                    switch character {
                    case "+": "-"
                    case "/": "_"
                    case "=": nil
                    default: character
                    }
                }))
    }
}
