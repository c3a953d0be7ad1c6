package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func installations() async throws(StoreFailure) -> [Installation] {
        state.withLock { $0.present }
    }

    package func installation(_ id: InstallationID) async throws(StoreFailure) -> Installation? {
        state.withLock { $0.live(id) }
    }

    @discardableResult
    package func save(
        _ installation: Installation, replacing before: Installation?, now: Date
    ) async throws(StoreFailure) -> Installation {
        try change { state throws(StoreFailure) in
            if let before, state.live(before.id) != before {
                throw StoreFailure(.conflict, "the installation \(before.id) was changed meanwhile")
            }
            if installation.ownState != .removed {
                try state.requireFree(
                    .init(account: installation.channel.id, address: installation.address), for: installation.id)
            }
            var installation = installation
            installation.channel = state.keep(installation.channel)
            installation.helpdesk = state.keep(installation.helpdesk)
            if let index = state.installations.firstIndex(where: { $0.id == installation.id }) {
                state.installations[index] = installation
            } else {
                state.installations.append(installation)
            }
            state.settleIn(installation, now: now)
            return installation
        }
    }

    package func pause(
        _ installation: InstallationID, by cause: Installation.PauseCause, reason: String, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let index = try state.requireInstallation(installation)
            switch state.installations[index].ownState {
            case .active: state.installations[index].ownState = .paused(reason: reason, since: now, by: cause)
            case .paused(_, let since, .person) where cause == .person:
                state.installations[index].ownState = .paused(reason: reason, since: since, by: cause)
            case .paused, .draining, .removed: break
            }
        }
    }

    package func resume(_ installation: InstallationID, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let index = try state.requireInstallation(installation)
            if case .paused = state.installations[index].ownState { state.installations[index].ownState = .active }
            guard let present = state.live(installation) else { return }
            for side in Side.allCases {
                if present.accountState(of: side) != .active { state.resume(present.account(of: side), now: now) }
                for scope in present.scopes(to: side) { state.open(scope) }
            }
            state.makeDue(now: now) { $0.installation == installation }
        }
    }

    package func remove(
        _ installation: InstallationID, keepingHistory: Bool, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            guard let index = state.installations.firstIndex(where: { $0.id == installation }) else {
                throw StoreFailure(.notFound, "there is no installation \(installation)")
            }
            state.forget(index, keepingHistory: keepingHistory, now: now)
            let accounts = Set(state.present.map(\.channel.id))
            state.parked.removeAll { !accounts.contains($0.place.account) }
            state.forgetUnusedAccounts(now: now)
        }
    }

    // MARK: Accounts

    package func currentDirectory() async throws(StoreFailure) -> InstallationDirectory { try directory() }

    @discardableResult
    package func identify(
        _ account: AccountID, as identity: RemoteIdentity, now: Date
    ) async throws(StoreFailure) -> AccountIdentification {
        try change { state throws(StoreFailure) in
            try state.requireAccount(account)
            switch account {
            case .channel(let id): return state.identify(id, as: identity, now: now)
            case .helpdesk(let id): return state.identify(id, as: identity, now: now)
            }
        }
    }

    package func resume(_ account: AccountID, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            try state.requireAccount(account)
            state.resume(account, now: now)
        }
    }

    @discardableResult
    package func refuse(
        _ account: UsedAccount, reason: String, now: Date
    ) async throws(StoreFailure) -> AccountRefusal {
        try change { state throws(StoreFailure) in
            switch account {
            case .channel(let used):
                guard let index = state.channels.firstIndex(where: { $0.id == used.id }),
                    state.channels[index].hasSameCredentials(as: used)
                else { return .outdated }
                state.channels[index].state.pause(because: reason, now: now)
            case .helpdesk(let used):
                guard let index = state.helpdesks.firstIndex(where: { $0.id == used.id }),
                    state.helpdesks[index].hasSameCredentials(as: used)
                else { return .outdated }
                if state.helpdesks[index].state == .active, state.helpdesks[index].takeSpareToken() {
                    return .spareTakesOver
                }
                state.helpdesks[index].state.pause(because: reason, now: now)
            }
            return .paused
        }
    }
}

