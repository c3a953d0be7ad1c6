import RelayCore

/// A decision about deliveries as it is shown before it is carried out: how many of each installation, and what to know
/// first.
struct RepairPlan {
    let lines: [String]
    /// What to know before retrying, apart from the numbers.
    let advice: [String]
    /// Whether a customer may get a reply twice.
    let mayDouble: Bool

    /// - Parameter advises: whether the decision is a retry.
    init(verb: String, targets: [RepairTarget], advises: Bool) {
        let kinds = advises ? targets.map { RetryAdvice($0.delivery, contact: $0.contact) } : []
        let doubts = kinds.count { $0 == .mayDouble }
        let waiting = kinds.count { $0 == .waitsForCustomer }
        let hopeless = kinds.count { $0 == .isHopeless }
        let short = kinds.count { $0 == .waitsForQuota }
        var advice: [String] = []
        if doubts > 0 {
            advice.append(
                (targets.count == 1 ? "It" : "\(doubts) of them")
                    + " may already have been delivered. Retrying may send the customer the same message twice.")
        }
        if waiting > 0 {
            advice.append(
                (targets.count == 1 ? "The customer" : "The customers of \(waiting) of them")
                    + " can't receive messages now (see the reason). Retrying won't help until they write again.")
        }
        if hopeless > 0 {
            advice.append(
                (targets.count == 1 ? "It" : "\(hopeless) of them") + " can't be delivered (see the reason). Retrying "
                    + "won't help.")
        }
        if short > 0 {
            advice.append(
                (targets.count == 1 ? "It" : "\(short) of them") + " failed because the channel account can't send "
                    + "more now (see the reason). Retry once that has changed.")
        }
        self.advice = advice
        mayDouble = doubts > 0
        let groups = Dictionary(grouping: targets, by: \.delivery.installation.rawValue)
        lines =
            [
                "\(verb.prefix(1).uppercased())\(verb.dropFirst()) "
                    + "\(Terminal.count(targets.count, "delivery", "deliveries")):"
            ]
            + groups.sorted { $0.key < $1.key }.map { id, group in "  \(id): \(Self.summary(of: group.map(\.delivery)))"
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
