package import RelayCore
import Synchronization

extension MemoryStore {
    package func messages(_ query: MessageQuery) async throws(StoreFailure) -> MessagePage {
        guard query.limit > 0 else { return MessagePage() }
        return state.withLock { $0.page(query) }
    }

    package func message(_ id: DeliveryID) async throws(StoreFailure) -> BrowsedMessage? {
        state.withLock { state in state.deliveries[id].map(state.browsed) }
    }

    package func removedInstallations() async throws(StoreFailure) -> [RemovedInstallation] {
        state.withLock { state in
            state.installations.filter { installation in
                installation.ownState == .removed
                    && state.deliveries.values.contains { $0.installation == installation.id }
            }.map { RemovedInstallation(id: $0.id, name: $0.name, channel: $0.channel.kind) }
        }
    }
}

extension MemoryState {
    fileprivate func browsed(_ delivery: Delivery) -> BrowsedMessage {
        BrowsedMessage(delivery: delivery, contact: delivery.contact.flatMap { contact($0) })
    }

    fileprivate func page(_ query: MessageQuery) -> MessagePage {
        let accounts = query.channel == nil ? helpdesks.map { InstallationID($0.id.rawValue) } : []
        let scope =
            (installations.filter { query.channel == nil || $0.channel.kind == query.channel }.map(\.id) + accounts)
            .filter { query.installation == nil || $0 == query.installation }
        let people = people(query, in: Set(scope))
        var found: [BrowsedMessage] = []
        var looked = 0
        var last: DeliveryID?
        var isCut = false
        for delivery in candidates(query, in: Set(scope), people.map { Set($0.ids) }) {
            guard looked < query.scanLimit else {
                isCut = true
                break
            }
            looked += 1
            last = delivery.id
            let isHit =
                (query.direction.map { delivery.direction == $0 } ?? true)
                && MessageQuery.text(delivery.payload?.plainText ?? "", holds: query.text)
            if isHit { found.append(browsed(delivery)) }
            if found.count > query.limit { break }
        }
        var page = MessagePage(found, of: query, cut: isCut ? last : nil, looked: looked)
        page.hasMoreContacts = people?.hasMore ?? false
        return page
    }

    /// What is to be looked at, in the order of the look.
    private func candidates(
        _ query: MessageQuery, in scope: Set<InstallationID>, _ people: Set<ContactID>?
    ) -> [Delivery] {
        let chosen = deliveries.values.filter { delivery in
            scope.contains(delivery.installation) && (query.standing?.includes(delivery) ?? true)
                && (people.map { people in delivery.contact.map(people.contains) ?? false } ?? true)
        }
        switch query.place {
        case .newest: return chosen.sorted { $0.id > $1.id }
        case .before(let id): return chosen.filter { $0.id < id }.sorted { $0.id > $1.id }
        case .after(let id): return chosen.filter { $0.id > id }.sorted { $0.id < $1.id }
        }
    }

    private func people(
        _ query: MessageQuery, in scope: Set<InstallationID>
    ) -> (ids: [ContactID], hasMore: Bool)? {
        guard !query.contact.isEmpty else { return nil }
        let known = contacts.values.map(\.contact).filter { scope.contains($0.installation) }
            .sorted { $0.id.rawValue > $1.id.rawValue }
        let exact = known.filter {
            $0.profile.userID.rawValue == query.contact || $0.user?.rawValue == query.contact
        }
        if !exact.isEmpty { return (exact.map(\.id), false) }
        let named = known.filter { $0.profile.name.map { MessageQuery.text($0, holds: query.contact) } ?? false }
        return (named.prefix(MessageQuery.contactLimit).map(\.id), named.count > MessageQuery.contactLimit)
    }
}
