import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials
import NIOHTTP1
import Simulators

/// Plays a conversation through a running sandbox and whatever is connected to it, and tells whether all of it arrived.
struct Play: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play a conversation both ways and check that all of it arrives once and in order.",
        discussion: """
            Works on a running sandbox to which a bridge is connected. Judges by what the services saw. The last line is \
            “relayed=N lost=N doubled=N disordered=N”; exit code 0 only if the last three are 0.
            """)

    @Option(help: "The file that the sandbox wrote when it was ready.")
    var aboutFile: String

    @Option(help: "Seconds to wait for each step's arrival.")
    var patience = 30

    func run() async throws {
        let about = try JSONDecoder().decode(
            SandboxAbout.self, from: try Data(contentsOf: URL(filePath: aboutFile)))
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        do {
            var play = try await Playing(
                control: ControlClient(url: about.control.url, client: client), patience: .seconds(patience))
            let verdict = try await play.run()
            try await client.shutdown()
            print(verdict)
            if !verdict.isGood { throw ExitCode.failure }
        } catch {
            try? await client.shutdown()
            throw error
        }
    }
}

/// What arrived, compared with what was sent.
struct Verdict: CustomStringConvertible {
    var relayed = 0
    var lost = 0
    var doubled = 0
    var disordered = 0

    var isGood: Bool { lost == 0 && doubled == 0 && disordered == 0 && relayed > 0 }

    var description: String { "relayed=\(relayed) lost=\(lost) doubled=\(doubled) disordered=\(disordered)" }

    /// Every text of a conversation is different, so each can be looked for by itself. What arrived without having been
    /// sent counts as doubled: nobody asked for it.
    mutating func compare(sent: [String], arrived: [String]) {
        var firsts: [String] = []
        for text in arrived {
            if !sent.contains(text) || firsts.contains(text) {
                doubled += 1
            } else {
                firsts.append(text)
            }
        }
        relayed += firsts.count
        lost += sent.count - firsts.count
        let expected = sent.filter(firsts.contains)
        disordered += zip(firsts, expected).count { $0 != $1 }
    }
}

/// The play under way.
private struct Playing {
    let control: ControlClient
    let patience: Duration
    let customer: String
    private var entries: [LogEntry] = []
    private var fromCustomer: [String] = []
    private var fromAgent: [String] = []
    /// The id of the customer's conversation, once there is one.
    private var conversation: String?

    init(control: ControlClient, patience: Duration) async throws {
        struct Customer: Decodable {
            var id: String
        }
        self.control = control
        self.patience = patience
        customer = try await control.call(.POST, "/viber/customers", ["name": "Olena"], as: Customer.self).id
    }

    mutating func run() async throws -> Verdict {
        print("Time of each hop in milliseconds after it was written:\n")
        for step in Conversation.steps { try await play(step) }
        try await settle()

        var verdict = Verdict()
        verdict.compare(sent: fromCustomer, arrived: arrivedInFreshchat.map(\.text))
        verdict.compare(sent: fromAgent, arrived: arrivedOnPhone.map(\.text))
        print("")
        return verdict
    }

    private mutating func play(_ step: Conversation.Step) async throws {
        switch step {
        case .customerOpens:
            try await control.call(.POST, "/viber/customers/\(path(customer))/open")
            try await follow { $0.kind == .message && $0.name == "welcome" }
            print("phone   ⇠ welcome message")
        case .customer(let text, let times):
            try await write([text], times: times)
        case .customerBurst(let texts):
            try await write(texts, times: 1)
        case .picture(let caption):
            let start = Date()
            try await control.call(.POST, "/viber/customers/\(path(customer))/pictures", ["caption": caption])
            try await follow { $0.side == .freshchat && $0.kind == .message && $0.text.contains(caption) }
            // The link is Viber's and different each time, so the text is taken over as it arrived, if it is whole.
            if let arrived = arrivedInFreshchat.last?.text, arrived.contains("http") { fromCustomer.append(arrived) }
            report("phone   ➜ 🖼 \(caption)", since: start, "Freshchat", arrivedInFreshchat.last)
        case .agent(let text):
            try await answer([text])
        case .agentBurst(let texts):
            try await answer(texts)
        case .note(let text):
            try await control.call(.POST, "/freshchat/conversations/\(try conversationPath())/notes", ["text": text])
            print("agent   ✎ private note: \(text)")
        }
    }

