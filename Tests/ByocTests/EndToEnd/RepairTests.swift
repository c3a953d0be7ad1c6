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
                let retried = try await stack.json("retry", "--dead", "--installation", installed.id, "--yes")
                #expect(retried["done"]?.array?.count == 5)
                for (number, customer) in zip(1..., customers) {
                    let isFirst = dead.last?["contact"]?.string == "Customer \(number)"
                    try await stack.waitForPhone(of: customer) { $0 == (isFirst ? ["two"] : ["one", "two"]) }
                }
                try await stack.waitForEmptyOutbox()
                #expect(try await stack.run("retry", "--dead").output.contains("No matching deliveries."))
                #expect(conversations.allSatisfy { stack.notes(in: $0).count == 2 })
            }
        }

        @Test("Many at once are shown and need --yes without a terminal; a dry run and a no change nothing")
        func consent() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                #expect(try await stack.run("pause", installed.id).status == 0)
                for text in ["one", "two"] { try stack.freshchat.agentReplies(in: conversation.id, text) }
                try await stack.settle()
                let waiting = try #require(try await stack.json("outbox", "--waiting").array)
                let ids = waiting.compactMap { $0["id"]?.integer }
                try #require(ids.count == 2)
                #expect(waiting.allSatisfy { $0["wait"]?.string?.hasPrefix("The installation is paused: ") == true })
                #expect(try await stack.run("outbox").output.contains("The installation is paused: Paused by"))
                let story = try await stack.run("delivery", "\(ids[0])")
                #expect(story.output.contains("Waiting       The installation is paused: Paused by"), "\(story)")
                for command in ["retry", "discard"] {
                    let refused = try await stack.run(command, "--waiting")
                    #expect(refused.status == 1 && refused.errors.contains("--yes"), "\(refused)")
                    #expect(refused.errors.contains("2 deliveries"), "\(refused)")
                    #expect(refused.errors.contains("\(installed.id): 2 outbound waiting"), "\(refused)")
                    let dry = try await stack.run(command, "--waiting", "--dry-run")
                    #expect(dry.status == 0 && dry.errors.contains("nothing was changed"), "\(dry)")
                    let planned = try await stack.json(command, "--waiting", "--dry-run")
                    #expect(planned["done"] == [])
                    #expect(planned["planned"]?.array?.compactMap(\.integer).sorted() == ids.sorted())
                }
                let asked = try await stack.runOnTerminal("discard --waiting", typing: "n")
                #expect(asked.output.contains("Discard 2 deliveries? [y/N]"), "\(asked)")
                #expect(try await stack.json("outbox", "--waiting").array?.count == 2)
                let agreed = try await stack.runOnTerminal("discard --waiting", typing: "y")
                #expect(agreed.output.contains("Discarded #\(ids[0])."), "\(agreed)")
                #expect(try await stack.json("outbox", "--waiting") == [])

                let kept = try await stack.run("uninstall", installed.id)
                #expect(kept.status == 1 && kept.errors.contains("--yes"), "\(kept)")
                #expect(kept.errors.contains("Unregisters") && !kept.errors.contains("can't be retried"), "\(kept)")
                #expect(try await stack.run("uninstall", installed.id, "--dry-run").status == 0)
                #expect(try await stack.json("installations").array?.count == 1)
                #expect(stack.viber.webhook()?.url == installed.targetURL)
            }
        }

        @Test("A reply that may have arrived is retried only after a warning, and a held one is counted")
        func doubt() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_DOUBT_POLICY": "hold"] }
            try await withByocStack(options) { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.viber.inject(.reset(.after, route: "POST /send_message"))
                try stack.freshchat.agentReplies(in: conversation.id, "perhaps")
                try await stack.wait(for: "the private note") { !stack.notes(in: conversation.id).isEmpty }
                let held = try #require(try await stack.json("outbox", "--held").array?.first)
                let id = try #require(held["id"]?.integer)
                #expect(held["attempts"]?.integer ?? 0 >= 1, "\(held.text)")
                #expect(try await stack.installation(installed.id)["held"]?.integer == 1)
                #expect(try await stack.run("installations").output.contains("HELD"))
                let refused = try await stack.run("retry", "\(id)")
                #expect(refused.status == 1 && refused.errors.contains("the same message twice"), "\(refused)")
                #expect(refused.errors.contains("--yes"), "\(refused)")
                #expect(try await stack.json("outbox", "--held").array?.count == 1)
                let leaving = try await stack.run("uninstall", installed.id, "--dry-run")
                #expect(leaving.errors.contains("Its 1 held delivery can't be retried afterwards."), "\(leaving)")
                #expect(try await stack.run("retry", "\(id)", "--yes").status == 0)
                try await stack.waitForPhone(of: customer) { $0 == ["perhaps", "perhaps"] }
                let story = try await stack.json("delivery", "\(id)")
                #expect(
                    story["decisions"]?.array?.map { $0["decision"]?.string } == [
                        "resend of piece 1, on the command line"
                    ], "\(story.text)")
                #expect(story["attempts"]?.array?.map { $0["number"]?.integer } == [1, 2], "\(story.text)")
                #expect(story["source"]?.string?.hasPrefix("conversation webhook") == true, "\(story.text)")
                #expect(try await stack.run("delivery", "\(id)").output.contains("Operator: resend of piece 1"))
            }
        }

        @Test("A held reply that arrived is marked as delivered and not sent again")
        func markDelivered() async throws {
            var options = ByocStack.Options()
            options.environment = { _ in ["BYOC_DOUBT_POLICY": "hold"] }
            try await withByocStack(options) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                stack.viber.inject(.reset(.after, route: "POST /send_message"))
                try stack.freshchat.agentReplies(in: conversation.id, "perhaps")
                try await stack.wait(for: "the private note") { !stack.notes(in: conversation.id).isEmpty }
                let held = try #require(try await stack.json("outbox", "--held").array?.first)
                let id = try #require(held["id"]?.integer)
                #expect(try await stack.run("delivery", "\(id)").output.contains("byoc mark-delivered \(id)"))
                let planned = try await stack.json("mark-delivered", "--held", "--dry-run")
                #expect(planned["planned"]?.array?.compactMap(\.integer) == [id] && planned["done"] == [])
                let asked = try await stack.run("mark-delivered", "--held")
                #expect(asked.status == 1 && asked.errors.contains("--yes"), "\(asked)")
                #expect(asked.errors.contains("the customer never gets it"), "\(asked)")
                #expect(try await stack.json("outbox", "--held").array?.count == 1)
                let marked = try await stack.run("mark-delivered", "\(id)")
                #expect(marked.status == 0 && marked.output == "Marked #\(id) as delivered.\n", "\(marked)")
                try await stack.waitForEmptyOutbox()
                let story = try await stack.json("delivery", "\(id)")
                #expect(story["delivery"]?["state"]?.string == "delivered")
                #expect(
                    story["decisions"]?.array?.map { $0["decision"]?.string } == [
                        "piece 1 marked as delivered, on the command line"
                    ], "\(story.text)")
                #expect(stack.phone(customer) == ["perhaps"])
                let again = try await stack.run("mark-delivered", "\(id)")
                #expect(again.status == 1 && again.errors.contains("is delivered already"), "\(again)")
            }
        }

        @Test("A dry run refuses what the command itself refuses, and a retried one that has to wait says why")
        func refusals() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                try await stack.customerWritesAndArrives(customer, "hello")
                let delivered = try #require(
                    try await stack.json("outbox", "--delivered").array?.first?["id"]?.integer)
                #expect(try await stack.run("pause", installed.id, "--reason", "holidays").status == 0)
                stack.viber.customerWrites(customer, "waits")
                try await stack.settle()
                let id = try #require(try await stack.json("outbox", "--waiting").array?.first?["id"]?.integer)
                for command in ["retry", "discard", "mark-delivered"] {
                    let arguments = [command, "\(id)", "\(delivered)", "999"]
                    let dry = try await stack.run(arguments + ["--dry-run"])
                    #expect(dry.status == 1 && dry.errors.contains("nothing was changed"), "\(dry)")
                    let isPossible = command != "mark-delivered"
                    let count = isPossible ? 2 : 3
                    for words in [
                        "\(count) deliveries would not be changed:", "#\(delivered): ",
                        "#999: there is no delivery 999",
                    ] {
                        #expect(dry.errors.contains(words), "\(dry)")
                    }
                    let json = try await stack.run(arguments + ["--dry-run", "--json"])
                    #expect(json.status == 1)
                    let planned = try json.json["planned"]?.array?.compactMap(\.integer)
                    #expect(planned == (isPossible ? [id] : []), "\(json)")
                    let refused = try json.json["refused"]?.array?.compactMap { $0["id"]?.integer }
                    #expect(refused == (isPossible ? [] : [id]) + [delivered, 999], "\(json)")
                    let nothing = try await stack.json(command, "--held", "--dry-run")
                    #expect(nothing["planned"] == [] && nothing["done"] == [])
                }
                let real = try await stack.run("retry", "\(id)", "\(delivered)", "999")
                #expect(real.status == 1 && real.errors.contains("2 deliveries were not changed:"), "\(real)")
                #expect(real.errors.contains("#999: there is no delivery 999"), "\(real)")
                #expect(real.output.contains("#\(id) waits. The installation is paused: holidays"), "\(real)")
                #expect(!real.output.contains("Retrying") && real.errors.contains("byoc resume \(installed.id)"))
                let json = try await stack.json("retry", "\(id)")
                #expect(json["waiting"]?[0]?["wait"]?.string?.contains("holidays") == true, "\(json.text)")
                #expect(try await stack.run("resume", installed.id).status == 0)
                try await stack.waitForInbox(of: customer) { $0 == ["hello", "waits"] }
            }
        }

        @Test(
            "Nothing named is nothing done, and what contradicts itself is told",
            arguments: ["retry", "mark-delivered", "discard"])
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
                #expect(stack.text(of: "byoc.log").contains("Freshchat server error: it answered 503"))
                // Twelve failures: the first burst, then a probe at a time; a look-up for each doubt they left.
                let calls = stack.freshchatCalls(since: before)
                #expect(calls.count { $0.hasPrefix("POST") } <= 40 + 12, "\(calls)")
            }
        }
    }
}
