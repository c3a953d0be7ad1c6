import FoundationEssentials
package import RelayCore

extension Installer {
    /// Checks both sides, stores the installation and registers its target URL. After a failure nothing of it is left.
    ///
    /// An account that is stored already, as the checks show, is used again: the credentials that were given, which have just
    /// been proved, take the place of those it had.
    ///
    /// - Parameters:
    ///   - address: `nil`: the only one that is free.
    ///   - topic: the topic's id or its name.
    ///   - name: `nil`: what the channel calls the address, or the account.
    package func install(
        channel: any Channel, account: ChannelAccount, address: Address? = nil, helpdesk desk: HelpdeskAccount,
        topic: String, name: String?, policies: InstallationPolicies
    ) async throws -> Report {
        let (channelCheck, deskCheck, found) = try await check(channel, account, desk, topic)
        await identifyStored(account.kind, on: channel)
        var directory = try await store.currentDirectory()
        var offer = AddressOffer(.only)
        if let known = stored(account, as: channelCheck.identity, in: directory) {
            offer = try self.offer(for: address, among: channelCheck.addresses, of: known, on: channel, directory)
            if let twin = holder(of: offer.address, in: known, directory) {
                guard channel is any WebhookRegistering, twin.channel.registeredURL.isEmpty, twin.origin == .installed
                else { throw refusal(of: offer, on: channel, because: twin) }
                // What an install that was killed half-way left behind.
                try await store.remove(twin.id, keepingHistory: false, now: now())
                directory = try await store.currentDirectory()
            }
        } else {
            offer = try self.offer(for: address, among: channelCheck.addresses, of: nil, on: channel, directory)
        }
        var installation = Installation(
            id: freshID(for: account.kind, in: directory),
            channel: joined(account, as: channelCheck.identity, in: directory), address: offer.address,
            referenceForm: channel.descriptor.referenceForm,
            helpdesk: joined(desk, as: deskCheck.identity, in: directory),
            topic: found.id, topicName: found.name, name: name ?? offer.name ?? channelCheck.accountName,
            resolvedPolicy: policies.resolved, forwardsSystemLines: policies.forwardsSystemLines,
            doubtPolicy: policies.doubt, createdAt: now())
        let warnings = warnings(about: installation, channelCheck, on: channel, directory)
        installation = try await save(installation, on: channel, offer)
        do {
            if installation.channel.registeredURL != endpoints.targetURL(of: installation) {
                try await register(&installation, on: channel)
            }
        } catch {
            try await store.remove(installation.id, keepingHistory: false, now: now())
            throw error
        }
        installation = try await resumed(installation)
        directory = try await store.currentDirectory()
        return report(installation, offer, channelCheck, deskCheck, found, on: channel, warnings, directory)
    }

    /// Makes an installation of another address of an account, on the same helpdesk account and with the same policies.
    ///
    /// - Parameters:
    ///   - installation: one of the account.
    ///   - topic: the topic's id or its name; `nil`: the same.
    package func install(
        address: Address, besides installation: Installation, on channel: any Channel, topic: String? = nil,
        name: String? = nil
    ) async throws -> Report {
        try await install(
            channel: channel, account: installation.channel, address: address, helpdesk: installation.helpdesk,
            topic: topic ?? installation.topic.rawValue, name: name,
            policies: InstallationPolicies(
                doubt: installation.doubtPolicy, resolved: installation.resolvedPolicy,
                forwardsSystemLines: installation.forwardsSystemLines))
    }

    /// Accounts of an earlier version's store haven't been asked who they are, and can't be recognized before.
    private func identifyStored(_ kind: ChannelKind, on channel: any Channel) async {
        guard let directory = try? await store.currentDirectory() else { return }
        let unknown =
            directory.channelAccounts.filter { $0.kind == kind && $0.identity == nil }.map { UsedAccount.channel($0) }
            + directory.helpdeskAccounts.filter { $0.identity == nil }.map { UsedAccount.helpdesk($0) }
        for account in unknown {
            // One whose credentials are refused stays unknown.
            try? await account.identify(
                in: store, channels: { _ in channel }, helpdesk: helpdesk, over: http, now(), nil)
        }
    }

    // MARK: - Addresses

    /// - Parameter known: the stored account; `nil` if it is new.
    private func offer(
        for wanted: Address?, among offers: [AddressOffer], of known: ChannelAccount?, on channel: any Channel,
        _ directory: InstallationDirectory
    ) throws(SetupFailure) -> AddressOffer {
        if let wanted {
            guard let offer = offers.first(where: { $0.address == wanted }) else {
                throw SetupFailure(
                    side: channel.descriptor.name, problem: "the account has no address “\(wanted)”",
                    remedy: "It has these:\n" + list(offers, of: known, directory))
            }
            return offer
        }
        let free = offers.filter { offer in
            known.map { holder(of: offer.address, in: $0, directory) == nil } ?? true
        }
        if offers.count == 1 { return offers[0] }
        if free.count == 1 { return free[0] }
        throw SetupFailure(
            side: channel.descriptor.name,
            problem: offers.isEmpty
                ? "the account has no address that customers can write to"
                : free.isEmpty
                    ? "all \(offers.count) addresses of the account are installed already"
                    : "the account has \(free.count) addresses to choose from",
            remedy: offers.isEmpty
                ? "Add one there first." : "Choose one of these:\n" + list(offers, of: known, directory))
    }