    private mutating func write(_ texts: [String], times: Int) async throws {
        for text in texts {
            try await control.call(
                .POST, "/viber/customers/\(path(customer))/messages", ["text": text, "repeat": times])
        }
        fromCustomer += texts
        try await follow { $0.side == .freshchat && $0.kind == .message && $0.text == texts.last }
        for text in texts {
            let written = entries.last { $0.name == "customer.writes" && $0.text == text }
            let accepted = try await acceptance(of: written)
            let arrived = arrivedInFreshchat.first { $0.text == text }
            if arrived != nil { conversation = arrived?.subject }
            report(
                "phone   ➜ \(text)" + (times > 1 ? " (sent \(times) times)" : ""), written,
                [
                    ("byoc has it", accepted), ("Freshchat shows it", arrived),
                ])
        }
    }

    private mutating func answer(_ texts: [String]) async throws {
        for text in texts {
            try await control.call(
                .POST, "/freshchat/conversations/\(try conversationPath())/replies", ["text": text])
        }
        fromAgent += texts
        try await follow { $0.side == .viber && $0.kind == .message && $0.text == texts.last }
        for text in texts {
            let written = entries.last { $0.name == "agent.normal" && $0.text == text }
            let accepted = try await acceptance(of: written)
            report(
                "agent   ➜ \(text)", written,
                [
                    ("byoc has it", accepted), ("phone shows it", arrivedOnPhone.first { $0.text == text }),
                ])
        }
    }

    /// When the bridge took the webhook of what was written. Its answer may be logged after the message has arrived.
    private mutating func acceptance(of written: LogEntry?) async throws -> LogEntry? {
        guard let written else { return nil }
        func isAcceptance(_ entry: LogEntry) -> Bool {
            entry.kind == .webhook && entry.side == written.side && entry.status == 200
                && entry.reference == written.reference
        }
        try await follow(until: isAcceptance)
        return entries.first(where: isAcceptance)
    }

    private var arrivedInFreshchat: [LogEntry] {
        entries.filter { $0.side == .freshchat && $0.kind == .message && $0.name == "user.normal" }
    }

    private var arrivedOnPhone: [LogEntry] {
        entries.filter { $0.side == .viber && $0.kind == .message && $0.name != "welcome" && $0.subject == customer }
    }

    /// Reads on in the log until there is such an entry. Its absence is not an error here: the verdict tells.
    private mutating func follow(until condition: (LogEntry) -> Bool) async throws {
        let deadline = ContinuousClock.now + patience
        while !entries.contains(where: condition), ContinuousClock.now < deadline {
            try await readOn()
        }
    }

    /// Waits until nothing is under way any more: no webhook is to be sent, and nothing new was logged for a second.
    private mutating func settle() async throws {
        struct Pending: Decodable {
            var pending: Int
        }
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            let before = entries.count
            try await readOn()
            if entries.count == before, try await control.call(.GET, "/pending", as: Pending.self).pending == 0 {
                return
            }
        }
    }

    private mutating func readOn() async throws {
        entries += try await control.log(since: entries.last?.number ?? 0, waiting: .seconds(1))
    }

    private func conversationPath() throws -> String {
        guard let conversation else { throw ControlFailure(description: "The customer's message never arrived.") }
        return path(conversation)
    }

    private func path(_ id: String) -> String { APIRequest.encode(id) }

    private func report(_ what: String, _ written: LogEntry?, _ hops: [(String, LogEntry?)]) {
        print(what.split(separator: "\n").joined(separator: " ⏎ "))
        let words = hops.map { name, entry in
            guard let entry, let written else { return "\(name): never" }
            return "\(name): +\(entry.time - written.time)"
        }
        print("          " + words.joined(separator: "   "))
    }

    private func report(_ what: String, since start: Date, _ name: String, _ entry: LogEntry?) {
        print(what)
        let arrived = entry.map { "+\(max(0, $0.time - Int64(start.timeIntervalSince1970 * 1000)))" } ?? "never"
        print("          \(name) shows it: \(arrived)")
    }
}
