package import RelayCore
import FoundationEssentials
import Synchronization

extension MemoryStore {
    package func openBreakers() async throws(StoreFailure) -> [OpenBreaker] {
        state.withLock { $0.openBreakers }
    }
}

extension MemoryState {
    /// One for each installation of an account that fails.
    var openBreakers: [OpenBreaker] {
        present.flatMap { installation in
            Side.allCases.compactMap { side in
                let breaker = breakers[installation.account(of: side)]
                return breaker?.openedAt.map {
                    OpenBreaker(
                        installation: installation.id, side: side, openedAt: $0, openings: breaker?.openings ?? 0)
                }
            }
        }
    }

    /// The reason of the delivery whose failure opened it, as long as that waits.
    func reason(for breaker: OpenBreaker) -> String? {
        let key = live(breaker.installation).flatMap { breakers[$0.account(of: breaker.side)]?.lastKey }
        let waiting = deliveries.values.filter { $0.orderingKey == key && $0.state == .waiting }
        return waiting.min { $0.id.rawValue < $1.id.rawValue }.map(\.reason).flatMap { $0.isEmpty ? nil : $0 }
    }

    mutating func noteFailure(_ failure: DeliveryFailure, of claim: Claim, now: Date) -> OpenBreaker? {
        if failure.showsThatSideWorks { noteSuccess(of: claim) }
        let side = failure.side ?? side(of: claim.delivery)
        guard failure.mayConcernEveryone, let account = account(of: claim.delivery, on: side) else { return nil }
        var breaker = breakers[account] ?? Breaker()
        let rest = breaker.fail(claim.delivery.orderingKey, startedAt: claim.startedAt, now: now)
        breakers[account] = breaker
        guard let rest else { return nil }
        let until = now.addingTimeInterval(rest / .seconds(1))
        gates[.account(account)] = max(gates[.account(account)] ?? until, until)
        return OpenBreaker(
            installation: claim.delivery.installation, side: side, openedAt: now, openings: breaker.openings)
    }

    mutating func noteSuccess(of claim: Claim) {
        if let account = account(of: claim.delivery) { breakers[account] = nil }
    }

    /// Whether the breaker of its account is open, and a delivery under way finds out whether that is well again.
    func isProbing(_ delivery: Delivery) -> Bool {
        guard let account = account(of: delivery), breakers[account]?.isOpen == true else { return false }
        return lanes.values.contains { lane in
            lane.lease.flatMap { deliveries[$0.delivery] }.flatMap { self.account(of: $0) } == account
        }
    }
}
