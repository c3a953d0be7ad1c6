import Simulators
import Testing

extension EndToEnd {
    @Suite("What the operator does about it")
    struct Repair {
        @Test("After an outage the dead letters are tried again all at once, each told with its attempts")
        func many() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customers = (1...3).map { stack.viber.addCustomer(name: "Customer \($0)") }
                for customer in customers { try await stack.customerWritesAndArrives(customer, "hello") }
                let conversations = customers.flatMap { stack.conversations(of: $0) }.map(\.id)
                stack.viber.inject(.apiStatus(3, count: 6))
                for conversation in conversations {
                    for text in ["one", "two"] { try stack.freshchat.agentReplies(in: conversation, text) }
                }
                try await stack.wait(for: "a private note for each") {
                    conversations.allSatisfy { stack.notes(in: $0).count == 2 }
                }
                let dead = try #require(try await stack.json("outbox", "--dead", "--installation", installed.id).array)
                #expect(dead.count == 6)

                let id = try #require(dead.last?["id"]?.integer)
                let story = try await stack.json("delivery", "\(id)")
                #expect(story["delivery"]?["text"]?.string == "one")
                #expect(story["attempts"]?.array?.count == 1)
                #expect(story["attempts"]?[0]?["outcome"]?.string == "failed")
                #expect(story["attempts"]?[0]?["detail"]?.string?.contains("status 3") == true)
                let words = try await stack.run("delivery", "\(id)")
                #expect(words.status == 0 && words.output.contains("status 3"), "\(words)")
                #expect(try await stack.run("delivery", "999999").status == 1)

                #expect(try await stack.run("discard", "\(id)").status == 0)
                let retried = try await stack.json("retry", "--dead", "--installation", installed.id)
                #expect(retried["done"]?.array?.count == 5)
                for (number, customer) in zip(1..., customers) {
                    let isFirst = dead.last?["contact"]?.string == "Customer \(number)"
                    try await stack.waitForPhone(of: customer) { $0 == (isFirst ? ["two"] : ["one", "two"]) }
                }
                try await stack.waitForEmptyOutbox()
                #expect(try await stack.run("retry", "--dead").output.contains("none"))
                #expect(conversations.allSatisfy { stack.notes(in: $0).count == 2 })
            }
        }

        @Test("Nothing named is nothing done, and what contradicts itself is told", arguments: ["retry", "discard"])
        func nothingNamed(command: String) async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                for arguments in [[command], [command, "1", "--dead"], [command, "1", "--installation", "x"]] {
                    let result = try await stack.run(arguments)
                    #expect(result.status == 64, "\(result)")
                    #expect(result.errors.contains("--dead"), "\(result)")
                }
                let unknown = try await stack.run(command, "--dead", "--installation", "nobody")
                #expect(unknown.status == 1 && unknown.errors.contains("nobody"), "\(unknown)")
            }
        }

        @Test("Freshchat fails for everyone: few attempts find out when it is well, then everything arrives in order")
        func outage() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customers = (1...20).map { _ in stack.viber.addCustomer() }
                for customer in customers { try await stack.customerWritesAndArrives(customer, "hello") }
                // A call is logged after the message that it made.
                try await stack.waitForEmptyOutbox()
                let before = stack.log.last
                stack.freshchat.inject(.status(503, count: 12))
                for customer in customers {
                    for text in ["one", "two"] { stack.viber.customerWrites(customer, text) }
                }
                for customer in customers {
                    try await stack.waitForInbox(of: customer) { $0 == ["hello", "one", "two"] }
                }
                try await stack.waitForEmptyOutbox()
                #expect(stack.text(of: "byoc.log").contains("breaker open"))
                #expect(stack.text(of: "byoc.log").contains("Freshchat has a problem of its own: it answered 503"))
                // Twelve failures: the first burst, then a probe at a time; a look-up for each doubt they left.
                let calls = stack.freshchatCalls(since: before)
                #expect(calls.count { $0.hasPrefix("POST") } <= 40 + 12, "\(calls)")
            }
        }
    }
}
