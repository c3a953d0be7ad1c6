import FoundationEssentials
import RelayCore

/// A decision that a person can make about a message. The raw values stand in addresses.
enum MessageDecision: String, Sendable, CaseIterable {
    /// Try a message again that isn't held.
    case retry
    /// Send a held reply once more.
    case resend
    /// Count a reply in doubt as delivered.
    case arrived
    case discard

    /// The decisions that a message allows, the likeliest first.
    static func all(for delivery: Delivery) -> [MessageDecision] {
        switch delivery.state {
        case .delivered, .discarded: return []
        case .waiting, .held, .dead: break
        }
        guard delivery.mayDouble else { return [.retry, .discard] }
        // The installation's setting decides at the next attempt whether a reply that isn't held is sent again.
        return [.arrived, delivery.state == .held ? .resend : .retry, .discard]
    }

    var isDangerous: Bool { self == .discard }

    func make(about delivery: DeliveryID, _ context: PageContext) async throws {
        let origin = DeliveryDecision.Origin.pages(address: context.address)
        switch self {
        case .retry, .resend: try await context.store.redrive(delivery, from: origin, now: context.now)
        case .arrived: try await context.store.confirmArrival(delivery, from: origin, now: context.now)
        case .discard: try await context.store.discard(delivery, from: origin, now: context.now)
        }
    }
}

extension Delivery {
    /// The version that a form was opened for: a decision about a piece in doubt isn't meant for the next one.
    var version: String {
        "\(state.rawValue)-\(progress)-\(doubtSince.map { Int64($0.timeIntervalSince1970 * 1000) } ?? 0)"
    }
}
