import Simulators
import Testing

@Suite("Viber: sending")
struct ViberSendTests {
    @Test("A text reaches the phone, with a 64-bit token, and delivered then seen follow")
    func happyPath() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            let answer = try await peer.send("Привіт 👋", to: customer)
            #expect(answer["status"] == 0)
            let token = try #require(answer["message_token"]?.integer)
            #expect(token > 1 << 53)
            #expect(peer.sandbox.viber.phone(of: customer).map(\.text) == ["Привіт 👋"])
            #expect(peer.sandbox.viber.phone(of: customer).first?.senderName == "Acme")
            #expect(await peer.sandbox.settle())
            let receipts = peer.receiver.webhooks.filter { $0.json["message_token"]?.integer == token }
            #expect(receipts.map { $0.json["event"]?.string } == ["delivered", "seen"])
            #expect(receipts.allSatisfy { $0.json["user_id"]?.string == customer })
        }
    }

    @Test("The token of the body is taken as well as that of the header; none and a wrong one are status 2 in HTTP 200")
    func authentication() async throws {
        try await withPeer { peer in
            let url = "\(peer.about.viber.url)/get_account_info"
            let body: JSON = ["auth_token": .string(peer.about.viber.token)]
            #expect(try await peer.call(.post, url, body.bytes).json["status"] == 0)
            let empty: JSON = [:]
            let none = try await peer.call(.post, url, empty.bytes)
            #expect(none.status == 200)
            #expect(none.json["status"] == 2)
            #expect(none.json["status_message"] == "missing_auth_token")
            let wrong = try await peer.call(.post, url, empty.bytes, headers: [("x-viber-auth-token", "no")])
            #expect(wrong.json["status_message"] == "invalidAuthToken")
            peer.sandbox.viber.replaceToken(with: "new")
            #expect(try await peer.viber("get_account_info", [:])["status"] == 2)
        }
    }

    @Test("Without a webhook nothing can be sent: 10; an unknown receiver is 5; who opened or left is 6")
    func states() async throws {
        try await withPeer { peer in
            let viber = peer.sandbox.viber
            let customer = viber.addCustomer()
            #expect(try await peer.send("x", to: customer)["status"] == 10)
            try await peer.setWebhook()
            #expect(try await peer.send("x", to: "nobody")["status"] == 5)
            #expect(try await peer.send("x", to: customer)["status"] == 5)
            viber.customerOpensChat(customer)
            #expect(viber.customer(customer)?.state == .opened)
            #expect(try await peer.send("x", to: customer)["status"] == 6)
            viber.customerWrites(customer, "hi")
            #expect(try await peer.send("1", to: customer)["status"] == 0)
            viber.customerUnsubscribes(customer)
            #expect(try await peer.send("x", to: customer)["status"] == 6)
            viber.customerResubscribes(customer)
            #expect(try await peer.send("2", to: customer)["status"] == 0)
            #expect(await peer.sandbox.settle())
            // A first message subscribes silently; only the tap on "Receive messages" has an event (viber.md §3.3).
            #expect(peer.receiver.webhooks("subscribed").count == 1)
            #expect(viber.phone(of: customer).map(\.text) == ["1", "2"])
        }
    }

    @Test("The 101st message in the hour without a reply is 12, and a reply starts the count anew")
    func hourlyLimit() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            var statuses: [JSON?] = []
            let hour = Timestamp.now.milliseconds / 3_600_000
            for number in 1...101 { statuses.append(try await peer.send("\(number)", to: customer)["status"]) }
            // Across a full hour the count starts anew by itself.
            guard Timestamp.now.milliseconds / 3_600_000 == hour else { return }
            #expect(statuses.prefix(100).allSatisfy { $0 == 0 })
            #expect(statuses.last == 12)
            peer.sandbox.viber.customerWrites(customer, "a reply")
            #expect(try await peer.send("again", to: customer)["status"] == 0)
            #expect(peer.sandbox.viber.phone(of: customer).count == 101)
        }
    }

    @Test(
        "Limits and required fields are checked (viber.md §5.1)",
        arguments: [
            (["type": "text", "text": .string(String(repeating: "я", count: 7000))], 0),
            (["type": "text", "text": .string(String(repeating: "я", count: 7001))], 3),
            (["type": "text"], 4), (["type": "text", "text": ""], 4), (["text": "x"], 4),
            (["type": "text", "text": "x", "sender": [:]], 4),
            (["type": "text", "text": "x", "sender": ["name": .string(String(repeating: "n", count: 29))]], 3),
            (["type": "text", "text": "x", "tracking_data": .null], 3),
            (["type": "text", "text": "x", "tracking_data": .string(String(repeating: "t", count: 4001))], 3),
            (["type": "text", "text": "x", "surprise": 1], 3), (["type": "telepathy"], 3),
            (["type": "text", "text": "x", "min_api_version": 99], 13),
            (["type": "picture", "text": "", "media": "https://x/p.jpg?sig=1"], 0),
            (["type": "picture", "text": "", "media": "https://x/p?name=.jpg"], 3),
            (["type": "picture", "text": .string(String(repeating: "c", count: 513)), "media": "https://x/p.jpg"], 3),
            (["type": "picture", "media": "http://example.com/p.jpg"], 0),
            (["type": "video", "media": "https://x/v.mp4"], 4),
            (["type": "video", "media": "https://x/v.mp4", "size": 10, "duration": 181], 3),
            (["type": "video", "media": "https://x/v.mp4", "size": 27_262_977], 3),
            (["type": "file", "media": "https://x/r", "size": 10, "file_name": "r.pdf"], 0),
            (["type": "file", "media": "https://x/r", "size": 10], 4),
            (["type": "file", "media": "https://x/r", "file_name": "r.pdf"], 4),
            (["type": "contact", "contact": ["name": "A", "phone_number": "+1234567890123456789"]], 3),
            (["type": "location", "location": ["lat": "37.7898", "lon": "-122.3942"]], 0),
            (["type": "location", "location": ["lat": 91, "lon": 0]], 3),
            (["type": "url", "media": "https://example.com"], 0), (["type": "sticker", "sticker_id": 46105], 0),
            (["type": "sticker"], 4),
            (["keyboard": ["Type": "keyboard", "Buttons": [["ActionBody": "a", "Columns": "6"]]]], 0),
            (["type": "text", "text": "x", "keyboard": ["Buttons": [["ActionBody": "a"]]]], 3),
            (["type": "text", "text": "x", "keyboard": ["Type": "keyboard", "Buttons": []]], 3),
            (["type": "rich_media", "rich_media": ["Type": "rich_media", "Buttons": [["ActionBody": "a"]]]], 14),
        ] as [(JSON, JSON)])
    func limits(message: JSON, expected: JSON) async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            var body = message
            body["receiver"] = .string(customer)
            if body["sender"] == nil { body["sender"] = ["name": "Acme"] }
            let answer = try await peer.viber("send_message", body)
            #expect(answer["status"] == expected, "\(answer.text)")
            #expect(peer.sandbox.viber.phone(of: customer).count == (expected == 0 ? 1 : 0))
        }
    }

    @Test("A request of more than 30 kB is refused, whatever is in it")
    func requestSize() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            let answer = try await peer.viber(
                "send_message",
                [
                    "receiver": .string(customer), "type": "text", "sender": ["name": "A"], "text": "x",
                    "alt_text": .string(String(repeating: "a", count: 31_000)),
                ])
            #expect(answer["status"] == 3)
        }
    }

    @Test("A keyboard that phones reject is taken by the API and followed by failed, not shown")
    func clientRules() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            let answer = try await peer.viber(
                "send_message",
                [
                    "receiver": .string(customer), "type": "text", "sender": ["name": "A"], "text": "x",
                    "keyboard": ["Type": "keyboard", "Buttons": [["ActionBody": "a", "Columns": 9]]],
                ])
            #expect(answer["status"] == 0)
            #expect(await peer.sandbox.settle())
            #expect(peer.receiver.webhooks("failed").map { $0.json["message_token"] } == [answer["message_token"]])
            #expect(peer.receiver.webhooks("seen").isEmpty)
            #expect(peer.sandbox.viber.phone(of: customer).isEmpty)
        }
    }

    @Test("With two devices delivered comes twice, and with quoted tokens the answer's token is a string")
    func knobs() async throws {
        var knobs = ViberKnobs()
        knobs.devices = 2
        knobs.quotesMessageTokens = true
        knobs.confirmsInbound = false
        try await withPeer(viber: knobs) { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            let answer = try await peer.send("x", to: customer)
            #expect(answer["message_token"]?.string != nil)
            #expect(await peer.sandbox.settle())
            #expect(peer.receiver.webhooks("delivered").count == 2)
        }
    }

    @Test("A delivered receipt can overtake the answer of send_message")
    func receiptBeforeAnswer() async throws {
        var knobs = ViberKnobs()
        knobs.deliversBeforeAnswer = true
        knobs.confirmsInbound = false
        try await withPeer(viber: knobs) { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            let answer = try await peer.send("x", to: customer)
            #expect(peer.receiver.webhooks("delivered").map { $0.json["message_token"] } == [answer["message_token"]])
        }
    }

    @Test("Details of a customer are given twice in twelve hours")
    func userDetails() async throws {
        try await withPeer { peer async throws in
            let customer = peer.subscribe()
            let body: JSON = ["id": .string(customer)]
            #expect(try await peer.viber("get_user_details", body)["user"]?["name"] == "Олена ☺")
            #expect(try await peer.viber("get_user_details", body)["status"] == 0)
            #expect(try await peer.viber("get_user_details", body)["status"] == 12)
        }
    }
}
