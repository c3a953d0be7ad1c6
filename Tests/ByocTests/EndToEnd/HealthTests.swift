import Foundation
import Simulators
import Testing

extension EndToEnd {
    @Suite("Figures, back-pressure and alarms")
    struct Health {
        @Test("The metrics agree with what the far sides saw, whichever worker is asked, and hold no secret")
        func metrics() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customers = (1...2).map { stack.viber.addCustomer(name: "Customer \($0)") }
                for customer in customers {
                    let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                    for text in ["one", "two"] { stack.viber.customerWrites(customer, text) }
                    try await stack.agentRepliesAndArrives(conversation.id, "an answer", to: customer)
                }
                let body = ViberSamples.message("repeated", from: customers[0], token: 5_851_650_804_048_790_000)
                for _ in 1...4 { #expect(try await stack.postViber(body, to: installed.targetURL).status == 200) }
                try await stack.waitForInbox(of: customers[0]) { $0.count == 4 }
                try await stack.waitForInbox(of: customers[1]) { $0.count == 3 }
                try await stack.waitForEmptyOutbox()

                let seen = customers.map { stack.inbox(of: $0).count }.reduce(0, +)
                let shown = customers.map { stack.phone($0).count }.reduce(0, +)
                let page = try await Metrics(stack.get("/metrics"))
                for (name, direction, value) in [
                    ("deliveries_accepted", "inbound", seen), ("deliveries_delivered", "inbound", seen),
                    ("events_repeated", "inbound", 3), ("deliveries_accepted", "outbound", shown),
                    ("deliveries_delivered", "outbound", shown), ("deliveries_dead", "inbound", 0),
                ] {
                    #expect(page["byoc_\(name)_total", installed.id, direction] == value, "\(name) \(direction)")
                }
                #expect(page["byoc_outbox_waiting", installed.id, "inbound"] == 0)
                #expect(page["byoc_delivery_latency_seconds_count", installed.id, "outbound"] == shown)

                // A process of its own knows the same from the store alone.
                let socket = "\(stack.folder)/second.sock"
                try stack.start(["serve", "--socket", socket, "--workers", "1"])
                try await stack.withNginx("nginx-second", socket: socket) { address in
                    try await poll("the second to be ready") {
                        try await stack.get(address + "/readyz").status == 200
                    }
                    #expect(try await Metrics(stack.get(address + "/metrics")).totals == page.totals)
                }

                // What is counted in a worker's memory gets there within seconds: all that Viber and Freshchat sent.
                let sent = 7 + 3
                try await poll("the acknowledgements") {
                    let page = try await Metrics(stack.get("/metrics"))
                    let name = "byoc_acknowledgement_latency_seconds_count"
                    return page[name, installed.id, "inbound"] ?? 0 >= sent
                        && page[name, installed.id, "outbound"] ?? 0 >= shown
                }
                let text = try await stack.get("/metrics").text
                let names = customers + ["Customer", "127.0.0.1", "http"]
                let urls = [installed.targetURL, installed.freshchatWebhookURL, installed.productEventURL]
                let tokens = urls.compactMap { $0.split(separator: "/").last.map(String.init) }
                for secret in names + tokens + [stack.about.viber.token, stack.about.freshchat.token] {
                    #expect(!text.contains(secret), "\(secret)")
                }
            }
        }

        @Test("Where too much waits, webhooks are refused until there is room, and each alarm is logged once")
        func fullOutbox() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_OUTBOX_LIMIT": "3"] }
            try await withByocStack(options) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                #expect(try await stack.run("pause", installed.id).status == 0)

                @Sendable func post(_ number: Int64) async throws -> HTTPAnswer {
                    let token = 5_851_650_804_048_791_000 + number
                    let body = ViberSamples.message("number \(number)", from: customer, token: token)
                    return try await stack.postViber(body, to: installed.targetURL)
                }
                var taken: Int64 = 0
                var answer = try await post(taken)
                let end = ContinuousClock.now + patience
                while answer.status == 200, ContinuousClock.now < end {
                    taken += 1
                    answer = try await post(taken)
                }
                #expect(answer.status == 503)
                #expect(answer["Retry-After"] == "30")
                #expect(taken >= 3)
                let refused = taken
                // The other worker sees it within a second.
                try await poll("both workers to refuse") {
                    for _ in 1...16 where try await post(refused).status != 503 { return false }
                    return true
                }
                let notReady = try await stack.get("/readyz")
                #expect(notReady.status == 503)
                #expect(notReady.text.contains("outbox:"), "\(notReady.text)")
                #expect(try await stack.get("/healthz").status == 200)
                try await poll("the alarm of the pause") { stack.alarms("installation.paused") == ["alarm raised"] }

