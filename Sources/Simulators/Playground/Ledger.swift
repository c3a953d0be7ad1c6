/// Counts the messages sent, arrived and failed. What was sent and arrived comes from the simulators' log alone; only that a
/// message will never arrive is taken from the bridge's word.
package struct Ledger: Sendable {
    package enum Direction: String, Sendable {
        case inbound, outbound
    }

    /// How far a message has come, as the ticks beside it show.
    package enum Mark: String, Sendable, Comparable {
        /// It was written.
        case sent
        /// Inbound: the bridge has answered its webhook. Outbound: it is on the phone.
        case delivered
        /// Inbound: it is on the agent's desk. Outbound: the phone has told that it was looked at.
        case seen
        /// The bridge has given up on it.
        case failed

        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .sent: 0
            case .delivered: 1
            case .seen: 2
            // What arrives after all, after a retry, is no longer failed.
            case .failed: -1
            }
        }
    }

    /// The figures of one direction.
    package struct Tally: Sendable, Equatable {
        package var sent = 0
        package var arrived = 0
        /// Arrived once more than it was sent.
        package var doubled = 0
        /// Webhooks that told once more of what had been told.
        package var repeats = 0
        /// Given up on by the bridge, and not arrived since.
        package var failed = 0

        package var underWay: Int { sent - arrived - failed }

        package init(sent: Int = 0, arrived: Int = 0, doubled: Int = 0, repeats: Int = 0, failed: Int = 0) {
            self.sent = sent
            self.arrived = arrived
            self.doubled = doubled
            self.repeats = repeats
            self.failed = failed
        }
    }

    private struct Sent {
        var id: String
        var text: String
        /// The text in the form in which it arrived: a picture may come as a link.
        var arrivedAs: String?
        var mark = Mark.sent
        var isAnnounced = false
        /// The delivery that the bridge made of it, once it has failed.
        var failedDelivery: String?
        var hasFailed: Bool { mark == .failed }
    }

    /// A person and a direction.
    private struct Lane: Hashable {
        var person: String
        var direction: Direction
    }

    /// The number of the last entry that was read.
    private var last = 0
    private var lanes: [Lane: [Sent]] = [:]
    private var laneOfMessage: [String: Lane] = [:]
    /// Freshchat's users, and the conversations, by the Viber user id of the person.
    private var persons: [String: String] = [:]
    private var tallies: [Direction: Tally] = [:]

    package init() {}

    package func tally(_ direction: Direction) -> Tally { tallies[direction] ?? Tally() }

    /// How far the message with this token or message id has come; nil for what nobody sent.
    package func mark(_ message: String) -> Mark? {
        laneOfMessage[message].flatMap { lanes[$0]?.last { $0.id == message }?.mark }
    }

    /// Whose conversation it is, as the bridge has told Freshchat; nil when it hasn't.
    package func person(ofConversation conversation: String) -> String? { persons[conversation] }

    /// Reads on in the log.
    package mutating func read(_ log: EventLog) {
        for entry in log.entries(since: last) { read(entry) }
    }

    mutating func read(_ entry: LogEntry) {
        last = entry.number
        switch (entry.side, entry.kind, entry.name) {
        case (.viber, .action, "customer.writes"):
            send(entry.reference, entry.text, Lane(person: entry.subject, direction: .inbound))
        case (.viber, .webhook, "message") where entry.status == 200:
            announce(entry.reference, raises: .delivered)
        case (.freshchat, .action, "user.created"):
            // What is before the colon says which channel the person is on.
            if let colon = entry.reference.firstIndex(of: ":") {
                persons[entry.subject] = String(entry.reference[colon...].dropFirst())
            }
        case (.freshchat, .action, "conversation.created"):
            persons[entry.subject] = persons[entry.reference]
        case (.freshchat, .message, "user.normal"):
            guard let person = persons[entry.subject] else { return }
            arrive(entry.text, Lane(person: person, direction: .inbound), as: .seen)
        case (.freshchat, .message, "agent.normal"), (.freshchat, .message, "bot.normal"):
            guard let person = persons[entry.subject] else { return }
            send(entry.reference, entry.text, Lane(person: person, direction: .outbound))
        case (.freshchat, .webhook, "message_create") where (200..<300).contains(entry.status):
            announce(entry.reference, raises: nil)
        case (.viber, .message, let name) where name != "welcome":
            arrive(entry.text, Lane(person: entry.subject, direction: .outbound), as: .delivered)
        case (.viber, _, "seen"):
            see(Lane(person: entry.subject, direction: .outbound))
        case (.bridge, .action, "dead"), (.bridge, .action, "discarded"): fail(entry)
        case (.bridge, .action, "claimed"): takeUp(entry.reference)
        default: break
        }
    }

    /// The bridge has given up on a message: on the oldest with its text that hasn't arrived, else on the oldest.
    private mutating func fail(_ entry: LogEntry) {
        guard let step = try? JSON(parsing: entry.text), step["event"]?.string == "message",
            let direction = step["direction"]?.string.flatMap(Direction.init(rawValue:))
        else { return }
        let lane = Lane(person: entry.subject, direction: direction)
        guard let all = lanes[lane] else { return }
        // The bridge tells the beginning of a long text.
        var beginning = step["text"]?.string ?? ""
        if beginning.hasSuffix("…") { beginning.removeLast() }
        func isUnderWay(_ sent: Sent) -> Bool { sent.arrivedAs == nil && !sent.hasFailed }
        guard
            let index = all.firstIndex(where: { isUnderWay($0) && $0.text.hasPrefix(beginning) })
                ?? all.firstIndex(where: isUnderWay)
        else { return }
        tallies[direction, default: Tally()].failed += 1
        change(lane, index) { sent in
            sent.mark = .failed
            sent.failedDelivery = entry.reference
        }
    }

    /// A failed message is tried again.
    private mutating func takeUp(_ delivery: String) {
        for lane in lanes.keys {
            guard let index = lanes[lane]?.firstIndex(where: { $0.hasFailed && $0.failedDelivery == delivery })
            else { continue }
            tallies[lane.direction, default: Tally()].failed -= 1
            change(lane, index) { $0.mark = lane.direction == .inbound ? .delivered : .sent }
        }
    }

    private mutating func send(_ id: String, _ text: String, _ lane: Lane) {
        lanes[lane, default: []].append(Sent(id: id, text: text))
        laneOfMessage[id] = lane
        tallies[lane.direction, default: Tally()].sent += 1
    }

    /// A webhook was answered that tells of a message.
    private mutating func announce(_ id: String, raises mark: Mark?) {
        guard let lane = laneOfMessage[id], let index = lanes[lane]?.lastIndex(where: { $0.id == id }) else { return }
        if lanes[lane]?[index].isAnnounced == true { tallies[lane.direction, default: Tally()].repeats += 1 }
        change(lane, index) { sent in
            sent.isAnnounced = true
            if let mark { sent.mark = max(sent.mark, mark) }
        }
    }

    /// A text arrived: that of the oldest which waits for it; else one that had arrived comes again; else it is the oldest
    /// that waits, in another form.
    private mutating func arrive(_ text: String, _ lane: Lane, as mark: Mark) {
        // What comes from somebody who has written nothing here, such as the settings pages' test, is nothing doubled.
        guard let all = lanes[lane] else { return }
        func waits(_ sent: Sent) -> Bool { sent.arrivedAs == nil }
        var found = all.firstIndex { waits($0) && $0.text == text }
        if found == nil, !all.contains(where: { $0.arrivedAs == text }) { found = all.firstIndex(where: waits) }
        guard let found else {
            tallies[lane.direction, default: Tally()].doubled += 1
            return
        }
        tallies[lane.direction, default: Tally()].arrived += 1
        if all[found].hasFailed { tallies[lane.direction, default: Tally()].failed -= 1 }
        change(lane, found) { sent in
            sent.arrivedAs = text
            sent.mark = max(sent.mark, mark)
        }
    }

    /// The phone was looked at.
    private mutating func see(_ lane: Lane) {
        for index in (lanes[lane] ?? []).indices {
            change(lane, index) { sent in if sent.arrivedAs != nil { sent.mark = .seen } }
        }
    }

    private mutating func change(_ lane: Lane, _ index: Int, _ edit: (inout Sent) -> Void) {
        guard lanes[lane]?.indices.contains(index) == true else { return }
        edit(&lanes[lane, default: []][index])
    }
}
