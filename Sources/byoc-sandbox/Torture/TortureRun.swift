import Foundation
import Glibc
import Simulators

/// Carries a plan out: writes as customers and agents, and makes everything go wrong that the plan names.
///
/// One task does it all, step by step. Between the steps it reads what the far sides have logged since.
struct TortureRun {
    let plan: TorturePlan
    let sandbox: SandboxServer
    let about: SandboxAbout
    let points: PointFolder
    /// How many messages may be under way at once.
    let window: Int
    let deadline: ContinuousClock.Instant
    /// How long a hanging worker hangs. After a lease, byoc's shortest, others have what it had; after as much again they
    /// know that it isn't under way any more, and send it. Only then does it wake.
    let hangTime: Duration = .seconds(30 + 30 + 10)

    var byoc: ByocUnderTorture
    var installation = ""
    /// The Viber ids of the plan's customers.
    private var customers: [Int: String] = [:]
    var people = People()
    /// The conversations on the topic, by customer.
    private var conversations: [String: String] = [:]
    /// What is to be done once the customer has a conversation.
    private var postponed: [String: [TorturePlan.Step]] = [:]
    /// The last sentences of what is under way.
    private var underWay: Set<Mark> = []
    private var read = 0
    private var lastProgress = ContinuousClock.now
    private var nextStart = ContinuousClock.now
    /// Whether byoc fetches what no webhook brings.
    private let isPolled: Bool
    /// Faults whose turn has not come: one at a time for each route.
    var faults: [(side: LogEntry.Side, fault: Fault)] = []
    /// What is to be done at an instant of its own.
    var agenda: [(at: ContinuousClock.Instant, what: Task)] = []
    /// The workers that are stopped for longer than a lease. What they do when they wake is to be seen, so nobody kills them
    /// before.
    var hanging: Set<pid_t> = []

    enum Task {
        case stop(pid_t)
        case hang(point: String, direction: String, passes: Int)
        case reload
        case thaw(pid_t)
        /// An operator repairs what was refused.
        case repair(LogEntry.Side)
    }

    var topic: String { about.freshchat.topics[0].id }
    var log: EventLog { sandbox.log }

    init(
        plan: TorturePlan, sandbox: SandboxServer, about: SandboxAbout, byoc: ByocUnderTorture, points: PointFolder,
        window: Int, limit: Duration, isPolled: Bool
    ) {
        self.plan = plan
        self.sandbox = sandbox
        self.about = about
        self.byoc = byoc
        self.points = points
        self.window = window
        self.isPolled = isPolled
        deadline = ContinuousClock.now + limit
    }

    /// Everything of the plan, and then the wait until all is quiet.
    mutating func run() async throws {
        for (index, step) in plan.steps.enumerated() {
            try await makeRoom()
            try await perform(step)
            if index % 16 == 0 { try await poll() }
            if ContinuousClock.now > deadline {
                print("The time is up after \(index) of \(plan.steps.count) steps.")
                break
            }
        }
        try await finishKills()
        calm()
        try await settle()
        for steps in plan.loneDeaths {
            for step in steps { try await perform(step) }
            try await settle()
        }
    }

    // MARK: - Steps

    private mutating func perform(_ step: TorturePlan.Step) async throws {
        switch step {
        case .write(let customer, let writing):
            let id = id(of: customer)
            begin(writing)
            sandbox.viber.customerWrites(id, writing.text)
        case .picture(let customer, let writing):
            let id = id(of: customer)
            let url = sandbox.viber.mediaURL(for: [1, 2, 3], fileName: "photo.png", contentType: "image/png")
            begin(writing)
            sandbox.viber.customerWrites(
                id,
                message: [
                    "type": "picture", "media": .string(url), "thumbnail": .string(url), "text": .string(writing.text),
                ])
        case .reply(let customer, _, _), .note(let customer, _), .systemLine(let customer, _),
            .foreign(let customer, _), .resolve(let customer):
            let id = id(of: customer)
            if let conversation = conversations[id] {
                try answer(step, in: conversation)
            } else {
                postponed[id, default: []].append(step)
            }
        case .fault(let side, let fault):
            inject(fault, side)
        case .kill(let victim, let wait):
            try await Swift.Task.sleep(for: .milliseconds(wait))
            try await kill(victim)
        case .arm(let point, let passes):
            try await arm(point, passes: passes)
        case .hang(let point, let direction, let passes):
            try await hang(point, direction: direction, passes: passes)
        case .reload: reload()
        case .freeze(let seconds): freeze(seconds)
        case .refuseCredential(let side): refuseCredential(side)
        }
    }