                #expect(try await stack.run("resume", installed.id).status == 0)
                try await poll("readiness") { try await stack.get("/readyz").status == 200 }
                try await poll("the repeat to be taken") { try await post(refused).status == 200 }
                try await stack.waitForInbox(of: customer) { $0.contains("number \(refused)") }
                #expect(stack.inbox(of: customer) == ["hello"] + (0...refused).map { "number \($0)" })
                for alarm in ["store.pressure", "installation.paused"] {
                    try await poll("the end of \(alarm)") {
                        stack.alarms(alarm) == ["alarm raised", "alarm cleared"]
                    }
                }
            }
        }

        @Test("Where the disk has too little room, nothing is taken in, and what waits is still delivered")
        func littleRoom() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                #expect(try await stack.run("pause", installed.id).status == 0)
                stack.viber.customerWrites(customer, "waiting")
                try await stack.settle()
                try await stack.stopServing()

                let serve = try stack.start(
                    ["serve", "--socket", stack.socket, "--workers", "2"],
                    environment: ["BYOC_DISK_RESERVE": "1000000G"])
                try await poll("both workers to refuse") {
                    for _ in 1...16 {
                        let answer = try await stack.get("/readyz")
                        guard answer.status == 503, answer.text.hasPrefix("disk: ") else { return false }
                    }
                    return true
                }
                let body = ViberSamples.message("later", from: customer, token: 5_851_650_804_048_792_000)
                let answer = try await stack.postViber(body, to: installed.targetURL)
                #expect(answer.status == 503)
                #expect(answer["Retry-After"] == "30")
                #expect(try await stack.run("resume", installed.id).status == 0)
                try await stack.waitForInbox(of: customer) { $0 == ["hello", "waiting"] }
                try await stack.waitForEmptyOutbox()
                serve.signal(SIGTERM)
                #expect(await serve.wait(timeout: patience) == 0)

                try await stack.startServing()
                #expect(try await stack.postViber(body, to: installed.targetURL).status == 200)
                try await stack.waitForInbox(of: customer) { $0 == ["hello", "waiting", "later"] }
                try await poll("the end of the alarm") {
                    stack.alarms("store.pressure") == ["alarm raised", "alarm cleared"]
                }
            }
        }

        @Test("Webhooks that are signed wrongly one after the other raise an alarm, until one is right")
        func signatures() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let body = ViberSamples.message("hello", from: customer, token: 5_851_650_804_048_793_000)
                for _ in 1...5 {
                    #expect(try await stack.postViber(body, to: installed.targetURL, token: "another").status == 403)
                }
                try await poll("the alarm") { stack.alarms("signature.failures") == ["alarm raised"] }
                let page = try await Metrics(stack.get("/metrics"))
                #expect(page["byoc_signature_failures_total", installed.id, "inbound"] == 5)
                #expect(try await stack.postViber(body, to: installed.targetURL).status == 200)
                try await poll("its end") {
                    stack.alarms("signature.failures") == ["alarm raised", "alarm cleared"]
                }
            }
        }
    }
}

extension ByocStack {
    /// What the log tells of an alarm, line by line.
    func alarms(_ name: String) -> [String] {
        text(of: "byoc.log").split(separator: "\n").compactMap { line in
            guard let json = try? JSON(parsing: Array(line.utf8)), json["alarm"]?.string == name else { return nil }
            return json["message"]?.string
        }
    }
}

/// A page of OpenMetrics text.
private struct Metrics {
    private var values: [String: String] = [:]

    init(_ answer: HTTPAnswer) throws {
        try #require(answer.status == 200)
        #expect(answer["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8")
        #expect(answer.text.hasSuffix("\n# EOF\n"))
        for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            try #require(words.count == 2, "\(line)")
            values[String(words[0])] = String(words[1])
        }
    }

    subscript(name: String, installation: String, direction: String) -> Int? {
        values["\(name){installation=\"\(installation)\",direction=\"\(direction)\"}"].flatMap { Int($0) }
    }

    /// The counters.
    var totals: [String: String] { values.filter { $0.key.contains("_total{") } }
}
