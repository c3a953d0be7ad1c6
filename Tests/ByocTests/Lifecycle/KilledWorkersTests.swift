import Glibc
import HTTPTypes
import Simulators
import Testing

extension EndToEnd {
    @Suite("kill -9")
    struct KilledWorkers {
        /// Which processes are killed.
        enum Victims: Sendable, CaseIterable {
            case theOneThatSends, allWorkers, allWorkersAndTheSupervisor
        }

        /// Kills, and starts byoc anew where nobody else does.
        private func kill(_ victims: Victims, _ stack: ByocStack, sendingTo port: Int) async throws {
            let workers = stack.workers
            let sending = workers.filter { Processes.isConnected($0, toPort: port) }
            switch victims {
            case .theOneThatSends:
                #expect(!sending.isEmpty)
                for pid in sending { stack.kill(pid) }
                try await waitForNewWorkers(stack, instead: sending)
            case .allWorkers:
                for pid in workers { stack.kill(pid) }
                try await waitForNewWorkers(stack, instead: workers)
            case .allWorkersAndTheSupervisor:
                let supervisor = try #require(stack.serve)
                supervisor.signal(SIGKILL)
                for pid in workers { stack.kill(pid) }
                _ = await supervisor.wait(timeout: patience)
                try await poll("the workers to be gone") { !workers.contains(where: Processes.isAlive) }
                try await stack.startServing()
            }
        }

        private func waitForNewWorkers(_ stack: ByocStack, instead killed: [pid_t]) async throws {
            try await poll("new workers") {
                let workers = stack.workers.filter(Processes.isAlive)
                return workers.count == stack.options.workers && !workers.contains(where: killed.contains)
            }
            #expect(stack.serve?.ending == nil, "the supervisor goes on")
        }

        @Test(
            "Killed between accept and send, or between send and record: everything is in Freshchat once, in order",
            arguments: Victims.allCases, HoldingProxy.Moment.allCases)
        func towardsFreshchat(victims: Victims, moment: HoldingProxy.Moment) async throws {
            try await withByocStack { stack in
                try await stack.withProxy(of: stack.about.freshchat.url) { proxy in
                    _ = try await stack.installViber(settings: ["freshchat_url": proxy.url])
                    let customer = stack.viber.addCustomer()
                    let texts = (1...12).map { "message \($0)" }

                    // The conversation is being opened; all twelve are accepted.
                    let opening = stack.hold(moment, at: proxy, .post, "/conversations")
                    for text in texts { stack.viber.customerWrites(customer, text) }
                    try await stack.waitUntilReached(opening, "the conversation's opening")
                    try await stack.wait(for: "all twelve to be accepted") {
                        stack.log.entries().count { $0.kind == .webhook && $0.name == "message" && $0.status == 200 }
                            == 12
                    }
                    #expect(stack.workers.count { Processes.isConnected($0, toPort: proxy.port) } == 1)
                    let later = stack.hold(moment, at: proxy, .post, "/messages")
                    try await kill(victims, stack, sendingTo: proxy.port)
                    opening.lose()

                    // One of the others is under way.
                    try await stack.waitUntilReached(later, "a later message")
                    try await kill(victims, stack, sendingTo: proxy.port)
                    later.lose()

                    try await stack.waitForInbox(of: customer) { $0.count >= 12 }
                    try await stack.waitForEmptyOutbox()
                    #expect(stack.inbox(of: customer) == texts)
                    #expect(stack.users(of: customer).count == 1)
                    #expect(stack.conversations(of: customer).count == 1)
                    #expect(stack.refusals() == [])
                    let conversation = try #require(stack.conversations(of: customer).first)
                    try await stack.agentRepliesAndArrives(conversation.id, "We have it all", to: customer)
                }
            }
        }

