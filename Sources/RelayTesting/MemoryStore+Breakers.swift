package import RelayCore
import FoundationEssentials
import Synchronization

extension MemoryStore {
    package func openBreakers() async throws(StoreFailure) -> [OpenBreaker] {
        state.withLock { $0.openBreakers }
    }
}

extension MemoryState {
    var openBreakers: [OpenBreaker] {
        breakers.compactMap { gate, breaker in
            breaker.openedAt.map {
                OpenBreaker(
                    installation: gate.installation, side: gate.side, openedAt: $0, openings: breaker.openings)
            }
        }
    }

    /// The reason of the delivery whose failure opened it, as long as that waits.
    func reason(for breaker: OpenBreaker) -> String? {
        let key = breakers[Gate(installation: breaker.installation, side: breaker.side)]?.lastKey
        let waiting = deliveries.values.filter { $0.orderingKey == key && $0.state == .waiting }
        return waiting.min { $0.id.rawValue < $1.id.rawValue }.map(\.reason).flatMap { $0.isEmpty ? nil : $0 }
    }

    mutating func noteFailure(_ failure: DeliveryFailure, of claim: Claim, now: Date) -> OpenBreaker? {
        if failure.showsThatSideWorks { noteSuccess(of: claim) }
        guard failure.mayConcernEveryone else { return nil }
        let gate = Gate(installation: claim.delivery.installation, side: failure.side(of: claim.delivery))
        var breaker = breakers[gate] ?? Breaker()
        let rest = breaker.fail(claim.delivery.orderingKey, startedAt: claim.startedAt, now: now)
        breakers[gate] = breaker
        guard let rest else { return nil }
        gates[gate] = max(gates[gate] ?? .distantPast, now.addingTimeInterval(rest / .seconds(1)))
        return OpenBreaker(
            installation: gate.installation, side: gate.side, openedAt: now, openings: breaker.openings)
    }

    mutating func noteSuccess(of claim: Claim) {
        breakers[Gate(installation: claim.delivery.installation, side: claim.delivery.direction.side)] = nil
    }

    /// Whether the breaker of its side is open, and a delivery under way finds out whether the side is well again.
    func isProbing(_ delivery: Delivery) -> Bool {
        let gate = Gate(installation: delivery.installation, side: delivery.direction.side)
        guard breakers[gate]?.isOpen == true else { return false }
        return lanes.values.contains {
            $0.lease != nil && $0.installation == gate.installation && $0.side == gate.side
        }
    }
}
