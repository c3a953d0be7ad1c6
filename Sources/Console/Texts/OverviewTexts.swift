import RelayCore

struct OverviewTexts: Sendable {
    let title = "Overview"
    let lead = "Live, and the last hour."
    let alarms = "Needs attention"
    let calm = "Nothing needs attention."
    let connect = "Connect a channel"
    let emptyTitle = "Welcome"
    let emptyLead = """
        No channel is connected yet. Connect one to turn customers' messages into Freshchat conversations and send \
        agents' replies to their phones.
        """
    let waiting = "Waiting"
    let oldest = "Oldest waiting"
    let inDoubt = "In doubt"
    let held = "Held"
    let dead = "Failed"
    let none = "–"
    let quick = "Median"
    let slow = "p99"
    let perMinute = "in the last full minute"
    let lastHour = "in the last hour"
    let from = "60 min ago"
    let to = "now"
    let table = "Show as table"
    let minutes = "Minutes ago"
    let came = "Received"
    let went = "Delivered"
    let lost = "Failed"
    let queueTitle = "Waiting"
    let unknown = "no data"

    func flow(_ direction: Direction) -> String {
        direction == .inbound ? "From customers" : "To customers"
    }

    func since(_ duration: String) -> String { "for \(duration)" }

    /// A percentile in microseconds: a bound where the histogram knows no more.
    func percentile(_ percentile: Percentile?) -> String {
        func duration(_ microseconds: Int64) -> String { words(for: Double(microseconds) / 1_000_000) }
        return switch percentile {
        case .about(let time): "≈ \(duration(time))"
        case .atMost(let time): "≤ \(duration(time))"
        case .moreThan(let time): "> \(duration(time))"
        case nil: none
        }
    }

    func chart(_ direction: Direction, name: String, total: Int64, highest: Int64, isComplete: Bool) -> String {
        let subject = direction == .inbound ? "Messages from customers of \(name)" : "Messages to customers of \(name)"
        let known = isComplete ? "" : " Some minutes have no data."
        guard total > 0 else { return "\(subject) per minute: none in the last hour.\(known)" }
        return
            "\(subject) per minute: \(total.grouped) in the last hour, at most \(highest.grouped) in a minute.\(known)"
    }

    func queue(_ direction: Direction, name: String, most: Int64) -> String {
        let way = direction == .inbound ? "from customers of \(name)" : "to customers of \(name)"
        return "Messages \(way) waiting at the start of each minute: at most \(most.grouped) in the last hour."
    }

    func span(_ first: Int, _ last: Int) -> String { "\(first)–\(last)" }
}
