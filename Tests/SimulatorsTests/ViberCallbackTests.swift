import Simulators
import Testing

@Suite("Viber: webhook and callbacks")
struct ViberCallbackTests {
    @Test(
        "Signatures are those of the contract's vectors (viber.md §4)",
        arguments: [
            (
                "4f2a1c7d9e8b6a50-11aa22bb33cc44dd-99ee88ff77006655",
                #"{"event":"webhook","timestamp":1663858877101,"chat_hostname":"SN-CHAT-03_","message_token":5753750845017966998}"#,
                "c3b4ebaa46ef7ae655d285f89d2e222cdf6885905501bb148183cf1100e21f1f"
            ),
            (
                "4f2a1c7d9e8b6a50-11aa22bb33cc44dd-99ee88ff77006655",
                #"{"event":"message","timestamp":1687200046080,"chat_hostname":"SN-CALLBACK-04_","message_token":5851650804048782321,"sender":{"id":"aB3/xYz+Q1k0pLmN5oPqRg==","name":"Олена ☺","language":"uk-UA","country":"UA","api_version":10},"message":{"text":"Добрий день 👋","type":"text"},"silent":false}"#,
                "c020d5c38bc7abcb135ed0d7c7846081383bf22d8d5b7ae542adf061b1e57fb3"
            ),
            (
                "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3",
                #"{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}"#,
                "d21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef"
            ),
            ("2", "1", "4703d481ddedca88184497744b52937586bef3b273645082c04529f73b85456e"),
        ])
    func vectors(token: String, body: String, signature: String) {
        #expect(ViberSimulator.signature(of: Array(body.utf8), token: token) == signature)
    }