    private func list(
        _ offers: [AddressOffer], of known: ChannelAccount?, _ directory: InstallationDirectory
    ) -> String {
        offers.map { offer in
            let holder = known.flatMap { self.holder(of: offer.address, in: $0, directory) }
            return "  \(offer.address)" + (offer.name.map { "  \($0)" } ?? "")
                + (holder.map { " (installed as \($0.id))" } ?? "")
        }.joined(separator: "\n")
    }

    private func refusal(of offer: AddressOffer, on channel: any Channel, because twin: Installation) -> SetupFailure {
        let what =
            offer.address == .only
            ? "this \(channel.descriptor.name) account" : "the address \(offer.name ?? offer.address.rawValue)"
        return SetupFailure(
            side: "byoc", problem: "\(what) is installed as \(twin.id) already",
            remedy: "Remove that one first: byoc uninstall \(twin.id)")
    }

    // MARK: - Accounts

    /// The account as it is to be stored.
    private func joined(
        _ account: ChannelAccount, as identity: RemoteIdentity?, in directory: InstallationDirectory
    ) -> ChannelAccount {
        var joined = account
        if let known = stored(account, as: identity, in: directory) {
            joined = known
            if !isEnvironments(directory.installations(of: known.id)) {
                joined.secrets = account.secrets
                joined.settings.merge(account.settings) { $1 }
            }
        }
        joined.identity = identity ?? joined.identity
        if joined.targetToken.isEmpty { joined.endpoints.append(Endpoint(.target, token: .random())) }
        return joined
    }

    private func joined(
        _ desk: HelpdeskAccount, as identity: RemoteIdentity?, in directory: InstallationDirectory
    ) -> HelpdeskAccount {
        var joined = desk
        if let known = stored(desk, as: identity, in: directory) {
            joined = known.merging(desk, isProven: !isEnvironments(directory.installations(of: known.id)))
            joined.state = known.state
        }
        joined.identity = identity ?? joined.identity
        if joined.helpdeskToken.isEmpty { joined.endpoints.append(Endpoint(.helpdesk, token: .random())) }
        if joined.eventSecret.isEmpty { joined.endpoints.append(Endpoint(.event, token: .random())) }
        return joined
    }

    /// Whether the environment says what the credentials are.
    private func isEnvironments(_ installations: [Installation]) -> Bool {
        installations.contains { $0.origin == .environment }
    }

    private func save(
        _ installation: Installation, on channel: any Channel, _ offer: AddressOffer
    ) async throws -> Installation {
        do throws(StoreFailure) {
            return try await store.save(installation, now: now())
        } catch {
            // Somebody else has just installed it.
            if error.kind == .conflict,
                let twin = holder(
                    of: offer.address, in: installation.channel, try await store.currentDirectory())
            {
                throw refusal(of: offer, on: channel, because: twin)
            }
            throw error
        }
    }

    /// With its accounts resumed, whose credentials have just been proved; and merged with those that somebody else has
    /// installed meanwhile.
    private func resumed(_ installation: Installation) async throws -> Installation {
        for account: AccountID in [.channel(installation.channel.id), .helpdesk(installation.helpdesk.id)] {
            let state = account.side == .channel ? installation.channel.state : installation.helpdesk.state
            if state != .active { try await store.resume(account, now: now()) }
            let identity = account.side == .channel ? installation.channel.identity : installation.helpdesk.identity
            if let identity { try await store.identify(account, as: identity, now: now()) }
        }
        return try await store.installation(installation.id) ?? installation
    }

    private func freshID(for kind: ChannelKind, in directory: InstallationDirectory) -> InstallationID {
        while true {
            let id = InstallationID(.fresh("\(kind)-"))
            if directory[id] == nil { return id }
        }
    }

    // MARK: - What is told

    private func warnings(
        about installation: Installation, _ check: ChannelCheck, on channel: any Channel,
        _ directory: InstallationDirectory
    ) -> [String] {
        var warnings: [String] = []
        if let other = check.webhookURL, !other.isEmpty, !other.hasPrefix(endpoints.baseURL + "/") {
            warnings.append(
                "\(channel.descriptor.name) was calling \(other) for this account. It will call byoc instead; "
                    + "whatever answered there no longer hears of it.")
        }
        for twin in directory.all
        where twin.topic == installation.topic && twin.helpdesk.isSameAccount(as: installation.helpdesk) {
            warnings.append(
                "The topic \(installation.topicName ?? twin.topic.rawValue) is already used by installation \(twin.id). "
                    + "Each reply goes to the one that knows the customer, and a reply that could belong to both is held; "
                    + "a topic for each is easier to tell apart.")
        }
        return warnings
    }

    private func report(
        _ installation: Installation, _ offer: AddressOffer, _ channelCheck: ChannelCheck, _ deskCheck: HelpdeskCheck,
        _ topic: HelpdeskCheck.Topic, on channel: any Channel, _ warnings: [String],
        _ directory: InstallationDirectory
    ) -> Report {
        let others = directory.installations(of: installation.helpdesk.id).filter { $0.id != installation.id }
        return Report(
            installation: installation, channelAccount: channelCheck.accountName,
            helpdeskAccount: deskCheck.accountName, topic: topic, address: offer,
            freeAddresses: channelCheck.addresses.filter {
                holder(of: $0.address, in: installation.channel, directory) == nil
            },
            targetURL: endpoints.targetURL(of: installation), helpdeskURL: endpoints.helpdeskURL(of: installation),
            productEventURL: endpoints.productEventURL(of: installation),
            needsPasting: !(channel is any WebhookRegistering),
            sharesWebhookWith: installation.helpdesk.publicKeys.isEmpty ? nil : others.first?.id, warnings: warnings)
    }
}
