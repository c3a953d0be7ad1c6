package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func nextPoll(_ pace: PollPace, now: Date) async throws(StoreFailure) -> Date? {
        state.withLock { state in
            state.watches.compactMap { name, watch -> Date? in
                guard let base = watch.pollBase, let ready = state.pollReady(name.installation) else { return nil }
                return max(base.addingTimeInterval(pace.interval / .seconds(1)), ready)
            }.min()
        }
    }

    package func takeConversations(
        _ pace: PollPace, now: Date
    ) async throws(StoreFailure) -> [WatchedConversation] {
        try change { state throws(StoreFailure) in
            var taken: [WatchedConversation] = []
            for installation in state.present {
                guard let ready = state.pollReady(installation.id), ready <= now,
                    let conversation = state.firstDue(of: installation, pace, now: now)
                else { continue }
                let name = MemoryState.Name(installation: installation.id, name: conversation.id.rawValue)
                state.watches[name]?.pollBase = now
                state.pollPace[installation.id] = now.addingTimeInterval(pace.spacing / .seconds(1))
                taken.append(conversation)
            }
            return taken
        }
    }

    package func record(
        _ outcome: PollOutcome, of conversation: WatchedConversation, _ pace: PollPace, now: Date
    ) async throws(StoreFailure) {
        state.withLock { state in
            let name = MemoryState.Name(installation: conversation.installation, name: conversation.id.rawValue)
            state.watches[name]?.beginsAt = outcome.beginsAt
            state.watches[name]?.seenUntil = outcome.seenUntil
            if state.watches[name]?.activeAt == conversation.activeAt {
                state.watches[name]?.emptyPolls = outcome.emptyPolls
                state.watches[name]?.pollBase = outcome.nextPoll.map {
                    now.addingTimeInterval(($0 - pace.interval) / .seconds(1))
                }
            }
            let further = pace.spacing * max(0, outcome.calls - 1)
            let ready = now.addingTimeInterval(max(further, outcome.rest) / .seconds(1))
            state.pollPace[conversation.installation] = max(
                state.pollPace[conversation.installation] ?? ready, ready)
        }
    }

    package func knownMessages(
        among messages: [HelpdeskMessageID], of installation: InstallationID
    ) async throws(StoreFailure) -> Set<HelpdeskMessageID> {
        state.withLock { state in
            Set(messages.filter { state.names(of: $0, installation).contains { state.helpdeskMessages[$0] != nil } })
        }
    }

    package func acceptFound(_ acceptance: Acceptance) async throws(StoreFailure) -> AcceptanceResult {
        var acceptance = acceptance
        acceptance.source = .poll
        let result = try accept(acceptance)
        for fate in result.fates {
            guard case .accepted(let installation, .some(_)) = fate else { continue }
            state.withLock { state in
                state.figures.add(.polled, Flow(installation, .outbound))
                let at = acceptance.at
                state.figures.found[installation] = max(state.figures.found[installation] ?? at, at)
            }
        }
        return result
    }
}

extension MemoryState {
    /// What is kept of a conversation for the reconciliation poll.
    struct Watch {
        var activeAt: Date
        /// A look is due one interval after this.
        var pollBase: Date?
        var emptyPolls = 0
        var beginsAt: Date
        var seenUntil: Date?
    }

    mutating func watch(_ conversation: HelpdeskConversationID, of installation: InstallationID, now: Date) {
        let name = Name(installation: installation, name: conversation.rawValue)
        guard let owner = live(installation), account(of: conversation, of: owner) != nil else { return }
        var watch = watches[name] ?? Watch(activeAt: now, beginsAt: now)
        watch.activeAt = now
        watch.emptyPolls = 0
        watch.pollBase = min(watch.pollBase ?? now, now)
        watches[name] = watch
    }

    mutating func watchCurrent(of claim: Claim, now: Date) {
        guard let conversation = claim.delivery.contact.flatMap(contact)?.conversation else { return }
        watch(conversation, of: claim.delivery.installation, now: now)
    }

    /// From when on conversations of an installation may be looked into.
    fileprivate func pollReady(_ installation: InstallationID) -> Date? {
        gate(installation, .helpdesk).map { max($0, pollPace[installation] ?? .distantPast) }
    }

    fileprivate mutating func firstDue(
        of installation: Installation, _ pace: PollPace, now: Date
    ) -> WatchedConversation? {
        let limit = now.addingTimeInterval(-(pace.interval / .seconds(1)))
        let due = watches.filter { name, watch in
            name.installation == installation.id && watch.pollBase.map { $0 <= limit } ?? false
        }
        for (name, watch) in due.sorted(by: { ($0.value.pollBase ?? now) < ($1.value.pollBase ?? now) }) {
            let id = HelpdeskConversationID(name.name)
            if let account = account(of: id, of: installation),
                let conversation = conversations[AccountName(account, id)],
                account != installation.helpdesk.id || installation.route.has(conversation.topic),
                watch.activeAt >= now.addingTimeInterval(-(pace.watchTime / .seconds(1)))
            {
                return WatchedConversation(
                    installation: installation.id, account: account, id: id, isResolved: conversation.isResolved,
                    activeAt: watch.activeAt, emptyPolls: watch.emptyPolls,
                    beginsAt: watch.beginsAt, seenUntil: watch.seenUntil)
            }
            watches[name]?.pollBase = nil
        }
        return nil
    }
}
