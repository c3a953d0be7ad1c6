import RelayCore

/// A decision about deliveries as it is shown before it is carried out: how many of each installation, and what to know
/// first.
struct RepairPlan {
    let lines: [String]
    /// What to know first, apart from the numbers.
    let advice: [String]
    /// Whether a customer may get a reply twice.
    let mayDouble: Bool

    /// - Parameter action: the verb and its object, in lower case: "retry 5 deliveries".
    init(
        _ decision: Repair.Decision, _ action: String, targets: [RepairTarget], _ installations: [Installation],
        helpdesk: String
    ) {
        switch decision {
        case .retry:
            let kinds = targets.map { RetryAdvice($0.delivery, subscription: $0.contact?.subscription) }
            mayDouble = kinds.contains(.mayDouble)
            var counts: [String: Int] = [:]
            var sentences: [String] = []
            for (target, kind) in zip(targets, kinds) where kind.speaksAgainst {
                let installation = installations.first { $0.id == target.delivery.installation }
                let words = DeliveryWords(installation, helpdesk: helpdesk)
                guard let sentence = words.sentence(kind, about: target.delivery) else { continue }
                if counts[sentence] == nil { sentences.append(sentence) }
                counts[sentence, default: 0] += 1
            }
            advice = sentences.map { $0 + (targets.count == 1 ? "" : " (\(counts[$0] ?? 0) of \(targets.count))") }
        case .markDelivered:
            mayDouble = false
            advice = ["If it wasn't delivered, the customer never gets it."]
        case .discard:
            mayDouble = false
            advice = []
        }
        let groups = Dictionary(grouping: targets, by: \.delivery.installation.rawValue)
        lines =
            [action.prefix(1).uppercased() + action.dropFirst() + ":"]
            + groups.sorted { $0.key < $1.key }.map { id, group in
                "  \(id): \(Self.summary(of: group.map(\.delivery)))"
            }
            + advice
    }

    /// "3 inbound dead, 2 outbound held".
    private static func summary(of deliveries: [Delivery]) -> String {
        var parts: [String] = []
        for direction in Direction.allCases {
            for state in Delivery.State.allCases {
                let count = deliveries.count { $0.direction == direction && $0.state == state }
                if count > 0 { parts.append("\(count) \(direction.rawValue) \(state.rawValue)") }
            }
        }
        return parts.joined(separator: ", ")
    }
}
