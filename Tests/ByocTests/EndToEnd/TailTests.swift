import Foundation
import Glibc
import Simulators
import Testing

extension EndToEnd {
    @Suite("byoc tail")
    struct Tails {
        @Test("A message both ways is seen step by step, in order, from whichever worker")
        func bothWays() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let tail = try await stack.startTail(hearing: installed)
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "привіт 👋\nдруге")
                try await stack.agentRepliesAndArrives(conversation.id, "добрий день", to: customer)
                try await poll("both to be delivered") { try tail.steps().count { $0.step == "delivered" } >= 2 }

                let steps = try tail.steps().filter { $0.json["event"]?.string == "message" }
                let inbound = steps.filter { $0.direction == "inbound" }
                #expect(inbound.first?.step == "verified")
                let committed = try #require(inbound.first { $0.step == "committed" })
                let delivery = try #require(committed.json["delivery"]?.integer)
                #expect(committed.json["deliveries"]?.array == [.integer(delivery)])
                let way = inbound.filter { $0.json["delivery"]?.integer == delivery }.map(\.step)
                #expect(way.first == "committed" && way.last == "delivered", "\(way)")
                #expect(way.contains("claimed") && way.contains("sending") && way.contains("answered"), "\(way)")
                #expect(try tail.steps().contains { $0.step == "received" && $0.direction == "inbound" })
                let replied = try #require(steps.first { $0.direction == "outbound" && $0.step == "delivered" })
                let reply = replied.json["delivery"]?.integer
                let back = steps.filter { $0.direction == "outbound" && $0.json["delivery"]?.integer == reply }
                #expect(back.first?.step == "committed" && back.last?.step == "delivered", "\(tail.text)")
                #expect(steps.contains { $0.direction == "outbound" && $0.step == "verified" }, "\(tail.text)")
                for step in inbound where step.step != "refused" {
                    #expect(step.json["installation"]?.string == installed.id)
                    #expect(step.json["channel"]?.string == "viber")
                    #expect(step.json["contact"]?.string == customer)
                    #expect(step.json["text"]?.string == "привіт 👋\nдруге")
                    #expect(step.json["at"]?.string?.hasSuffix("Z") == true)
                }
                for step in inbound where step.step == "answered" {
                    #expect((step.json["status"]?.integer ?? 0) / 100 == 2)
                    #expect(step.json["ms"] != nil)
                }
                let text = tail.text
                for secret in [stack.about.viber.token, stack.about.freshchat.token, installed.targetURL.tail] {
                    #expect(!text.contains(secret))
                }
                for worker in Set(try tail.steps().map(\.worker)) {
                    let numbers = try tail.steps().filter { $0.worker == worker }.map { $0.json["seq"]?.integer ?? 0 }
                    #expect(numbers == numbers.sorted())
                }
            }
        }

        @Test(
            "What goes wrong is told: wrong signatures, repeats, calls that are tried again, dead letters with their note"
        )
        func trouble() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let tail = try await stack.startTail(hearing: installed)
                let customer = stack.viber.addCustomer()
                let body = Array(
                    """
                    {"event":"message","timestamp":1457764197627,"message_token":4912661846655238145,
                    "sender":{"id":"\(customer)","name":"Ім'я"},"message":{"type":"text","text":"one"}}
                    """.utf8)
                for _ in 0..<2 { #expect(try await stack.postViber(body, to: installed.targetURL).status == 200) }
                try await poll("the repeat") { try tail.steps().contains { $0.json["outcome"]?.string == "repeat" } }
                #expect(try tail.steps().contains { $0.json["name"]?.string == "Ім'я" })
                try await stack.waitForInbox(of: customer) { $0 == ["one"] }

                stack.freshchat.inject(.status(503))
                try await stack.customerWritesAndArrives(customer, "two")
                try await poll("the retry") { try tail.steps().contains { $0.step == "retrying" } }
                let retry = try #require(try tail.steps().first { $0.step == "retrying" })
                #expect(retry.json["detail"]?.string?.contains("again in") == true)
                #expect(
                    try tail.steps().contains { $0.step == "answered" && $0.json["status"]?.integer == 503 })

                let conversation = try #require(stack.conversations(of: customer).first)
                stack.viber.customerUnsubscribes(customer)
                try stack.freshchat.agentReplies(in: conversation.id, "too late")
                try await poll("the note") {
                    try tail.steps().contains { $0.step == "delivered" && $0.json["event"]?.string == "note" }
                }
                let names = try tail.steps().map(\.step)
                let dead = try #require(names.firstIndex(of: "dead"))
                #expect(names[dead...].contains("note"))
                #expect(try tail.steps().contains { $0.step == "refused" && $0.json["status"]?.integer == 403 })
            }
        }

        @Test("A listener that stops reading slows nothing down, and is told afterwards how much it missed")
        func stopped() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let tail = try await stack.startTail(hearing: installed)
                tail.process.signal(SIGSTOP)
                let customer = stack.viber.addCustomer()
                let texts = (1...150).map { "message \($0)" }
                for text in texts { stack.viber.customerWrites(customer, text) }
                try await stack.waitForInbox(of: customer) { $0.count == texts.count }
                #expect(stack.inbox(of: customer) == texts)
                tail.process.signal(SIGCONT)
                // What is told from here on carries a number, and the gap before it is seen.
                try await poll("what was missed to be told") {
                    try await stack.provokeRefusal(installed)
                    return tail.text.contains("\"missed\"")
                }
            }
        }

        @Test("Its socket goes when it ends; one that was killed leaves a socket that the workers clear away")
        func cleanUp() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let folder = stack.dataFolder + "/tail"
                func sockets() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }
                let ended = try await stack.startTail(hearing: installed)
                let mode = try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int
                #expect(mode == 0o700)
                #expect(sockets() == ["\(ended.process.pid).sock"])
                ended.process.signal(SIGTERM)
                #expect(await ended.process.wait(timeout: patience) == 0)
                #expect(sockets() == [])

                let killed = try await stack.startTail(hearing: installed)
                killed.process.signal(SIGKILL)
                _ = await killed.process.wait(timeout: patience)
                #expect(sockets().count == 1)
                try await poll("the socket to be cleared away") {
                    try await stack.provokeRefusal(installed)
                    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).isEmpty
                }
            }
        }

        @Test(
            "For people it is one line a step, and shows what was written only when asked; a name can't move the cursor"
        )
        func forPeople() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let plain = try await stack.startTail([], hearing: installed)
                let wordy = try await stack.startTail(["--text", "--installation", installed.id], hearing: installed)
                let other = try stack.startTail(["--installation", "viber-other"])
                let customer = stack.viber.addCustomer(name: "Ім\u{1B}[2Jя")
                try await stack.customerWritesAndArrives(customer, "a secret wish")
                for tail in [plain, wordy] {
                    try await poll("the delivery") { tail.text.contains("ms after it was accepted") }
                }
                #expect(!plain.text.contains("a secret wish"))
                #expect(wordy.text.contains("“a secret wish”"))
                #expect(plain.text.contains("→  \(installed.id)"))
                #expect(!plain.text.contains("\u{1B}"), "no colours for a file, and none from a customer")
                #expect(!other.text.contains(installed.id))
            }
        }
    }
}

