import Simulators

/// Judges a run by what the far sides logged, and by nothing else.
struct Oracle {
    /// One message, from its author to where it arrived.
    struct Message {
        var mark: Mark
        var text: String
        /// The customer's Viber id; empty when the conversation is nobody's that we know.
        var customer: String
        /// The number of the entry that tells of the writing.
        var written: Int
        /// Number of the entry before the first attempt to tell byoc of it; `nil`: none was made.
        var offered: Int?
        /// Number of the entry of the first attempt that byoc answered 2xx; `nil`: none.
        var accepted: Int?
        /// What of it arrived, in the order of arrival.
        var arrivals: [LogEntry] = []
        /// Our private notes about it.
        var notes: [LogEntry] = []
    }

    struct Options {
        /// A poll brings what no webhook brought, so every reply has to arrive, also one whose webhook was never accepted.
        var isPolled = false
        /// The id of the topic that conversations are on.
        var topic: String
    }

    private(set) var messages: [Mark: Message] = [:]
    private(set) var verdict = TortureVerdict()

    let options: Options
    let people: People
    private let log: [LogEntry]
    private var byReference: [String: Mark] = [:]
    /// What arrived at each place, in order: `freshchat` or `viber`, and the customer.
    private var arrivals: [Place: [(mark: Mark, entry: LogEntry)]] = [:]
    private var noteTexts: [String: Int] = [:]

    private struct Place: Hashable {
        var side: LogEntry.Side
        var customer: String
    }

    init(_ log: [LogEntry], _ options: Options) {
        self.log = log
        self.options = options
        people = People(log, topic: options.topic)
        for entry in log { read(entry) }
        judgeMessages()
        judgeOrder()
        verdict.doubledInFreshchat += people.surplusUsers.count + people.surplusConversations.count
        for entry in people.surplusUsers + people.surplusConversations {
            report(.doubledInFreshchat, nil, "\(entry.name) a second time for \(entry.reference)", [entry])
        }
        let recoveries = Recoveries(log, people)
        verdict.recoveries = recoveries.milliseconds
        verdict.loneRecoveries = recoveries.alone
        verdict.kills = log.count { $0.side == .driver && $0.name == "kill" }
    }

    // MARK: - Reading

    private mutating func read(_ entry: LogEntry) {
        switch (entry.side, entry.kind, entry.name) {
        case (.viber, .action, "customer.writes"):
            write(entry, .customer, customer: entry.subject)
        case (.freshchat, .message, "agent.normal"), (.freshchat, .message, "bot.normal"):
            write(entry, .agent, customer: people.customer(ofConversation: entry.subject) ?? "")
        case (.viber, .webhook, "message"), (.freshchat, .webhook, "message_create"):
            offer(entry)
        case (.freshchat, .message, "user.normal"):
            arrive(entry, .customer, at: people.customer(ofConversation: entry.subject) ?? "")
        case (.viber, .message, let name) where name != "welcome":
            arrive(entry, .agent, at: entry.subject)
        case (.freshchat, .message, "bot.private"), (.freshchat, .message, "system.private"):
            note(entry)
        default: break
        }
    }

    private mutating func write(_ entry: LogEntry, _ author: Mark.Author, customer: String) {
        guard let mark = Mark.all(in: entry.text).first, mark.author == author else { return }
        messages[mark.first] = Message(
            mark: mark.first, text: entry.text, customer: customer, written: entry.number)
        byReference["\(entry.side.rawValue) \(entry.reference)"] = mark.first
    }

    private mutating func offer(_ entry: LogEntry) {
        guard let mark = byReference["\(entry.side.rawValue) \(entry.reference)"], var message = messages[mark] else {
            return
        }
        message.offered = min(message.offered ?? entry.since, entry.since)
        if (200..<300).contains(entry.status), message.accepted == nil { message.accepted = entry.number }
        messages[mark] = message
    }

    private mutating func arrive(_ entry: LogEntry, _ author: Mark.Author, at customer: String) {
        let marks = Mark.all(in: entry.text)
        guard let mark = marks.first, marks.allSatisfy({ $0.first == mark.first }), mark.author == author,
            var message = messages[mark.first], message.customer == customer
        else {
            verdict.leaked += 1
            report(.leaked, marks.first, "arrived where it doesn't belong: \(entry.text.prefix(80))", [entry])
            return
        }
        message.arrivals.append(entry)
        messages[mark.first] = message
        for mark in marks { arrivals[Place(side: entry.side, customer: customer), default: []].append((mark, entry)) }
    }