extension AccountState {
    /// Keeps the reason that there is.
    fileprivate mutating func pause(because reason: String, now: Date) {
        if self == .active { self = .paused(reason: reason, since: now) }
    }
}

extension MemoryState {
    /// Those that aren't removed, with their accounts as they are now.
    var present: [Installation] { installations.filter { $0.ownState != .removed }.map(resolved) }

    /// One as it is now; `nil` if there is none, or it is removed.
    func live(_ id: InstallationID) -> Installation? {
        installations.first { $0.id == id && $0.ownState != .removed }.map(resolved)
    }

    private func resolved(_ installation: Installation) -> Installation {
        var installation = installation
        installation.channel = channels.first { $0.id == installation.channel.id } ?? installation.channel
        installation.helpdesk = helpdesks.first { $0.id == installation.helpdesk.id } ?? installation.helpdesk
        return installation
    }

    /// - Throws: `notFound` when there is none, or it is removed.
    @discardableResult
    func requireInstallation(_ id: InstallationID) throws(StoreFailure) -> Int {
        guard let index = installations.firstIndex(where: { $0.id == id && $0.ownState != .removed }) else {
            throw StoreFailure(.notFound, "there is no installation \(id)")
        }
        return index
    }

    /// - Throws: `notFound` when there is none any more.
    func requireAccount(_ account: AccountID) throws(StoreFailure) {
        let isThere =
            switch account {
            case .channel(let id): channels.contains { $0.id == id }
            case .helpdesk(let id): helpdesks.contains { $0.id == id }
            }
        guard isThere else { throw StoreFailure(.notFound, "there is no account \(account)") }
    }

    /// - Throws: `conflict` if another installation is at this place.
    func requireFree(_ place: Place, for id: InstallationID) throws(StoreFailure) {
        guard !place.account.rawValue.isEmpty,
            let other = present.first(where: {
                $0.id != id && $0.channel.id == place.account && $0.address == place.address
            })
        else { return }
        throw StoreFailure(.conflict, "installation \(other.id) has this address of account \(place.account)")
    }

    fileprivate mutating func keep(_ account: ChannelAccount) -> ChannelAccount {
        var account = account
        while account.id.rawValue.isEmpty {
            let id = ChannelAccountID.fresh(account.kind)
            if !channels.contains(where: { $0.id == id }) { account.id = id }
        }
        if let index = channels.firstIndex(where: { $0.id == account.id }) {
            account.identity = account.identity ?? channels[index].identity
            channels[index] = account
        } else {
            channels.append(account)
        }
        return account
    }

    fileprivate mutating func keep(_ account: HelpdeskAccount) -> HelpdeskAccount {
        var account = account
        while account.id.rawValue.isEmpty {
            let id = HelpdeskAccountID.fresh()
            if !helpdesks.contains(where: { $0.id == id }) { account.id = id }
        }
        if let index = helpdesks.firstIndex(where: { $0.id == account.id }) {
            account.identity = account.identity ?? helpdesks[index].identity
            helpdesks[index] = account
        } else {
            helpdesks.append(account)
        }
        return account
    }

    // MARK: Pauses

    mutating func resume(_ account: AccountID, now: Date) {
        for index in channels.indices where account == .channel(channels[index].id) { channels[index].state = .active }
        for index in helpdesks.indices where account == .helpdesk(helpdesks[index].id) {
            helpdesks[index].state = .active
        }
        open(.account(account))
        for scope in gates.keys {
            if case .address(let id, _) = scope, account == .channel(id) { open(scope) }
        }
        makeDue(on: account, now: now)
    }

    /// All that waits on its installations, in both directions, is due.
    mutating func makeDue(on account: AccountID, now: Date) {
        let ids = Set(present.filter { $0.account(of: account.side) == account }.map(\.id))
        makeDue(now: now) { ids.contains($0.installation) || $0.installation.rawValue == account.rawValue }
    }

