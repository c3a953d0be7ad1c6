package import FoundationEssentials
package import RelayCore
import Synchronization

extension MemoryStore {
    package func noticeClock(now: Date) async throws(StoreFailure) -> Duration? {
        let lead = now.timeIntervalSince1970 - bootClock.now() / .seconds(1)
        return state.withLock { state in
            defer { state.clockLead = lead }
            guard let known = state.clockLead, abs(lead - known) > 2 else { return nil }
            let step = lead - known
            for (id, delivery) in state.deliveries where delivery.state == .waiting {
                state.deliveries[id]?.nextAttemptAt += step
                state.deliveries[id]?.doubtSince = delivery.doubtSince.map { $0 + step }
            }
            state.gates = state.gates.mapValues { $0 + step }
            state.profilePace = state.profilePace.mapValues { $0 + step }
            for id in state.contacts.keys { state.contacts[id]?.written.dueAt? += step }
            for key in state.breakers.keys { state.breakers[key]?.openedAt? += step }
            for index in state.attempts.indices {
                switch state.attempts[index].attempt.outcome {
                case nil: state.attempts[index].attempt.startedAt += step
                case .inDoubt: state.attempts[index].attempt.finishedAt? += step
                case .delivered, .failed: break
                }
            }
            return .seconds(step)
        }
    }
}
