import Simulators

/// Everything that a run does, in its order: the same options give the same plan.
///
/// It is counted in messages, not in seconds, so that a slower machine has the same run, only later.
struct TorturePlan: Sendable {
    struct Options: Sendable {
        var seed: UInt64 = 1
        var messages = 2000
        var kills = 50
        /// How long a far side says nothing when it says nothing.
        var silenceSeconds = 30
        /// How many such silences each side has.
        var silences = 2
        /// How many answers each side begins and then doesn't end; each costs byoc the time-out of the call.
        var holds = 3
        /// How many workers are stopped for longer than a lease.
        var hangs = 2
        /// How many deaths come when all else is well again.
        var loneDeaths = 10
    }

    /// A message to be written; its text follows from it.
    struct Writing: Hashable, Sendable {
        var mark: Mark
        var sentences: Int

        var text: String {
            (1...sentences).map { sentence in
                let words = Self.words[(mark.message * 7 + sentence) % Self.words.count]
                return "\(Mark(author: mark.author, message: mark.message, sentence: sentence)) \(words)"
            }.joined(separator: "\n")
        }

        private static let words = [
            "Hello, where is my order? 👋", "Дуже дякую! 🙏🏽 А коли саме?", "5 & 6, \"quoted\", 100 %, it's fine",
            "Привіт 👩‍👩‍👧‍👦, це тест № 7", "zwölf Grüße aus Köln – ça va?", "日本語の文章です。🍣", "Tomorrow between 9 and 12.",
            "Ні, не треба ✅", "line with a tab\tand a backslash \\", "🚚🚚🚚", "e\u{301}te\u{301} and a\u{308}rger",
        ]
    }

    enum Victim: String, Hashable, Sendable {
        case worker, allWorkers, supervisor
        /// All workers and the supervisor, as by a power cut.
        case everything
    }

    enum Step: Equatable, Sendable {
        case write(customer: Int, Writing)
        case picture(customer: Int, Writing)
        case reply(customer: Int, Writing, byBot: Bool)
        case note(customer: Int, Writing)
        case systemLine(customer: Int, Writing)
        /// An agent writes to the customer in another topic.
        case foreign(customer: Int, Writing)
        case resolve(customer: Int)
        case fault(LogEntry.Side, Fault)
        case kill(Victim, afterMilliseconds: Int)
        /// The process that passes the point, after some others have, is killed.
        case arm(String, passes: Int)
        /// It is stopped, with a delivery in its hands, for longer than its lease lasts. With a direction, only one of that
        /// direction counts.
        case hang(String, direction: String, passes: Int)
        case reload
        /// A worker is stopped, and goes on after some time.
        case freeze(seconds: Double)
        /// The side takes the credential no more until an operator has done something about it.
        case refuseCredential(LogEntry.Side)
    }

    /// By the names that `NamedPoint` has in the program.
    static let points = [
        "beforeSend", "afterAnswer", "beforeOutcome", "afterCommit", "createConversation", "afterAccept", "createUser",
        "reload", "retention",
    ]

    /// Every other one just before a message goes to Freshchat: what wakes then with its lease gone, and sends all the same,
    /// is seen at once.
    private static let hangs = [
        ("beforeSend", "inbound"), ("afterAnswer", ""), ("beforeSend", "inbound"), ("beforeOutcome", ""),
    ]

    let options: Options
    private(set) var steps: [Step] = []
    /// For the time after the storm: deaths with nothing else around them, each with what is written meanwhile.
    private(set) var loneDeaths: [[Step]] = []

    private var random: SeededRandom
    private var hasWritten: Set<Int> = []
    private var customers = 0
    private var secrets = 0
    private var killed = 0
    private var hung = 0
    private var held: [LogEntry.Side: Int] = [:]
    private var malformed = 0

    init(_ options: Options) {
        self.options = options
        random = SeededRandom(seed: options.seed)
        let disturbances = Self.schedule(options)
        var next = 0
        for number in 1...max(1, options.messages) {
            addMessage(number)
            while next < disturbances.count, disturbances[next].after <= number {
                add(disturbances[next].what)
                next += 1
            }
        }
        for number in 0..<options.loneDeaths { addLoneDeath(number) }
    }

    // MARK: - Messages

