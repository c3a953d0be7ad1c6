import FoundationEssentials
import RelayCore

/// What a person can decide about a message. The raw values stand in addresses.
enum MessageDecision: String, Sendable, CaseIterable {
    /// Try one again of which nothing is in doubt, or whose doubt is looked up.
    case retry
    /// Send a held reply once more.
    case resend
    /// A reply in doubt has arrived.
    case arrived
    case discard

    /// What there is to decide about one, the likeliest first.
    static func all(for delivery: Delivery) -> [MessageDecision] {
        switch delivery.state {
        case .delivered, .discarded: return []
        case .waiting, .held, .dead: break
        }
        guard delivery.doubtSince != nil, case .reply = delivery.payload else { return [.retry, .discard] }
        // Of what isn't held the installation's setting decides at the next attempt whether it is sent again.
        return [.arrived, delivery.state == .held ? .resend : .retry, .discard]
    }

    var isDangerous: Bool { self == .discard }

    /// - Parameter address: where the browser is.
    func make(
        about delivery: DeliveryID, in store: any OutboxAdministration, from address: String?, desk: Desk
    ) async throws {
        let origin = DeliveryDecision.Origin.pages(address: address)
        switch self {
        case .retry, .resend: try await store.redrive(delivery, from: origin, now: desk.now)
        case .arrived: try await store.confirmArrival(delivery, from: origin, now: desk.now)
        case .discard: try await store.discard(delivery, from: origin, now: desk.now)
        }
    }
}

extension Delivery {
    /// What a form says that it was opened for: who decides about a piece in doubt doesn't mean the next one.
    var version: String {
        "\(state.rawValue)-\(progress)-\(doubtSince.map { Int64($0.timeIntervalSince1970 * 1000) } ?? 0)"
    }
}
