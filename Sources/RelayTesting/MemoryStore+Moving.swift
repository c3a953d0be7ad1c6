package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func move(
        _ installation: InstallationID, to target: MoveTarget, now: Date
    ) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let index = try state.requireInstallation(installation)
            if let account = target.channel { try state.requireAccount(.channel(account)) }
            if let account = target.helpdesk { try state.requireAccount(.helpdesk(account)) }
            let present = state.installations[index]
            try state.requireFree(
                .init(account: target.channel ?? present.channel.id, address: target.address ?? present.address),
                for: installation)
            state.move(index, to: target, now: now)
        }
    }

    package func drain(_ installation: InstallationID, now: Date) async throws(StoreFailure) {
        try change { state throws(StoreFailure) in
            let index = try state.requireInstallation(installation)
            if case .draining = state.installations[index].ownState { return }
            state.installations[index].ownState = .draining(since: now)
        }
    }

    package func finishDraining(now: Date) async throws(StoreFailure) -> [InstallationID] {
        state.withLock { state in
            var finished: [InstallationID] = []
            for index in state.installations.indices {
                let id = state.installations[index].id
                let hasMore = state.deliveries.values.contains { $0.installation == id && $0.state == .waiting }
                guard case .draining = state.installations[index].ownState, !hasMore else { continue }
                state.forget(index, keepingHistory: true, now: now)
                finished.append(id)
            }
            for index in state.installations.indices {
                state.installations[index].former.removeAll { $0.until <= now }
            }
            let ended = Set(
                state.parked.filter { $0.at.addingTimeInterval(Parking.time) <= now }.map(\.place))
            state.parked.removeAll { ended.contains($0.place) }
            state.places.subtract(ended)
            state.forgetUnusedAccounts(now: now)
            return finished
        }
    }

    // MARK: Parking

    package func park(
        _ arrivals: [Acceptance.Arrival], account: ChannelAccountID, address: Address, now: Date
    ) throws(StoreFailure) -> [ArrivalFate] {
        try probe()
        return try change { state throws(StoreFailure) in
            try state.requireAccount(.channel(account))
            let place = MemoryState.Place(account: account, address: address)
            guard state.places.contains(place) else { return arrivals.map { _ in .foreign } }
            return arrivals.map { arrival in
                let key = MemoryState.AccountName(.channel(account), arrival.dedupeKey.rawValue)
                guard state.dedupe[key] == nil else { return .repeated(nil) }
                state.dedupe[key] = now
                state.parked.append(MemoryState.Parked(place: place, arrival: arrival, at: now))
                return .parked
            }
        }
    }

    package func parkedEvents() async throws(StoreFailure) -> [ParkedEvents] {
        state.withLock { state in
            Dictionary(grouping: state.parked, by: \.place).compactMap { place, events in
                guard let account = state.channels.first(where: { $0.id == place.account }),
                    let since = events.map(\.at).min()
                else { return nil }
                return ParkedEvents(
                    account: place.account, channel: account.kind, address: place.address, count: events.count,
                    since: since)
            }.sorted { ($0.account.rawValue, $0.address.rawValue) < ($1.account.rawValue, $1.address.rawValue) }
        }
    }
}

extension MemoryState {
    /// An installation is at its place now: its accounts are in use, and what was parked there is accepted.
    mutating func settleIn(_ installation: Installation, now: Date) {
        let place = Place(account: installation.channel.id, address: installation.address)
        places.insert(place)
        guard installation.accepts else { return }
        let events = parked.filter { $0.place == place }
        parked.removeAll { $0.place == place }
        for event in events { _ = takeChannels(event.arrival, of: installation.route, at: now) }
    }

    fileprivate mutating func move(_ index: Int, to target: MoveTarget, now: Date) {
        var moved = installations[index]
        let present = moved
        var former = FormerPlace(until: now.addingTimeInterval(Endpoint.timeAfterMove))
        let channel = target.channel ?? present.channel.id
        let address = target.address ?? present.address
        if channel != present.channel.id || address != present.address {
            former.channel = present.channel.id
            former.address = present.address
            if let account = channels.first(where: { $0.id == channel }) { moved.channel = account }
            moved.address = address
        }
        let topic = target.topic ?? present.topic
        if let account = target.helpdesk, account != present.helpdesk.id {
            former.helpdesk = present.helpdesk.id
            if let account = helpdesks.first(where: { $0.id == account }) { moved.helpdesk = account }
            moved.formerTopics = []
            forgetUsers(of: present.id)
        } else if topic != present.topic {
            moved.formerTopics = present.formerTopics.filter { $0 != topic } + [present.topic]
        }
        if topic != present.topic || target.topicName != nil { moved.topicName = target.topicName }
        moved.topic = topic
        if former.channel != nil || former.helpdesk != nil { moved.former.append(former) }
        // A place that it comes back to isn't a former one any more.
        for place in moved.former.indices {
            if moved.former[place].channel == channel, moved.former[place].address == address {
                moved.former[place].channel = nil
                moved.former[place].address = nil
            }
            if moved.former[place].helpdesk == moved.helpdesk.id { moved.former[place].helpdesk = nil }
        }
        moved.former.removeAll { $0.channel == nil && $0.helpdesk == nil }
        installations[index] = moved
        limitEndpoints(left: former, now: now)
        settleIn(moved, now: now)
    }

    /// The URLs of accounts that no installation is connected to any more end some time after the move; those of accounts
    /// that are in use don't.
    private mutating func limitEndpoints(left former: FormerPlace, now: Date) {
        let present = present
        for index in channels.indices {
            let isUsed = present.contains { $0.channel.id == channels[index].id }
            if isUsed || channels[index].id == former.channel {
                channels[index].endpoints.end(at: isUsed ? nil : former.until)
            }
        }
        for index in helpdesks.indices {
            let isUsed = present.contains { $0.helpdesk.id == helpdesks[index].id }
            if isUsed || helpdesks[index].id == former.helpdesk {
                helpdesks[index].endpoints.end(at: isUsed ? nil : former.until)
            }
        }
    }

    /// In another helpdesk account its customers are other users.
    private mutating func forgetUsers(of installation: InstallationID) {
        for (id, row) in contacts where row.contact.installation == installation {
            contacts[id]?.contact.user = nil
            contacts[id]?.written = WrittenProfile()
        }
    }
}

extension [Endpoint] {
    fileprivate mutating func end(at date: Date?) {
        for index in indices { self[index].endsAt = date }
    }
}