    /// Three new customers write, and are answered.
    private mutating func addLoneDeath(_ number: Int) {
        let points = ["beforeSend", "afterAnswer", "createUser", "beforeOutcome", "createConversation"]
        var steps: [Step] = [.arm(points[number % points.count], passes: 0)]
        for _ in 0..<3 {
            customers += 1
            let message = options.messages + customers
            let question = Writing(mark: Mark(author: .customer, message: message), sentences: 1)
            let answer = Writing(mark: Mark(author: .agent, message: message), sentences: 1)
            steps.append(.write(customer: -customers, question))
            steps.append(.reply(customer: -customers, answer, byBot: false))
        }
        loneDeaths.append(steps)
    }

    /// Customers come and go: forty of them are in conversation at a time, for some twenty-five messages each.
    private mutating func addMessage(_ number: Int) {
        let oldest = number / 25
        let customer = oldest + Int.random(in: 0..<40, using: &random)
        let isLong = random.hits(0.02)
        let sentences = isLong ? Int.random(in: 120...320, using: &random) : random.hits(0.1) ? 3 : 1
        guard hasWritten.contains(customer), random.hits(0.5) else {
            hasWritten.insert(customer)
            let writing = Writing(mark: Mark(author: .customer, message: number), sentences: sentences)
            let isPicture = !isLong && random.hits(0.03)
            steps.append(isPicture ? .picture(customer: customer, writing) : .write(customer: customer, writing))
            return
        }
        let writing = Writing(mark: Mark(author: .agent, message: number), sentences: sentences)
        steps.append(.reply(customer: customer, writing, byBot: random.hits(0.1)))
        guard random.hits(0.1) else { return }
        secrets += 1
        let secret = Writing(mark: Mark(author: .secret, message: secrets), sentences: 1)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: steps.append(.note(customer: customer, secret))
        case 1: steps.append(.systemLine(customer: customer, secret))
        case 2: steps.append(.foreign(customer: customer, secret))
        default: steps.append(.resolve(customer: customer))
        }
    }

    // MARK: - What goes wrong

    private enum Disturbance {
        case kill, fault, malformed, silence(LogEntry.Side), hold(LogEntry.Side), rest, hang, reload, freeze
        case refusal(LogEntry.Side)
    }

    /// Spreads each kind over the whole run. What takes its time comes early, so that the end needn't wait for it.
    private static func schedule(_ options: Options) -> [(after: Int, what: Disturbance)] {
        var all: [(after: Int, what: Disturbance)] = []
        func spread(_ count: Int, over share: Double = 0.97, _ what: Disturbance) {
            for index in 0..<count {
                let position = (Double(index) + 0.5) / Double(count) * share
                all.append((Int(position * Double(options.messages)), what))
            }
        }
        let thousands = max(1, options.messages / 1000)
        spread(options.kills, .kill)
        spread(options.messages / 40, .fault)
        // Each malformation comes once to each side, in a long run more often.
        spread(2 * Malformation.allCases.count * max(1, thousands / 2), .malformed)
        spread(options.holds, over: 0.4, .hold(.freshchat))
        spread(options.holds, over: 0.5, .hold(.viber))
        spread(options.silences, over: 0.5, .silence(.freshchat))
        spread(options.silences, over: 0.6, .silence(.viber))
        // A minute each, so only a long run has them.
        spread(options.messages / 20_000, .rest)
        spread(options.hangs, over: 0.5, .hang)
        spread(max(2, thousands / 2), .reload)
        spread(max(2, thousands / 2), .freeze)
        spread(max(1, thousands / 10), over: 0.8, .refusal(.freshchat))
        spread(max(1, thousands / 10), over: 0.6, .refusal(.viber))
        return all.enumerated().sorted { ($0.element.after, $0.offset) < ($1.element.after, $1.offset) }
            .map(\.element)
    }

    private mutating func add(_ disturbance: Disturbance) {
        switch disturbance {
        case .kill: addKill()
        case .fault: addFault()
        case .malformed: addMalformed()
        case .hold(let side): addHold(side)
        case .silence(let side):
            let route = side == .viber ? "POST /send_message" : "POST /conversations/{id}/messages"
            steps.append(
                .fault(
                    side, .slow(milliseconds: options.silenceSeconds * 1000, .after, route: route)))
        case .rest:
            // Without a time named, byoc leaves Viber alone for a minute.
            steps.append(.fault(.viber, .status(429, route: "POST /send_message")))
        case .hang:
            let (point, direction) = Self.hangs[hung % Self.hangs.count]
            hung += 1
            steps.append(.hang(point, direction: direction, passes: Int.random(in: 0...3, using: &random)))
        case .reload: steps.append(.reload)
        case .freeze: steps.append(.freeze(seconds: Double.random(in: 2...6, using: &random)))
        case .refusal(let side): steps.append(.refuseCredential(side))
        }
    }

    /// Two of three at a named point, in rotation; the others whenever it happens to be.
    private mutating func addKill() {
        defer { killed += 1 }
        guard killed % 3 != 2 else {
            let draw = Int.random(in: 0..<10, using: &random)
            let victim: Victim = draw < 7 ? .worker : draw == 7 ? .allWorkers : draw == 8 ? .supervisor : .everything
            steps.append(.kill(victim, afterMilliseconds: Int.random(in: 0...60, using: &random)))
            return
        }
        let point = Self.points[(killed - killed / 3) % Self.points.count]
        // A start of new workers passes the point of reloading once for the supervisor and once for each of them.
        let passes = Int.random(in: 0...(point == "reload" ? 6 : point.hasPrefix("create") ? 0 : 3), using: &random)
        steps.append(.arm(point, passes: passes))
        if point == "reload" { steps.append(.reload) }
        if point.hasPrefix("create") {
            customers += 1
            let writing = Writing(
                mark: Mark(author: .customer, message: options.messages + customers), sentences: 1)
            // Nobody's else: numbers below 0.
            steps.append(.write(customer: -customers, writing))
        }
    }

    /// An answer that stalls or trickles, in turns: of a write that was made, of a read, of a write that was not.
    private mutating func addHold(_ side: LogEntry.Side) {
        let number = held[side, default: 0]
        held[side] = number + 1
        let routes =
            side == .viber
            ? ["POST /send_message"]
            : ["POST /conversations/{id}/messages", "GET /conversations/{id}/messages", "POST /conversations"]
        let route = routes[number % routes.count]
        let moment: Fault.Moment = number % 3 == 2 ? .before : .after
        // The two sides begin with different ones.
        let stalls = (number % 2 == 0) == (side == .freshchat)
        steps.append(.fault(side, stalls ? .stall(moment, route: route) : .trickle(moment, route: route)))
    }

    /// One malformation after the other, for both sides.
    private mutating func addMalformed() {
        let side: LogEntry.Side = malformed % 2 == 0 ? .freshchat : .viber
        let malformation = Malformation.allCases[malformed / 2 % Malformation.allCases.count]
        malformed += 1
        let moment: Fault.Moment = random.hits(0.6) ? .after : .before
        steps.append(.fault(side, .malformed(malformation, moment, route: route(on: side))))
    }

    /// Where something goes wrong: on Viber's side always where a message is sent.
    private mutating func route(on side: LogEntry.Side) -> String {
        side == .viber
            ? "POST /send_message"
            : ["*", "POST /conversations/{id}/messages", "POST /conversations", "POST /users"].randomElement(
                using: &random) ?? "*"
    }

    private mutating func addFault() {
        let side: LogEntry.Side = random.hits(0.5) ? .freshchat : .viber
        let moment: Fault.Moment = random.hits(0.6) ? .after : .before
        let route = route(on: side)
        let count = Int.random(in: 1...3, using: &random)
        var fault: Fault =
            switch Int.random(in: 0..<7, using: &random) {
            case 0: .status(429, route: route, count: count, retryAfterSeconds: 1)
            case 1 where side == .freshchat: .status(429, route: route, count: count)
            case 2: .status(500, moment: moment, route: route, count: count)
            case 3: .status(503, moment: moment, route: route, count: count, retryAfterSeconds: 1)
            case 4: .status(502, moment: moment, route: route, count: count, body: .html)
            case 5: .reset(moment, route: route, count: count)
            default: .slow(milliseconds: 300, moment, route: route, count: count)
            }
        // Some requests in between go well, for a side that fails every time is left alone after a while.
        fault.probability = 0.4
        steps.append(.fault(side, fault))
    }
}