    private mutating func begin(_ writing: TorturePlan.Writing) {
        underWay.insert(Mark(author: writing.mark.author, message: writing.mark.message, sentence: writing.sentences))
    }

    /// What is done in Freshchat, in a conversation that is there.
    private mutating func answer(_ step: TorturePlan.Step, in conversation: String) throws {
        func parts(_ writing: TorturePlan.Writing) -> [JSON] { [["text": ["content": .string(writing.text)]]] }
        let freshchat = sandbox.freshchat
        switch step {
        case .reply(_, let writing, let byBot):
            begin(writing)
            if byBot {
                try freshchat.botReplies(in: conversation, parts: parts(writing))
            } else {
                try freshchat.agentReplies(in: conversation, parts: parts(writing))
            }
        case .note(_, let writing): try freshchat.agentWritesPrivateNote(in: conversation, writing.text)
        case .systemLine(_, let writing): try freshchat.systemWrites(in: conversation, writing.text)
        case .foreign(_, let writing):
            guard let user = freshchat.conversation(conversation)?.userID else { return }
            try freshchat.startConversation(
                with: user, onTopic: about.freshchat.topics[1].id, writing.text, byAgent: true)
        case .resolve: try freshchat.resolve(conversation)
        default: break
        }
    }

    private mutating func id(of customer: Int) -> String {
        if let id = customers[customer] { return id }
        let id = sandbox.viber.addCustomer(name: "Customer \(customer)")
        customers[customer] = id
        return id
    }

    // MARK: - Looking

    /// Waits while too much is under way.
    private mutating func makeRoom() async throws {
        while underWay.count >= window {
            let seen = read
            _ = await log.wait(timeout: .milliseconds(50)) { [log] in log.last > seen }
            try await poll()
            guard ContinuousClock.now - lastProgress < .seconds(180) else {
                throw TortureFailure("nothing has arrived for three minutes; \(underWay.count) messages are under way")
            }
        }
    }

    /// Reads on in the log, and does what has become due.
    mutating func poll() async throws {
        for entry in log.entries(since: read) {
            read = entry.number
            try follow(entry)
        }
        takeHits()
        injectNext()
        if !byoc.isRunning, ContinuousClock.now >= nextStart {
            nextStart = ContinuousClock.now + .milliseconds(250)
            try restart()
        }
        let now = ContinuousClock.now
        let due = agenda.filter { $0.at <= now }
        agenda.removeAll { $0.at <= now }
        for item in due { try await perform(item.what) }
    }

    private mutating func follow(_ entry: LogEntry) throws {
        switch (entry.side, entry.kind) {
        case (.freshchat, .action):
            guard let customer = people.learn(entry, topic: topic) else { return }
            conversations[customer] = entry.subject
            for step in postponed.removeValue(forKey: customer) ?? [] { try answer(step, in: entry.subject) }
        case (.freshchat, .message) where ["user.normal", "bot.private", "system.private"].contains(entry.name),
            (.viber, .message):
            arrive(entry, isNote: entry.name.hasSuffix(".private"))
        case (.freshchat, .request) where entry.status == 401: scheduleRepair(.freshchat)
        case (.viber, .fault) where entry.text.hasPrefix("apiStatus"): scheduleRepair(.viber)
        default: break
        }
    }

    private mutating func arrive(_ entry: LogEntry, isNote: Bool) {
        for mark in Mark.all(in: entry.text) {
            // A note quotes only the beginning of a message.
            let gone = isNote ? underWay.first { $0.first == mark.first } : mark
            if let gone, underWay.remove(gone) != nil { lastProgress = ContinuousClock.now }
        }
    }

    private mutating func scheduleRepair(_ side: LogEntry.Side) {
        let isScheduled = agenda.contains { item in
            if case .repair(side) = item.what { true } else { false }
        }
        if !isScheduled { agenda.append((ContinuousClock.now + .seconds(1), .repair(side))) }
    }

    // MARK: - The end

    /// Waits until nothing is under way any more: no webhook is to be sent, the outbox is empty, and nothing new was
    /// logged for a second. A poll never lets the log rest; with it, everything that was written has to have arrived.
    private mutating func settle() async throws {
        let end = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < end {
            try await poll()
            let before = log.last
            _ = await log.wait(timeout: .seconds(1)) { [log] in log.last > before }
            let rests = isPolled ? underWay.isEmpty : log.last == before
            guard rests, sandbox.pending == 0, agenda.isEmpty else { continue }
            let waiting = try await byoc.run(["outbox", "--waiting", "--json"])
            if try JSON(parsing: Array(waiting)).array?.isEmpty == true, isPolled || log.last == before { return }
        }
        print("It has not become quiet within five minutes.")
    }
}
