package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func nextProfile(now: Date) async throws(StoreFailure) -> Date? {
        state.withLock { state in
            state.installations.compactMap { installation -> Date? in
                guard let ready = state.profileReady(installation.id, now: now),
                    let due = state.dueProfiles(of: installation.id).first?.written.dueAt
                else { return nil }
                return max(due, ready)
            }.min()
        }
    }

    package func takeProfiles(now: Date) async throws(StoreFailure) -> [ProfileUpdate] {
        try change { state throws(StoreFailure) in
            var taken: [ProfileUpdate] = []
            for installation in state.installations {
                guard let ready = state.profileReady(installation.id, now: now), ready <= now,
                    let update = state.takeProfile(of: installation.id, now: now)
                else { continue }
                state.profilePace[installation.id] = now.addingTimeInterval(WrittenProfile.spacing / .seconds(1))
                taken.append(update)
            }
            return taken
        }
    }

    package func record(
        _ result: ProfileResult, of update: ProfileUpdate, rest: Duration, now: Date
    ) async throws(StoreFailure) {
        let isCurrent = state.withLock { state in
            if rest > .zero {
                let ready = now.addingTimeInterval(rest / .seconds(1))
                state.profilePace[update.installation] = max(state.profilePace[update.installation] ?? ready, ready)
            }
            guard var row = state.contacts[update.contact], row.contact.user == update.user,
                row.written.dueAt == update.takenUntil
            else { return false }
            row.written.settle(result, told: update.profile, present: row.contact.profile, now: now)
            state.contacts[update.contact] = row
            return true
        }
        if isCurrent, result == .written { try await count(.profiles, Flow(update.installation, .inbound), by: 1) }
    }
}

extension MemoryState {
    /// From when on profiles of an installation's contacts may be written.
    fileprivate func profileReady(_ installation: InstallationID, now: Date) -> Date? {
        guard let present = live(installation), let gate = gate(installation, .helpdesk),
            breakers[present.account(of: .helpdesk)]?.isOpen != true
        else { return nil }
        let isKeptWaiting = lanes.contains { key, lane in
            guard lane.lease == nil, let head = head(of: key), head.installation == installation else { return false }
            return side(of: head) == .helpdesk && head.nextAttemptAt <= now
        }
        return isKeptWaiting ? nil : max(gate, profilePace[installation] ?? .distantPast)
    }

    /// In the order in which they became due.
    fileprivate func dueProfiles(of installation: InstallationID) -> [ContactRow] {
        contacts.values.filter { row in
            row.contact.installation == installation && row.written.dueAt != nil
                && lanes[OrderingKey("in/\(row.contact.id)")] == nil
        }.sorted { ($0.written.dueAt ?? .distantFuture) < ($1.written.dueAt ?? .distantFuture) }
    }

    fileprivate mutating func takeProfile(of installation: InstallationID, now: Date) -> ProfileUpdate? {
        for var row in dueProfiles(of: installation) {
            guard let due = row.written.dueAt, due <= now else { return nil }
            defer { contacts[row.contact.id] = row }
            guard let user = row.contact.user, row.written.isOutdated(by: row.contact.profile) else {
                row.written.drop()
                continue
            }
            row.written.take(now: now)
            return ProfileUpdate(
                installation: installation, contact: row.contact.id, user: user, profile: row.contact.profile,
                written: row.written.profile, takenUntil: row.written.dueAt ?? now)
        }
        return nil
    }
}
