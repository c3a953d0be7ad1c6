import FoundationEssentials
import RelayCore

extension MemoryState {
    mutating func identify(
        _ id: ChannelAccountID, as identity: RemoteIdentity, now: Date
    ) -> AccountIdentification {
        guard let checked = channels.firstIndex(where: { $0.id == id }) else { return .alone }
        channels[checked].identity = identity
        guard
            let twin = channels.firstIndex(where: {
                $0.id != id && $0.kind == channels[checked].kind && $0.identity == identity
            })
        else { return .alone }
        let (kept, lost) = (channels[min(checked, twin)].id, channels[max(checked, twin)].id)
        for installation in present where installation.channel.id == kept && installation.accepts {
            let other = present.first {
                $0.channel.id == lost && $0.accepts && $0.address == installation.address
            }
            if let other { return .sharesAddress(installation.id, other.id) }
        }
        let wasPaused = channels[checked].state != .active || channels[twin].state != .active
        var merged = channels[min(checked, twin)].merging(channels[max(checked, twin)], isProven: checked > twin)
        merged.identity = identity
        channels[min(checked, twin)] = merged
        channels.remove(at: max(checked, twin))
        for index in installations.indices {
            if installations[index].channel.id == lost { installations[index].channel = merged }
            for place in installations[index].former.indices
            where installations[index].former[place].channel == lost {
                installations[index].former[place].channel = kept
            }
        }
        places = Set(places.map { $0.account == lost ? Place(account: kept, address: $0.address) : $0 })
        for index in parked.indices where parked[index].place.account == lost { parked[index].place.account = kept }
        carryOver(from: .channel(lost), to: .channel(kept))
        for installation in present where installation.channel.id == kept { settleIn(installation, now: now) }
        if wasPaused, merged.state == .active { makeDue(on: .channel(kept), now: now) }
        return .merged(.channel(lost))
    }

    mutating func identify(
        _ id: HelpdeskAccountID, as identity: RemoteIdentity, now: Date
    ) -> AccountIdentification {
        guard let checked = helpdesks.firstIndex(where: { $0.id == id }) else { return .alone }
        guard let twin = helpdesks.firstIndex(where: { $0.id != id && $0.identity == identity }) else {
            helpdesks[checked].identity = identity
            return .alone
        }
        let wasPaused = helpdesks[checked].state != .active || helpdesks[twin].state != .active
        let (older, younger) = (min(checked, twin), max(checked, twin))
        let (kept, lost) = (helpdesks[older].id, helpdesks[younger].id)
        var merged = helpdesks[older].merging(helpdesks[younger], isProven: checked > twin)
        merged.identity = identity
        helpdesks[older] = merged
        helpdesks.remove(at: younger)
        for index in installations.indices {
            if installations[index].helpdesk.id == lost { installations[index].helpdesk = merged }
            for place in installations[index].former.indices
            where installations[index].former[place].helpdesk == lost {
                installations[index].former[place].helpdesk = kept
            }
        }
        carryOver(from: .helpdesk(lost), to: .helpdesk(kept))
        for (name, row) in conversations where name.account == .helpdesk(lost) {
            conversations[name] = nil
            let name = AccountName(.helpdesk(kept), name.name)
            if let other = conversations[name], lastActive(other, name) >= lastActive(row, name) { continue }
            conversations[name] = row
        }
        carryOverUndecided(from: lost, to: kept)
        if wasPaused, merged.state == .active { makeDue(on: .helpdesk(kept), now: now) }
        return .merged(.helpdesk(lost))
    }

    private func lastActive(_ row: Conversation, _ name: AccountName) -> Date {
        watches[Name(installation: row.installation, name: name.name)]?.activeAt ?? .distantPast
    }

    private mutating func carryOver(from lost: AccountID, to kept: AccountID) {
        func renamed<Value>(_ rows: [AccountName: Value]) -> [AccountName: Value] {
            Dictionary(
                rows.map { name, row in (name.account == lost ? AccountName(kept, name.name) : name, row) },
                uniquingKeysWith: { first, _ in first })
        }
        dedupe = renamed(dedupe)
        helpdeskMessages = renamed(helpdeskMessages)
        pastMessages = renamed(pastMessages)
        userLocks = renamed(userLocks)
        for (scope, until) in gates {
            let moved: GateScope
            switch (scope, kept) {
            case (.account(lost), _): moved = .account(kept)
            case (.address(let id, let address), .channel(let kept)) where .channel(id) == lost:
                moved = .address(kept, address)
            default: continue
            }
            gates[scope] = nil
            gates[moved] = max(gates[moved] ?? until, until)
        }
        if let breaker = breakers.removeValue(forKey: lost), breakers[kept]?.isOpen != true {
            breakers[kept] = breaker
        }
    }

    /// The replies of which nobody knows yet by which installation they leave.
    private mutating func carryOverUndecided(from lost: HelpdeskAccountID, to kept: HelpdeskAccountID) {
        for (id, row) in deliveries where row.installation.rawValue == lost.rawValue {
            deliveries[id]?.installation = InstallationID(kept.rawValue)
        }
        guard var raised = figures.alarms.removeValue(forKey: Self.undecided(lost)) else { return }
        raised.alarm = Self.undecided(kept)
        figures.alarms[raised.alarm] = figures.alarms[raised.alarm] ?? raised
    }
}