    private mutating func note(_ entry: LogEntry) {
        let key = "\(entry.subject)\n\(entry.text)"
        noteTexts[key, default: 0] += 1
        if noteTexts[key] ?? 0 > 1 {
            verdict.doubledInFreshchat += 1
            report(.doubledInFreshchat, nil, "a private note a second time: \(entry.text.prefix(80))", [entry])
        }
        guard let mark = Mark.all(in: entry.text).first else { return }
        messages[mark.first]?.notes.append(entry)
        if entry.text.contains("An operator has to decide") { verdict.held += 1 }
    }

    // MARK: - Judging

    private mutating func judgeMessages() {
        for message in messages.values.sorted(by: { $0.written < $1.written }) {
            verdict.messages += 1
            let isOwed = message.accepted != nil || (options.isPolled && message.mark.author == .agent)
            if !isOwed { verdict.unaccepted += 1 }
            let marks = message.arrivals.map { Mark.all(in: $0.text) }
            if isOwed, message.notes.isEmpty {
                // The whole text, whatever pieces it came in.
                var seen: Set<Mark> = []
                let arrived = zip(message.arrivals, marks).filter { pair in
                    defer { seen.formUnion(pair.1) }
                    return !seen.isSuperset(of: pair.1)
                }.map(\.0.text).joined().filter { !$0.isWhitespace }
                if !arrived.contains(message.text.filter { !$0.isWhitespace }) {
                    verdict.lost += 1
                    report(.lost, message.mark, "\(message.arrivals.count) pieces arrived", of: [message])
                }
            }
            let repeats = marks.joined().count - Set(marks.joined()).count
            guard repeats > 0 else { continue }
            if message.mark.author == .customer {
                verdict.doubledInFreshchat += 1
                report(.doubledInFreshchat, message.mark, "arrived more than once", of: [message])
            } else {
                verdict.doubledOnChannel += 1
                if !isExplained(message, marks) {
                    verdict.unexplained += 1
                    report(.unexplained, message.mark, "sent again for no reason", of: [message])
                }
            }
        }
    }

    /// Whether a death, a stop, or an answer that didn't come stood between the first sending and the last.
    private func isExplained(_ message: Message, _ marks: [[Mark]]) -> Bool {
        guard let start = message.arrivals.first, let end = message.arrivals.last else { return false }
        return log.contains { entry in
            if entry.side == .driver {
                return ["kill", "freeze", "thaw", "reload"].contains(entry.name) && entry.time >= start.time - 10_000
                    && entry.time <= end.time
            }
            return entry.side == .viber && entry.kind == .fault && entry.subject == message.customer
                && entry.number < end.number && entry.number > message.written
        }
    }

    /// A message may not arrive before another that byoc had accepted before it was even told of this one. Where the two
    /// were offered at the same time, either may be first.
    private mutating func judgeOrder() {
        for (_, sequence) in arrivals {
            var seen: Set<Mark> = []
            var newest: (offered: Int, mark: Mark)?
            var last: [Mark: Int] = [:]
            for (mark, entry) in sequence where seen.insert(mark).inserted {
                guard let message = messages[mark.first] else { continue }
                let isLate = newest.map { newest in message.accepted.map { $0 <= newest.offered } ?? false } ?? false
                let isTorn = last[mark.first].map { $0 > mark.sentence } ?? false
                if isLate || isTorn {
                    verdict.disordered += 1
                    let other = newest.flatMap { messages[$0.mark] }
                    report(
                        .disordered, mark, "arrived after \(newest?.mark.description ?? "its end")",
                        of: [message, other].compactMap(\.self), [entry])
                }
                last[mark.first] = mark.sentence
                let offered = options.isPolled && mark.author == .agent ? message.written : message.offered
                if let offered, offered > newest?.offered ?? -1 { newest = (offered, mark.first) }
            }
        }
    }

    /// Only the first few are told in full: thousands would hide them.
    private mutating func report(
        _ offence: TortureVerdict.Offence, _ mark: Mark?, _ words: String, of messages: [Message] = [],
        _ entries: [LogEntry] = []
    ) {
        guard verdict.reports.count < 20 else { return }
        let all = Dictionary((messages.flatMap(story) + entries).map { ($0.number, $0) }) { first, _ in first }
        verdict.reports.append(
            TortureVerdict.Report(
                offence: offence, mark: mark, words: words, entries: all.values.sorted { $0.number < $1.number }))
    }

    /// All entries that concern a message.
    private func story(of message: Message) -> [LogEntry] {
        let references = Set(byReference.filter { $0.value == message.mark }.keys)
        return log.filter { entry in
            references.contains("\(entry.side.rawValue) \(entry.reference)")
                || Mark.all(in: entry.text).contains { $0.first == message.mark }
        }
    }
}
