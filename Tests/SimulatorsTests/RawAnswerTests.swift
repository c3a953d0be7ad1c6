import Simulators
import Testing

@Suite("Answers that no HTTP server would write", .timeLimit(.minutes(2)))
struct RawAnswerTests {
    private static let route = "POST /conversations/{id}/messages"

    /// Posts a message; returns a client from which the answer is still to be read.
    private func post(_ text: String, _ peer: Peer, by user: String, in id: String) throws -> RawClient {
        let client = try RawClient(port: peer.about.freshchat.port)
        try client.post(
            "/v2/conversations/\(id)/messages",
            headers: ["Authorization: Bearer \(peer.about.freshchat.token)", "Content-Type: application/json"],
            peer.userMessage(text, user).bytes)
        return client
    }

    @Test(
        "Every malformation is what it says, byte for byte",
        arguments: [
            (.status000, "HTTP/1.1 000 "), (.status099, "HTTP/1.1 099 "), (.status1000, "HTTP/1.1 1000 "),
            (.status999, "HTTP/1.1 999 "), (.switchingProtocols, "HTTP/1.1 101 "), (.notModified, "HTTP/1.1 304 "),
            (.html, "HTTP/1.1 200 OK\r\nContent-Type: text/html"), (.errorObject, "INTERNAL_SERVER_ERROR"),
            (.lengthNonsense, "Content-Length: -1\r\n"), (.chunkSize, "chunked\r\n\r\nmany\r\n"),
            (.loneSurrogate, #""x_note":"x\ud83d","#), (.noBody, "Content-Length: 0\r\n\r\n"),
            (.statusLine, "\u{16}\u{3}\u{1}\u{0}"),
        ] as [(Malformation, String)])
    func malformations(malformation: Malformation, words: String) async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation(text: "1")
            peer.sandbox.freshchat.inject(.malformed(malformation, .after, route: Self.route))
            let client = try post("2", peer, by: user, in: id)
            defer { client.close() }
            let answer = String(decoding: try await client.read(), as: UTF8.self)
            #expect(answer.contains(words), "\(answer)")
            #expect(peer.sandbox.freshchat.messages(in: id).map(\.text) == ["1", "2"])
        }
    }

    @Test(
        "Lengths are too long and too short, JSON ends in the middle, and bytes that aren't UTF-8 leave the rest whole")
    func bodies() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation(text: "1")
            func answer(_ malformation: Malformation) async throws -> (length: Int, body: [UInt8]) {
                peer.sandbox.freshchat.inject(.malformed(malformation, .after, route: Self.route))
                let client = try post("x", peer, by: user, in: id)
                defer { client.close() }
                let bytes = try await client.read()
                let text = String(decoding: bytes, as: UTF8.self)
                let length = text.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) } ?? -1
                let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
                return (length, Array(bytes[end...]))
            }
            let long = try await answer(.lengthTooLong)
            #expect(long.length > long.body.count)
            let short = try await answer(.lengthTooShort)
            #expect(short.length < short.body.count)
            let cut = try await answer(.truncatedJSON)
            #expect(cut.length == cut.body.count)
            #expect(throws: (any Error).self) { try JSON(parsing: cut.body) }
            let broken = try await answer(.invalidUTF8)
            #expect(broken.length == broken.body.count)
            #expect(String(validating: broken.body, as: UTF8.self) == nil)
            let repaired = try JSON(parsing: Array(String(decoding: broken.body, as: UTF8.self).utf8))
            #expect(repaired["id"]?.string == peer.sandbox.freshchat.messages(in: id).last?.id)
        }
    }

    @Test("Headers without an end come until the client goes away")
    func endlessHeaders() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation()
            peer.sandbox.freshchat.inject(.malformed(.endlessHeaders, .before, route: Self.route))
            let client = try post("2", peer, by: user, in: id)
            let bytes = try await client.read(atMost: 300_000)
            client.close()
            #expect(bytes.count == 300_000)
            #expect(!bytes.contains(Array("\r\n\r\n".utf8)))
            #expect(peer.sandbox.freshchat.messages(in: id).count == 1)
        }
    }

    @Test("Before a request took effect the answer has nothing of what was asked for", arguments: Malformation.allCases)
    func before(malformation: Malformation) async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation(text: "1")
            peer.sandbox.freshchat.inject(.malformed(malformation, .before, route: Self.route))
            let client = try post("2", peer, by: user, in: id)
            defer { client.close() }
            let answer = try await client.read(atMost: 100_000)
            #expect(!String(decoding: answer, as: UTF8.self).contains("conversation_id"))
            #expect(peer.sandbox.freshchat.messages(in: id).map(\.text) == ["1"])
        }
    }

    @Test("A stalled answer is a head and half of its body, and ends when the client does", arguments: [true, false])
    func stall(after: Bool) async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation(text: "1")
            peer.sandbox.freshchat.inject(.stall(after ? .after : .before, route: Self.route))
            let client = try post("2", peer, by: user, in: id)
            defer { client.close() }
            client.endRequests()
            let answer = String(decoding: try await client.read(), as: UTF8.self)
            let halves = answer.split(separator: "\r\n\r\n", maxSplits: 1)
            let length = try #require(answer.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) })
            #expect(halves.last?.utf8.count == length / 2)
            #expect(peer.sandbox.freshchat.messages(in: id).map(\.text) == (after ? ["1", "2"] : ["1"]))
        }
    }

    @Test("A trickling answer goes on byte by byte")
    func trickle() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation()
            var fault = Fault.trickle(.after, route: Self.route)
            fault.trickleMilliseconds = 1
            peer.sandbox.freshchat.inject(fault)
            let client = try post("2", peer, by: user, in: id)
            defer { client.close() }
            let answer = String(decoding: try await client.read(atMost: 200), as: UTF8.self)
            let halves = answer.split(separator: "\r\n\r\n", maxSplits: 1)
            #expect(halves.first?.hasPrefix("HTTP/1.1 200 OK\r\n") == true)
            #expect(halves.last == String(repeating: " ", count: halves.last?.count ?? 0)[...])
            #expect(halves.count == 2)
        }
    }

    @Test("The server stops with stalled and trickling answers under way, and their time can be limited")
    func stopping() async throws {
        // That this test ends is what it tests.
        try await withPeer { peer in
            let (user, id) = try await peer.conversation()
            for fault in [Fault.stall(.after, route: Self.route), .trickle(.after, route: Self.route)] {
                peer.sandbox.freshchat.inject(fault)
                let client = try post("2", peer, by: user, in: id)
                #expect(try await client.read(atMost: 20).count == 20)
            }
            var limited = Fault.stall(.before, route: Self.route)
            limited.holdSeconds = 0
            peer.sandbox.freshchat.inject(limited)
            let client = try post("2", peer, by: user, in: id)
            defer { client.close() }
            #expect(try await client.read().count > 20)
        }
    }

    @Test("Viber's answers can be as wrong, and the log says how")
    func viber() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            let body: JSON = [
                "receiver": .string(customer), "type": "text", "sender": ["name": "Acme"], "text": "x",
            ]
            for fault in [Fault.malformed(.status000, .after), .stall(.after)] {
                peer.sandbox.viber.inject(fault)
                let client = try RawClient(port: peer.about.viber.port)
                defer { client.close() }
                try client.post(
                    "/pa/send_message", headers: ["X-Viber-Auth-Token: \(peer.about.viber.token)"], body.bytes)
                client.endRequests()
                let answer = String(decoding: try await client.read(), as: UTF8.self)
                #expect(answer.hasPrefix(fault.action == .stall ? "HTTP/1.1 200 OK" : "HTTP/1.1 000 Nothing"))
            }
            #expect(peer.sandbox.viber.phone(of: customer).map(\.text) == ["x", "x"])
            #expect(
                peer.sandbox.log.entries().filter { $0.kind == .fault }.map(\.text)
                    == ["malformed status000 after", "stall after"])
        }
    }

    @Test("Over the control interface they are faults like the others")
    func control() async throws {
        try await withPeer { peer async throws in
            let fault: JSON = ["route": "GET /channels", "action": "malformed", "malformation": "status999"]
            #expect(try await peer.control(.post, "/freshchat/faults", fault).status == 200)
            #expect(try await peer.freshchat(.get, "/channels").status == 999)
            let wrong: JSON = ["action": "malformed", "malformation": "polite"]
            #expect(try await peer.control(.post, "/viber/faults", wrong).status == 400)
        }
    }
}
