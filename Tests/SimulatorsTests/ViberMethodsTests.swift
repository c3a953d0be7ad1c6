import Simulators
import Testing

@Suite("Viber: what the SDKs call besides send_message")
struct ViberMethodsTests {
    private func broadcast(_ peer: Peer, _ receivers: [String], _ changes: JSON = [:]) async throws -> JSON {
        var body: JSON = [
            "broadcast_list": .array(receivers.map { .string($0) }), "type": "text", "sender": ["name": "Acme"],
            "text": "news",
        ]
        for member in changes.object?.members ?? [] { body[member.key] = member.value }
        return try await peer.viber("broadcast_message", body)
    }

    @Test("get_online tells who is online, and of those who aren't subscribed only that")
    func online() async throws {
        try await withPeer { peer in
            let viber = peer.sandbox.viber
            let here = peer.subscribe()
            let away = peer.subscribe()
            let path = "/viber/customers/\(APIRequest.encode(away))/presence"
            #expect(try await peer.control(.put, path, ["presence": "offline"]).status == 200)
            #expect(try await peer.control(.put, path, ["presence": "asleep"]).status == 400)
            let gone = peer.subscribe()
            viber.customerUnsubscribes(gone)
            let ids: [JSON] = [here, away, gone, "nobody"].map { .string($0) }
            let answer = try await peer.viber("get_online", ["ids": .array(ids)])
            #expect(answer["status"] == 0)
            let users = try #require(answer["users"]?.array)
            #expect(users.map { $0["id"] ?? .null } == ids)
            #expect(users.map { $0["online_status"] } == [0, 1, 4, 4])
            #expect(
                users.map { $0["online_status_message"] } == ["online", "offline", "unavailable", "unavailable"])
            #expect(users.map { $0["last_online"]?.integer != nil } == [false, true, false, false])
        }
    }

    @Test(
        "get_online takes one to a hundred ids",
        arguments: [
            ([:], 4), (["ids": []], 4), (["ids": "a"], 3), (["ids": [1]], 3),
            (["ids": .array(Array(repeating: "a", count: 100))], 0),
            (["ids": .array(Array(repeating: "a", count: 101))], 3),
        ] as [(JSON, JSON)])
    func onlineLimits(body: JSON, status: JSON) async throws {
        try await withPeer { peer async throws in
            #expect(try await peer.viber("get_online", body)["status"] == status)
        }
    }

    @Test("A broadcast reaches each subscriber once, in their own words, and lists the others")
    func broadcasts() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let viber = peer.sandbox.viber
            let ana = viber.addCustomer(name: "Ana")
            viber.customerWrites(ana, "hi")
            let gone = peer.subscribe()
            viber.customerUnsubscribes(gone)
            let answer = try await broadcast(
                peer, [ana, gone, "nobody", ana],
                [
                    "text": "Hello replace_me_with_user_name (replace_me_with_receiver_id)",
                    "keyboard": [
                        "Type": "keyboard",
                        "Buttons": [["ActionBody": "https://x/?id=replace_me_with_url_encoded_receiver_id"]],
                    ],
                ])
            #expect(answer["status"] == 0)
            let token = try #require(answer["message_token"]?.integer)
            #expect(answer["failed_list"]?.array?.map { $0["receiver"]?.string } == [gone, "nobody"])
            #expect(answer["failed_list"]?.array?.map { $0["status"] } == [6, 5])
            #expect(answer["failed_list"]?[0]?["status_message"] == "notSubscribed")
            let phone = viber.phone(of: ana)
            #expect(phone.map(\.text) == ["Hello Ana (\(ana))"])
            #expect(
                phone.first?.message["keyboard"]?["Buttons"]?[0]?["ActionBody"]?.string
                    == "https://x/?id=\(APIRequest.encode(ana))")
            #expect(phone.first?.message["broadcast_list"] == nil)
            #expect(await peer.sandbox.settle())
            let receipts = peer.receiver.webhooks.filter { $0.json["message_token"]?.integer == token }
            #expect(receipts.map { $0.json["event"] } == ["delivered", "seen"])
        }
    }

    @Test("A broadcast has the limits of a message and its own")
    func broadcastLimits() async throws {
        var knobs = ViberKnobs()
        knobs.broadcastLimit = 6
        try await withPeer(viber: knobs) { peer in
            #expect(try await broadcast(peer, ["a"])["status"] == 10)
            try await peer.setWebhook()
            #expect(try await broadcast(peer, ["a"], ["type": "telepathy"])["status"] == 3)
            #expect(try await broadcast(peer, ["a"], ["receiver": "a"])["status"] == 3)
            #expect(try await broadcast(peer, [])["status"] == 4)
            #expect(try await broadcast(peer, ["a"], ["broadcast_list": "a"])["status"] == 3)
            #expect(try await broadcast(peer, Array(repeating: "a", count: 301))["status"] == 3)
            for _ in 0..<6 {
                #expect(try await broadcast(peer, Array(repeating: "a", count: 300))["status"] == 0)
            }
            #expect(try await broadcast(peer, ["a"])["status"] == 12)
            peer.sandbox.viber.knobs.broadcastRefusal = 20
            #expect(try await broadcast(peer, ["a"])["status"] == 20)
        }
    }

    @Test("post writes into the public chat, where the bot has one")
    func publicChat() async throws {
        try await withPeer { peer in
            let body: JSON = ["from": "01234567890A=", "type": "text", "text": "to all", "sender": ["name": "Acme"]]
            #expect(try await peer.viber("post", body)["status"] == 10)
            try await peer.setWebhook()
            let answer = try await peer.viber("post", body)
            #expect(answer["status"] == 0)
            let shown = peer.sandbox.viber.publicChat()
            #expect(shown.map(\.text) == ["to all"])
            #expect(shown.map(\.token) == [answer["message_token"]?.integer])
            #expect(try await peer.viber("post", ["type": "text", "text": "x"])["status"] == 4)
            #expect(try await peer.viber("post", ["from": "a", "type": "text"])["status"] == 4)
            #expect(try await peer.viber("post", ["from": "a", "type": "text", "text": "x"])["status"] == 0)
            peer.sandbox.viber.knobs.hasPublicChat = false
            #expect(try await peer.viber("post", body)["status"] == 18)
        }
    }

    @Test("A message with a chat_id is taken, or refused with 16; a null is none")
    func inlineChats() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            func send(_ chat: JSON) async throws -> JSON? {
                try await peer.viber(
                    "send_message",
                    [
                        "receiver": .string(customer), "type": "text", "sender": ["name": "A"], "text": "x",
                        "chat_id": chat,
                    ])["status"]
            }
            #expect(try await send("inline-1") == 0)
            #expect(try await send(7) == 3)
            peer.sandbox.viber.knobs.inlineChats = .refused
            #expect(try await send("inline-1") == 16)
            #expect(try await send(.null) == 0)
            #expect(peer.sandbox.viber.phone(of: customer).count == 2)
        }
    }

    @Test("Media may be plain http, or must not, as the documentation has it")
    func plainHTTP() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            func send(_ url: String) async throws -> JSON? {
                try await peer.viber(
                    "send_message",
                    [
                        "receiver": .string(customer), "type": "picture", "sender": ["name": "A"], "text": "",
                        "media": .string(url),
                    ])["status"]
            }
            #expect(try await send("http://example.com/p.jpg") == 0)
            #expect(try await send("ftp://example.com/p.jpg") == 3)
            peer.sandbox.viber.knobs.refusesPlainHTTPMedia = true
            #expect(try await send("http://example.com/p.jpg") == 3)
            #expect(try await send("https://example.com/p.jpg") == 0)
        }
    }

    @Test("Without a URL set_webhook removes the webhook, and answers that there are no events")
    func unset() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let answer = try await peer.viber("set_webhook", ["url": ""])
            #expect(answer["status"] == 0)
            #expect(answer["event_types"] == [])
            #expect(peer.sandbox.viber.webhook() == nil)
        }
    }

    @Test("failed has a null udid and no description, or a description alone", arguments: [true, false])
    func failed(isReal: Bool) async throws {
        var knobs = ViberKnobs()
        if !isReal { knobs.omitsFailureDescription = false }
        try await withPeer(viber: knobs) { peer in
            try await peer.setWebhook(["failed"])
            let customer = peer.subscribe()
            _ = try await peer.viber(
                "send_message",
                [
                    "receiver": .string(customer), "type": "text", "sender": ["name": "A"], "text": "x",
                    "keyboard": ["Type": "keyboard", "Buttons": [["ActionBody": "a", "Columns": 9]]],
                ])
            #expect(await peer.sandbox.settle())
            let event = try #require(peer.receiver.webhooks("failed").first?.json)
            #expect(event["udid"] == (isReal ? .null : nil))
            #expect(event["desc"] == (isReal ? nil : "Columns out of range"))
        }
    }
}