    fileprivate mutating func open(_ scope: GateScope) {
        gates[scope] = nil
        if case .account(let account) = scope { breakers[account] = nil }
    }

    fileprivate mutating func makeDue(now: Date, where fits: (Delivery) -> Bool) {
        for (id, delivery) in deliveries where fits(delivery) && delivery.state == .waiting {
            deliveries[id]?.nextAttemptAt = min(delivery.nextAttemptAt, now)
        }
    }

    // MARK: Removing

    mutating func forget(_ index: Int, keepingHistory: Bool, now: Date) {
        let id = installations[index].id
        installations[index].ownState = .removed
        discardWaiting(of: id, now: now)
        guard !keepingHistory else { return }
        let gone = Set(deliveries.values.filter { $0.installation == id }.map(\.id))
        decisions = decisions.filter { !gone.contains($0.key) }
        noted = noted.filter { !gone.contains($0.key) }
        deliveries = deliveries.filter { !gone.contains($0.key) }
        attempts.removeAll { gone.contains($0.attempt.delivery) }
        contacts = contacts.filter { $0.value.contact.installation != id }
        conversations = conversations.filter { $0.value.installation != id }
        watches = watches.filter { $0.key.installation != id }
        channelMessages = channelMessages.filter { $0.key.installation != id }
        helpdeskMessages = helpdeskMessages.filter { !gone.contains($0.value) }
        receipts = receipts.filter { $0.key.installation != id }
        agents = agents.filter { $0.key.installation != id }
    }

    fileprivate mutating func discardWaiting(of id: InstallationID, now: Date) {
        for (delivery, row) in deliveries where row.installation == id && row.state == .waiting {
            if lanes[row.orderingKey]?.lease?.delivery == delivery {
                doubtOpenAttempts(of: delivery, now: now)
                lanes[row.orderingKey]?.lease = nil
            }
            figures.addEnd(.discarded, row, isUndecided: isUndecided(row))
            deliveries[delivery]?.state = .discarded
            deliveries[delivery]?.finishedAt = now
            deliveries[delivery]?.doubtSince = nil
            if lanes[row.orderingKey]?.lease == nil { freeLane(row.orderingKey) }
        }
    }

    /// Forgets the accounts that no installation is connected to, or was not long ago, and for which nothing is parked.
    mutating func forgetUnusedAccounts(now: Date) {
        let present = present
        let former = present.flatMap(\.former).filter { $0.until > now }
        let usedChannels = Set(present.map(\.channel.id) + former.compactMap(\.channel) + parked.map(\.place.account))
        let usedHelpdesks = Set(present.map(\.helpdesk.id) + former.compactMap(\.helpdesk))
        for account in channels where !usedChannels.contains(account.id) {
            places = places.filter { $0.account != account.id }
            forget(.channel(account.id))
        }
        for account in helpdesks where !usedHelpdesks.contains(account.id) {
            discardWaiting(of: InstallationID(account.id.rawValue), now: now)
            forget(.helpdesk(account.id))
            for (id, row) in deliveries where row.installation.rawValue == account.id.rawValue && row.state == .held {
                deliveries[id]?.state = .discarded
                deliveries[id]?.finishedAt = now
            }
            clearUndecided(account.id)
        }
        channels.removeAll { !usedChannels.contains($0.id) }
        helpdesks.removeAll { !usedHelpdesks.contains($0.id) }
        for index in installations.indices where installations[index].ownState == .removed {
            installations[index].channel = ChannelAccount(
                id: installations[index].channel.id, kind: installations[index].channel.kind)
            installations[index].helpdesk = HelpdeskAccount(
                id: installations[index].helpdesk.id, baseURL: "", token: Secret(""))
        }
    }

    private mutating func forget(_ account: AccountID) {
        dedupe = dedupe.filter { $0.key.account != account }
        pastMessages = pastMessages.filter { $0.key.account != account }
        breakers[account] = nil
        gates = gates.filter { scope, _ in
            if case .address(let id, _) = scope { return .channel(id) != account }
            return scope != .account(account)
        }
    }
}