    @Test("set_webhook makes a signed handshake during the call and keeps the URL without its query")
    func handshake() async throws {
        try await withPeer { peer in
            let answer = try await peer.viber(
                "set_webhook", ["url": .string("\(peer.url)/viber?tenant=1"), "event_types": ["delivered"]])
            #expect(answer["status"] == 0)
            #expect(answer["event_types"] == ["subscribed", "unsubscribed", "delivered", "message"])
            let handshake = try #require(peer.receiver.webhooks.first)
            #expect(handshake.json["event"] == "webhook")
            #expect(
                handshake.header("X-Viber-Content-Signature")
                    == ViberSimulator.signature(of: handshake.body, token: peer.about.viber.token))
            #expect(peer.sandbox.viber.webhook()?.url == "\(peer.url)/viber")
            let all = try await peer.setWebhook()
            #expect(all["event_types"]?.array?.count == 10)
            #expect(try await peer.viber("get_account_info", [:])["webhook"]?.string == "\(peer.url)/viber")
        }
    }

    @Test("A failed handshake is status 1 in Java's words, and the webhook before it stays")
    func failedHandshake() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            peer.receiver.answers { _, _ in APIResponse(status: 419) }
            let refused = try await peer.viber("set_webhook", ["url": .string("\(peer.url)/other")])
            #expect(refused["status"] == 1)
            #expect(refused["status_message"]?.string?.contains("HTTP/1.1 419") == true)
            let nobody = try await peer.viber("set_webhook", ["url": "http://127.0.0.1:9/x"])
            #expect(nobody["status_message"]?.string?.contains("java.net.ConnectException") == true, "\(nobody.text)")
            // An answer that never comes.
            peer.receiver.answers { _, _ in
                for await _ in AsyncStream<Void>.makeStream().stream {}
                return APIResponse()
            }
            peer.sandbox.viber.knobs.handshakeTimeoutMilliseconds = 200
            let late = try await peer.viber("set_webhook", ["url": .string("\(peer.url)/other")])
            #expect(late["status_message"]?.string?.contains("Total timeout 200 ms elapsed") == true)
            #expect(peer.sandbox.viber.webhook()?.url == "\(peer.url)/viber")
        }
    }

    @Test(
        "Plain HTTP to another machine, and what is no URL, is invalidUrl",
        arguments: ["http://example.com/x", "ftp://127.0.0.1/x", "example.com", "http://127.0.0.1@example.com/"])
    func plainHTTP(url: String) async throws {
        try await withPeer { peer async throws in
            #expect(try await peer.viber("set_webhook", ["url": .string(url)])["status"] == 1)
        }
    }

    @Test("An empty URL removes the webhook; then nothing is called back")
    func unset() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            #expect(try await peer.viber("set_webhook", ["url": ""])["status"] == 0)
            _ = peer.subscribe()
            #expect(await peer.sandbox.settle())
            #expect(peer.receiver.webhooks.count == 1)
        }
    }

    @Test("A message is signed over the bytes sent, carries name and tracking data, and keeps emoji unescaped")
    func message() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            _ = try await peer.viber(
                "send_message",
                [
                    "receiver": .string(customer), "type": "text", "sender": ["name": "A"], "text": "x",
                    "tracking_data": "our-id-1",
                ])
            peer.sandbox.viber.customerWrites(customer, "Добрий день 👋")
            #expect(await peer.sandbox.settle())
            let messages = peer.receiver.webhooks("message")
            #expect(messages.count == 2)
            #expect(messages[0].json["message"]?["tracking_data"] == nil)
            #expect(messages[1].json["message"]?["tracking_data"] == "our-id-1")
            #expect(messages[1].json["sender"]?["name"] == "Олена ☺")
            #expect(String(decoding: messages[1].body, as: UTF8.self).contains("Добрий день 👋"))
            #expect(customer.contains("/") && customer.contains("+") && customer.hasSuffix("=="))
            for webhook in messages {
                #expect(
                    webhook.header("x-viber-content-signature")
                        == ViberSimulator.signature(of: webhook.body, token: peer.about.viber.token))
            }
        }
    }

    @Test("Events outside the filter are not sent, the mandatory ones always")
    func filter() async throws {
        try await withPeer { peer in
            try await peer.setWebhook(["failed"])
            let customer = peer.subscribe()
            _ = try await peer.send("x", to: customer)
            peer.sandbox.viber.customerOpensChat(customer)
            peer.sandbox.viber.customerUnsubscribes(customer)
            #expect(await peer.sandbox.settle())
            #expect(peer.receiver.webhooks.map { $0.json["event"] } == ["webhook", "message", "unsubscribed"])
        }
    }

    @Test("The answer to conversation_started is shown as the welcome message; an invalid one is not")
    func welcome() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let viber = peer.sandbox.viber
            peer.receiver.answers { _, _ in
                APIResponse(json: ["type": "text", "text": "Welcome!", "sender": ["name": "Acme"]])
            }
            let customer = viber.addCustomer()
            let token = viber.customerOpensChat(customer, context: "spring")
            #expect(await peer.sandbox.settle())
            #expect(peer.receiver.webhooks("conversation_started").first?.json["context"] == "spring")
            #expect(peer.receiver.webhooks("conversation_started").first?.json["subscribed"] == false)
            let shown = viber.phone(of: customer)
            #expect(shown.map(\.text) == ["Welcome!"])
            #expect(shown.map(\.token) == [token])
            #expect(shown.first?.isWelcome == true)
            #expect(peer.receiver.webhooks("seen").count == 1)

            peer.receiver.answers { _, _ in APIResponse(json: ["type": "text", "text": "no sender"]) }
            let other = viber.addCustomer()
            viber.customerOpensChat(other)
            #expect(await peer.sandbox.settle())
            #expect(viber.phone(of: other).isEmpty)
        }
    }

    @Test("What is not answered 200 is sent again, the same bytes and signature, without holding up the next")
    func retries() async throws {
        try await withPeer { peer in
            try await peer.setWebhook(["failed"])
            peer.receiver.answers { webhook, index in
                APIResponse(status: webhook.json["message"]?["text"] == "first" && index < 5 ? 503 : 200)
            }
            let customer = peer.sandbox.viber.addCustomer()
            peer.sandbox.viber.customerWrites(customer, "first")
            peer.sandbox.viber.customerWrites(customer, "second")
            #expect(await peer.sandbox.settle())
            let first = peer.receiver.webhooks("message").filter { $0.json["message"]?["text"] == "first" }
            #expect(first.count > 1)
            #expect(Set(first.map(\.body)).count == 1)
            #expect(Set(first.map { $0.header("X-Viber-Content-Signature") }).count == 1)
            #expect(peer.receiver.webhooks("message").count { $0.json["message"]?["text"] == "second" } == 1)
        }
    }

    @Test("204 is no 200: it is sent again")
    func noContent() async throws {
        try await withPeer { peer in
            try await peer.setWebhook(["failed"])
            peer.receiver.answers { _, index in APIResponse(status: index < 3 ? 204 : 200) }
            _ = peer.subscribe()
            #expect(await peer.sandbox.settle())
            #expect(peer.receiver.webhooks("message").count == 3)
        }
    }

    @Test("200 messages of one customer arrive in the order in which they were written")
    func order() async throws {
        try await withPeer { peer in
            try await peer.setWebhook(["failed"])
            let customer = peer.sandbox.viber.addCustomer()
            for number in 0..<200 { peer.sandbox.viber.customerWrites(customer, "\(number)") }
            #expect(await peer.sandbox.settle(timeout: .seconds(30)))
            #expect(
                peer.receiver.webhooks("message").map { $0.json["message"]?["text"]?.string }
                    == (0..<200).map { "\($0)" })
        }
    }

    @Test("The knobs duplicate, drop and reorder do what they say")
    func mishaps() async throws {
        try await withPeer { peer in
            try await peer.setWebhook(["failed"])
            let viber = peer.sandbox.viber
            let customer = viber.addCustomer()
            viber.knobs.callbacks.duplicateProbability = 1
            viber.customerWrites(customer, "twice")
            #expect(await peer.sandbox.settle())
            #expect(peer.receiver.webhooks("message").count == 2)
            #expect(Set(peer.receiver.webhooks("message").map(\.body)).count == 1)
            viber.knobs.callbacks.duplicateProbability = 0

            viber.knobs.callbacks.dropProbability = 1
            viber.customerWrites(customer, "never")
            viber.knobs.callbacks.dropProbability = 0
            viber.knobs.callbacks.reorderProbability = 1
            viber.customerWrites(customer, "late")
            viber.knobs.callbacks.reorderProbability = 0
            viber.customerWrites(customer, "early")
            #expect(await peer.sandbox.settle())
            #expect(
                peer.receiver.webhooks("message").dropFirst(2).map { $0.json["message"]?["text"] } == ["early", "late"])
            #expect(peer.sandbox.log.entries().contains { $0.kind == .unsent && $0.text == "dropped by a knob" })
        }
    }

    @Test("Unknown events and members, other kinds' variants and repeats of one message can be asked for")
    func variants() async throws {
        var knobs = ViberKnobs()
        knobs.addsUnknownMembers = true
        knobs.clientStatusProbability = 1
        knobs.usesFileSize = true
        knobs.quotesCoordinates = true
        try await withPeer(viber: knobs) { peer in
            try await peer.setWebhook()
            let viber = peer.sandbox.viber
            let customer = viber.addCustomer()
            viber.customerWrites(customer, message: ["type": "file", "media": "https://x/f", "size": 3], times: 2)
            viber.customerWrites(customer, message: ["type": "location", "location": ["lat": 50.5, "lon": 6.25]])
            #expect(await peer.sandbox.settle())
            let messages = peer.receiver.webhooks("message")
            #expect(messages.count == 3)
            #expect(messages[0].body == messages[1].body)
            #expect(messages[0].json["message"]?["file_size"] == 3)
            #expect(messages[0].json["message"]?["size"] == nil)
            #expect(messages[0].json["x_future"] != nil)
            #expect(messages[2].json["message"]?["location"] == ["lat": "50.5", "lon": "6.25"])
            #expect(peer.receiver.webhooks("client_status").count == 2)
        }
    }

    @Test("Names and photos come only when the webhook asked for them")
    func personalData() async throws {
        try await withPeer { peer in
            _ = try await peer.viber("set_webhook", ["url": .string("\(peer.url)/viber")])
            _ = peer.subscribe()
            #expect(await peer.sandbox.settle())
            let sender = try #require(peer.receiver.webhooks("message").first?.json["sender"])
            #expect(sender["id"] != nil)
            #expect(sender["name"] == nil)
            #expect(sender["avatar"] == nil)
        }
    }

    @Test("Media of customers have long signed URLs that die")
    func media() async throws {
        try await withPeer { peer async throws in
            let url = peer.sandbox.viber.mediaURL(for: [1, 2, 3], fileName: "a b.jpg", contentType: "image/jpeg")
            #expect(url.count > 400)
            #expect(try await peer.call(.get, url).body == [1, 2, 3])
            #expect(try await peer.call(.get, String(url.prefix { $0 != "?" })).status == 403)
            peer.sandbox.viber.knobs.mediaLifetimeSeconds = -1
            let dead = peer.sandbox.viber.mediaURL(for: [1], fileName: "a.jpg", contentType: "image/jpeg")
            #expect(try await peer.call(.get, dead).status == 403)
        }
    }
}