/// A running `byoc tail`.
struct TailProcess: Sendable {
    struct Step: Sendable {
        var json: JSON
        var step: String { json["step"]?.string ?? "" }
        var direction: String { json["direction"]?.string ?? "" }
        var worker: Int64 { json["worker"]?.integer ?? 0 }
    }

    let process: ChildProcess
    let file: String

    var text: String { FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? "" }

    /// The whole lines so far.
    func steps() throws -> [Step] {
        try text.split(separator: "\n", omittingEmptySubsequences: true)
            .filter { $0.hasSuffix("}") }.map { Step(json: try JSON(parsing: Array($0.utf8))) }
    }
}

extension ByocStack {
    func startTail(_ arguments: [String] = ["--json"]) throws -> TailProcess {
        let file = "\(folder)/tail-\(nextCommand()).out"
        return TailProcess(process: try start(["tail"] + arguments, output: file), file: file)
    }

    /// Starts `byoc tail` and waits until it is heard from.
    func startTail(_ arguments: [String] = ["--json"], hearing installed: Installed) async throws -> TailProcess {
        let tail = try startTail(arguments)
        let start = ContinuousClock.now
        let isJSON = arguments.contains("--json")
        try await poll("the workers to be heard") {
            // At the same moment, so that no worker takes them all.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<12 { group.addTask { try await self.provokeRefusal(installed) } }
                try await group.waitForAll()
            }
            // nginx may keep to one worker. The others look for listeners at their next step, once a second at most: one
            // that has looked just before this began is safe to be heard after that second.
            guard ContinuousClock.now - start > .milliseconds(1100) else { return false }
            guard isJSON else { return tail.text.contains("refused") }
            return try !tail.steps().isEmpty
        }
        return tail
    }

    /// A webhook that is refused: a step, and nothing else of it.
    func provokeRefusal(_ installed: Installed) async throws {
        _ = try await postViber(Array("{}".utf8), to: installed.targetURL, token: "wrong")
    }
}

extension String {
    /// The last segment of a URL.
    fileprivate var tail: String { String(split(separator: "/").last ?? "") }
}
