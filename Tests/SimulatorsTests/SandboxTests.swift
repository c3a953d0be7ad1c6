import Simulators
import Testing

@Suite("The control interface")
struct SandboxTests {
    @Test("A customer writes, an agent answers and the phone gets it, all over HTTP")
    func conversation() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = try await peer.control(.post, "/viber/customers", ["name": "Ana"]).json["id"]?.string ?? ""
            let path = "/viber/customers/\(APIRequest.encode(customer))"
            let token = try await peer.control(.post, "\(path)/messages", ["text": "hi", "repeat": 2]).json["token"]
            #expect(try await peer.control(.post, "\(path)/pictures", ["caption": "look"]).status == 200)
            #expect(await peer.sandbox.settle())
            #expect(
                peer.receiver.webhooks("message").map { $0.json["message_token"]?.text }.prefix(2) == [
                    token?.string, token?.string,
                ])
            let media = try #require(peer.receiver.webhooks("message").last?.json["message"]?["media"]?.string)
            #expect(try await peer.call(.get, media).status == 200)
            _ = try await peer.send("answer", to: customer)
            let phone = try await peer.control(.get, "\(path)/phone")
            #expect(phone.json[0]?["text"] == "answer")
            #expect(try await peer.control(.post, "\(path)/unsubscribe").status == 200)
            #expect(try await peer.send("too late", to: customer)["status"] == 6)

            #expect(try await peer.control(.put, "/freshchat/webhook", ["url": .string("\(peer.url)/f")]).status == 200)
            let (_, id) = try await peer.conversation(reference: "viber:\(customer)")
            let found = try await peer.control(
                .get, "/freshchat/conversations?user=\(APIRequest.encode("viber:\(customer)"))")
            #expect(found.json[0]?["conversation_id"]?.string == id)
            for (action, body) in [
                ("replies", ["text": "r"]), ("notes", ["text": "n"]), ("system", ["text": "s"]), ("resolve", [:]),
                ("reopen", [:]), ("assign", [:]),
            ] as [(String, JSON)] {
                #expect(try await peer.control(.post, "/freshchat/conversations/\(id)/\(action)", body).status == 200)
            }
            let messages = try await peer.control(.get, "/freshchat/conversations/\(id)/messages")
            #expect(
                messages.json.array?.prefix(4).map { $0["message_source"] } == ["api", "web", "web", "system"])
        }
    }

    @Test("The log has both sides' events, numbered without gaps, and can be waited for")
    func log() async throws {
        try await withPeer { peer in
            let (_, _) = try await peer.conversation()
            _ = peer.subscribe()
            let all = try await peer.control(.get, "/log")
            let entries = try #require(all.json["entries"]?.array)
            #expect(entries.compactMap { $0["number"]?.integer } == (1...Int64(entries.count)).map { $0 })
            #expect(Set(entries.compactMap { $0["side"]?.string }) == ["viber", "freshchat"])
            let last = try #require(all.json["last"]?.integer)
            async let waiting = peer.control(.get, "/log?since=\(last)&wait=20000")
            peer.sandbox.viber.addCustomer()
            _ = peer.subscribe()
            #expect(try await waiting.json["entries"]?[0]?["number"]?.integer == last + 1)
        }
    }

    @Test("Knobs change in part; what is no knob changes nothing")
    func knobs() async throws {
        try await withPeer { peer in
            let changed = try await peer.control(
                .put, "/knobs",
                ["viber": ["callbacks": ["dropProbability": 0.5]], "freshchat": ["resolvedMode": "latest_only"]])
            #expect(changed.json["viber"]?["callbacks"]?["dropProbability"] == 0.5)
            #expect(changed.json["viber"]?["callbacks"]?["delayMilliseconds"] == 0)
            #expect(peer.sandbox.freshchat.knobs.resolvedMode == .latestOnly)
            let wrong = try await peer.control(
                .put, "/knobs", ["viber": ["devices": 3], "freshchat": ["resolvdMode": "fail"]])
            #expect(wrong.status == 400)
            #expect(wrong.json["error"]?.string?.contains("resolvdMode") == true)
            #expect(peer.sandbox.viber.knobs.devices == 1)
            #expect(try await peer.control(.put, "/knobs", ["viber": ["devices": "many"]]).status == 400)
        }
    }

    @Test("Faults are injected, listed and cleared over HTTP")
    func faults() async throws {
        try await withPeer { peer async throws in
            let fault: JSON = ["route": "GET /channels", "status": 503, "count": 2]
            #expect(try await peer.control(.post, "/freshchat/faults", fault).json.array?.count == 1)
            #expect(try await peer.freshchat(.get, "/channels").status == 503)
            #expect(try await peer.control(.get, "/freshchat/faults").json[0]?["count"] == 1)
            #expect(try await peer.control(.delete, "/freshchat/faults").json == [])
            #expect(try await peer.freshchat(.get, "/channels").status == 200)
            #expect(try await peer.control(.post, "/freshchat/faults", ["sttus": 1]).status == 400)
        }
    }

    @Test("Mistakes are 4xx with a reason")
    func mistakes() async throws {
        try await withPeer { peer async throws in
            #expect(try await peer.control(.get, "/nothing").status == 404)
            #expect(try await peer.control(.delete, "/about").status == 405)
            #expect(try await peer.control(.post, "/viber/customers/x/messages", ["txt": "hi"]).status == 400)
            #expect(try await peer.control(.post, "/freshchat/conversations/none/replies", ["text": "x"]).status == 404)
            #expect(try await peer.control(.put, "/freshchat/webhook", ["url": "http://example.com"]).status == 400)
        }
    }

    @Test("The same seed gives the same ids")
    func seed() {
        var one = SeededRandom(seed: 42)
        var two = SeededRandom(seed: 42)
        #expect(one.uuid() == two.uuid())
        #expect(one.hex(bytes: 16) == two.hex(bytes: 16))
    }

    @Test("The log forgets the oldest past its capacity, and numbers go on")
    func logCapacity() {
        let log = EventLog(capacity: 100)
        for number in 1...250 { log.record(.viber, .action, "\(number)") }
        #expect(log.last == 250)
        #expect(log.entries().count <= 100)
        #expect(log.entries(since: 240).map(\.number) == Array(241...250))
        #expect(log.entries(since: 240).first?.name == "241")
    }
}
