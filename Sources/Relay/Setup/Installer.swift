package import FoundationEssentials
package import RelayCore

/// Connects, disconnects and reconnects channel accounts: the work behind `byoc install` and the settings pages.
package struct Installer: Sendable {
    let store: any Store
    let helpdesk: any Helpdesk
    let http: any HTTPSender
    let endpoints: Endpoints
    let now: @Sendable () -> Date

    package init(
        store: any Store, helpdesk: any Helpdesk, http: any HTTPSender, endpoints: Endpoints,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = store
        self.helpdesk = helpdesk
        self.http = http
        self.endpoints = endpoints
        self.now = now
    }

    /// What became of an installation, for the person who made it.
    package struct Report: Sendable {
        package var installation: Installation
        package var channelAccount: String
        package var helpdeskAccount: String
        package var topic: HelpdeskCheck.Topic
        package var targetURL: String
        package var helpdeskURL: String
        package var productEventURL: String
        /// The channel has no registration by API: the target URL is to be pasted there.
        package var needsPasting: Bool
        /// Another installation of the same Freshchat account has its webhook set already, and it serves this one too.
        package var sharesWebhookWith: InstallationID?
        package var warnings: [String]
    }

    /// Checks both sides, stores the installation and registers its target URL. After a failure nothing of it is left.
    ///
    /// - Parameter topic: the topic's id or its name.
    package func install(
        channel: any Channel, account: ChannelAccount, helpdesk helpdeskAccount: HelpdeskAccount, topic: String,
        name: String?,
        doubtPolicy: Installation.DoubtPolicy
    ) async throws -> Report {
        let existing = try await store.installations()
        var warnings: [String] = []
        let (channelCheck, helpdeskCheck, found) = try await check(channel, account, helpdeskAccount, topic)
        if let other = channelCheck.webhookURL, !other.isEmpty, !other.hasPrefix(endpoints.baseURL + "/") {
            warnings.append(
                "\(channel.descriptor.name) was calling \(other) for this account. It will call byoc instead; "
                    + "whatever answered there no longer hears of it.")
        }
        for twin in existing where twin.channel.kind == account.kind && twin.channel.secrets == account.secrets {
            guard channel is any WebhookRegistering, twin.registeredURL.isEmpty, twin.origin == .installed else {
                throw SetupFailure(
                    side: "byoc", problem: "this \(channel.descriptor.name) account is installed as \(twin.id) already",
                    remedy: "Remove that one first: byoc uninstall \(twin.id)")
            }
            // What an install that was killed half-way left behind.
            try await store.remove(twin.id, keepingHistory: false, now: now())
        }
        for twin in existing where twin.helpdesk.topic == found.id && twin.helpdesk.baseURL == helpdeskAccount.baseURL {
            warnings.append(
                "The topic \(found.name) is already used by installation \(twin.id). Replies of agents go to the one "
                    + "that knows the customer; a topic for each channel is easier to tell apart.")
        }
        var helpdeskAccount = helpdeskAccount
        helpdeskAccount.topic = found.id
        helpdeskAccount.topicName = found.name
        var installation = Installation(
            id: InstallationID(Self.freshID(for: account.kind, among: existing)), channel: account,
            helpdesk: helpdeskAccount,
            name: name ?? channelCheck.accountName, doubtPolicy: doubtPolicy, targetToken: .random(),
            helpdeskToken: .random(), eventSecret: .random(), createdAt: now())
        try await store.save(installation, now: now())
        do {
            try await register(&installation, on: channel)
        } catch {
            try await store.remove(installation.id, keepingHistory: false, now: now())
            throw error
        }
        return Report(
            installation: installation, channelAccount: channelCheck.accountName,
            helpdeskAccount: helpdeskCheck.accountName, topic: found, targetURL: endpoints.targetURL(of: installation),
            helpdeskURL: endpoints.helpdeskURL(of: installation),
            productEventURL: endpoints.productEventURL(of: installation),
            needsPasting: !(channel is any WebhookRegistering),
            sharesWebhookWith: existing.first {
                $0.helpdesk.baseURL == helpdeskAccount.baseURL && !$0.helpdesk.webhookPublicKey.isEmpty
            }?.id,
            warnings: warnings)
    }

    /// Asks both sides whether what they need is right.
    package func check(
        _ channel: any Channel, _ account: ChannelAccount, _ helpdeskAccount: HelpdeskAccount, _ topic: String
    ) async throws -> (ChannelCheck, HelpdeskCheck, HelpdeskCheck.Topic) {
        let channelCheck = try await channel.check(account, over: http)
        let helpdeskCheck = try await helpdesk.check(helpdeskAccount, over: http)
        let byID = helpdeskCheck.topics.first { $0.id.rawValue == topic }
        let byName = helpdeskCheck.topics.filter { $0.name.lowercased() == topic.lowercased() }
        guard let found = byID ?? (byName.count == 1 ? byName.first : nil) else {
            let list = helpdeskCheck.topics.map { "  \($0.id)  \($0.name)\($0.isEnabled ? "" : " (disabled)")" }
            throw SetupFailure(
                side: helpdesk.name,
                problem: byName.count > 1 ? "\(byName.count) topics are called “\(topic)”" : "no topic “\(topic)”",
                remedy: "Give the id of one of these:\n" + list.joined(separator: "\n"))
        }
        return (channelCheck, helpdeskCheck, found)
    }

    /// Registers the target URL with the channel, and remembers it. Nothing happens for a channel without registration.
    package func register(_ installation: inout Installation, on channel: any Channel) async throws {
        let url = endpoints.targetURL(of: installation)
        if let channel = channel as? any WebhookRegistering {
            try await channel.register(targetURL: url, account: installation.channel, over: http)
        }
        installation.registeredURL = url
        try await store.save(installation, now: now())
    }

    /// Unregisters the webhook and forgets the secrets.
    ///
    /// - Parameter insisting: goes on when the channel can't be reached or refuses.
    /// - Returns: a warning when the channel refused and it went on all the same.
    package func uninstall(
        _ installation: Installation, from channel: (any Channel)?, keepingHistory: Bool, insisting: Bool
    ) async throws -> String? {
        var warning: String?
        if let channel = channel as? any WebhookRegistering {
            do {
                try await channel.unregister(account: installation.channel, over: http)
            } catch {
                guard insisting else {
                    throw SetupFailure(
                        side: error.side, problem: error.problem,
                        remedy: "\(error.remedy)\nOr remove the installation anyway, with --force: "
                            + "then the webhook stays set at \(error.side) until another one replaces it.")
                }
                warning = "The webhook stays set at \(error.side): \(error.problem)"
            }
        }
        try await store.remove(installation.id, keepingHistory: keepingHistory, now: now())
        return warning
    }

    private static func freshID(for kind: ChannelKind, among existing: [Installation]) -> String {
        var random = SystemRandomNumberGenerator()
        let letters = Array("abcdefghjkmnpqrstuvwxyz23456789")
        while true {
            let id = "\(kind)-" + String((0..<5).compactMap { _ in letters.randomElement(using: &random) })
            if !existing.contains(where: { $0.id.rawValue == id }) { return id }
        }
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
