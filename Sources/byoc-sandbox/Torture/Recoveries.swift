import Simulators

/// How long it took until another worker went on with what a dead one had in hand.
struct Recoveries {
    /// Ascending.
    let milliseconds: [Int64]
    /// Of those, the ones after which nothing else went wrong: in a storm, who was to go on may be killed or stopped as well.
    let alone: [Int64]

    init(_ log: [LogEntry], _ people: People) {
        var requests: [String: [Int64]] = [:]
        for entry in log where entry.kind == .request || entry.kind == .fault {
            let customer =
                entry.side == .viber ? entry.subject : people.customer(ofSubject: entry.subject) ?? ""
            if !customer.isEmpty { requests["\(entry.side.rawValue) \(customer)", default: []].append(entry.time) }
        }
        let calm = log.first { $0.side == .driver && $0.name == "calm" }?.number ?? .max
        let all: [(time: Int64, isAlone: Bool)] = log.compactMap { entry in
            guard let place = Self.inHand(entry), let death = Int64(entry.reference),
                let next = requests[place]?.first(where: { $0 > death })
            else { return nil }
            return (next - death, entry.number > calm)
        }
        milliseconds = all.map(\.time).sorted()
        alone = all.filter(\.isAlone).map(\.time).sorted()
    }

    /// Where the next request for what was in the dead worker's hands has to come; `nil`: it had nothing that we know of.
    ///
    /// The subject of a point in the middle of a delivery is `ID DIRECTION CUSTOMER`, of one in Freshchat's half the
    /// reference.
    private static func inHand(_ entry: LogEntry) -> String? {
        guard entry.side == .driver, entry.name == "kill" else { return nil }
        let words = entry.text.split(separator: " ")
        if words.count == 3, let side = ["inbound": "freshchat", "outbound": "viber"][words[1]] {
            return "\(side) \(words[2])"
        }
        let prefix = "viber:"
        return words.count == 1 && entry.text.hasPrefix(prefix)
            ? "freshchat \(entry.text.dropFirst(prefix.count))" : nil
    }
}