        @Test("What was accepted and not yet sent when everything was killed is sent after the next start")
        func acceptedOnly() async throws {
            try await withByocStack { stack in
                try await stack.stopServing()
                try await stack.startServing(environment: ["BYOC_RELAY_CONCURRENCY": "0"])
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let texts = (1...30).map { "message \($0)" }
                for text in texts { stack.viber.customerWrites(customer, text) }
                try await stack.settle()
                #expect(stack.freshchatCalls().allSatisfy { $0.hasPrefix("GET") }, "nothing is relayed yet")
                #expect(try await stack.json("outbox", "--waiting").array?.count == 30)
                try await kill(.allWorkersAndTheSupervisor, stack, sendingTo: 0)
                try await stack.waitForInbox(of: customer) { $0.count >= 30 }
                try await stack.waitForEmptyOutbox()
                #expect(stack.inbox(of: customer) == texts)
            }
        }

        @Test("Killed while it sends to Viber: the doubt is counted, and the reply is sent again")
        func towardsViberResending() async throws {
            try await withByocStack { stack in
                try await stack.withProxy(of: stack.about.viber.url) { proxy in
                    let installed = try await stack.installViber(settings: ["api_base_url": proxy.url])
                    let customer = stack.viber.addCustomer()
                    let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                    let first = stack.hold(.afterEffect, at: proxy, .post, "/send_message")
                    for text in ["one", "two", "three"] {
                        try stack.freshchat.agentReplies(in: conversation.id, text)
                    }
                    try await stack.waitUntilReached(first, "the first reply")
                    try await stack.settle()
                    let again = stack.hold(.beforeEffect, at: proxy, .post, "/send_message")
                    try await kill(.theOneThatSends, stack, sendingTo: proxy.port)
                    first.lose()

                    try await stack.waitUntilReached(again, "the reply's second attempt")
                    let doubtful = try await stack.json("outbox", "--in-doubt").array ?? []
                    #expect(doubtful.map { $0["text"]?.string } == ["one"])
                    #expect(doubtful.first?["inDoubt"] == true)
                    #expect(try await stack.json("show", installed.id)["inDoubt"] == 1)
                    again.release()

                    try await stack.waitForPhone(of: customer) { $0.contains("three") }
                    #expect(stack.phone(customer) == ["one", "one", "two", "three"])
                    try await stack.waitForEmptyOutbox()
                    #expect(try await stack.json("show", installed.id)["inDoubt"] == 0)
                }
            }
        }

        @Test("Killed while it sends to Viber, where doubts are held: a person decides, and the others go on")
        func towardsViberHolding() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_DOUBT_POLICY": "hold"] }
            try await withByocStack(options) { stack in
                try await stack.withProxy(of: stack.about.viber.url) { proxy in
                    let installed = try await stack.installViber(settings: ["api_base_url": proxy.url])
                    let customer = stack.viber.addCustomer()
                    let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                    let first = stack.hold(.beforeEffect, at: proxy, .post, "/send_message")
                    for text in ["one", "two"] { try stack.freshchat.agentReplies(in: conversation.id, text) }
                    try await stack.waitUntilReached(first, "the first reply")
                    try await stack.settle()
                    try await kill(.theOneThatSends, stack, sendingTo: proxy.port)
                    first.lose()

                    try await stack.waitForPhone(of: customer) { $0 == ["two"] }
                    try await stack.wait(for: "the note to the agents") {
                        stack.notes(in: conversation.id).contains { $0.contains("one") }
                    }
                    let held = try await stack.json("outbox", "--held").array ?? []
                    #expect(held.map { $0["text"]?.string } == ["one"])
                    #expect(try await stack.json("show", installed.id)["held"] == 1)

                    let id = try #require(held.first?["id"]?.integer)
                    let retried = try await stack.run("retry", "\(id)", "--yes")
                    #expect(retried.status == 0, "\(retried)")
                    try await stack.waitForPhone(of: customer) { $0 == ["two", "one"] }
                    try await stack.waitForEmptyOutbox()
                }
            }
        }
    }
}
