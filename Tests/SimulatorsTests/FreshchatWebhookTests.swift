import Crypto
import CryptoExtras
import FoundationEssentials
import Simulators
import Testing

@Suite("Freshchat: webhooks and product events")
struct FreshchatWebhookTests {
    @Test("The signature verifies over the raw bytes with the key once its label is put right, and only so")
    func signature() async throws {
        try await withPeer { peer in
            let (_, id) = try await peer.conversation()
            peer.sandbox.freshchat.setWebhook("\(peer.url)/freshchat")
            try peer.sandbox.freshchat.agentReplies(in: id, "Добрий день 👋 a/b")
            #expect(await peer.sandbox.settle())
            let webhook = try #require(peer.receiver.webhooks.first)
            #expect(String(decoding: webhook.body, as: UTF8.self).contains("Добрий день 👋 a/b"))
            let pem = peer.about.freshchat.webhookPublicKey
            #expect(pem.contains("BEGIN RSA PUBLIC KEY"))
            let key = try _RSA.Signing.PublicKey(pemRepresentation: pem.replacing("RSA PUBLIC", with: "PUBLIC"))
            #expect(key.keySizeInBits == 2048)
            let raw = try #require(Data(base64Encoded: webhook.header("X-Freshchat-Signature") ?? ""))
            let signature = _RSA.Signing.RSASignature(rawRepresentation: raw)
            #expect(
                key.isValidSignature(
                    signature, for: SHA256.hash(data: webhook.body), padding: .insecurePKCS1v1_5))
            var tampered = webhook.body
            tampered[20] ^= 1
            #expect(!key.isValidSignature(signature, for: SHA256.hash(data: tampered), padding: .insecurePKCS1v1_5))
            #expect(webhook.header("X-Retry-Count") == "0")
            #expect(webhook.header("X-Freshchat-Payload-Version") != nil)
        }
    }

    @Test("Events come for all actors, what the API made, private notes, system lines and foreign topics")
    func everything() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            freshchat.setWebhook("\(peer.url)/freshchat")
            let (user, id) = try await peer.conversation(text: "from the API")
            try freshchat.agentReplies(in: id, "a reply")
            try freshchat.agentWritesPrivateNote(in: id, "a note")
            try freshchat.systemWrites(in: id, "a line")
            try freshchat.botReplies(in: id, parts: [["text": ["content": "a bot"]]])
            let foreign = try freshchat.startConversation(
                with: user, onTopic: peer.about.freshchat.topics[1].id, "elsewhere", byAgent: true)
            #expect(await peer.sandbox.settle())
            let messages = peer.receiver.webhooks("message_create").compactMap { $0.json["data"]?["message"] }
            let own = messages.filter { $0["conversation_id"]?.string == id }
            #expect(own.map { $0["actor_type"] } == ["user", "agent", "agent", "agent", "bot"])
            #expect(own.map { $0["message_type"] } == ["normal", "normal", "private", "normal", "normal"])
            #expect(own.map { $0["meta_data"] != nil } == [false, false, false, true, false])
            #expect(messages.first { $0["conversation_id"]?.string == foreign.id }?["channel_id"]?.string != peer.topic)
        }
    }

    @Test("Resolving and assigning have their events")
    func lifecycle() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            freshchat.knobs.writesSystemLines = false
            let (user, id) = try await peer.conversation()
            freshchat.setWebhook("\(peer.url)/freshchat")
            try freshchat.assign(id)
            try freshchat.resolve(id)
            try freshchat.reopen(id)
            #expect(await peer.sandbox.settle())
            let events = peer.receiver.webhooks.map(\.json)
            #expect(
                events.map { $0["action"] }
                    == ["conversation_assignment", "conversation_resolution", "conversation_reopen"])
            #expect(events[0]["data"]?["assignment"]?["from_agent_id"] == "")
            #expect(events[1]["data"]?["resolve"]?["user"]?["id"]?.string == user)
        }
    }

    @Test("A webhook that fails is sent again with the next count, without holding up the next one")
    func retries() async throws {
        try await withPeer { peer in
            let (_, id) = try await peer.conversation()
            let freshchat = peer.sandbox.freshchat
            freshchat.setWebhook("\(peer.url)/freshchat")
            peer.receiver.answers { webhook, _ in
                let isFirst = webhook.json["data"]?["message"]?["message_parts"]?[0]?["text"]?["content"] == "first"
                return APIResponse(status: isFirst && webhook.header("X-Retry-Count") != "2" ? 500 : 200)
            }
            try freshchat.agentReplies(in: id, "first")
            try freshchat.agentReplies(in: id, "second")
            #expect(await peer.sandbox.settle())
            let counts = peer.receiver.webhooks.filter { String(decoding: $0.body, as: UTF8.self).contains("first") }
            #expect(counts.map { $0.header("X-Retry-Count") } == ["0", "1", "2"])
            #expect(Set(counts.map(\.body)).count == 1)
            #expect(peer.receiver.webhooks.count == 4)
            peer.receiver.answers { _, _ in APIResponse(status: 500) }
            try freshchat.agentReplies(in: id, "hopeless")
            #expect(await peer.sandbox.settle())
            #expect(
                peer.sandbox.log.entries().contains { $0.kind == .unsent && $0.text == "failed after 4 attempts" })
        }
    }

    @Test("A webhook can come before the answer of the call that caused it")
    func beforeAnswer() async throws {
        var knobs = FreshchatKnobs()
        knobs.deliversBeforeAnswer = true
        try await withPeer(freshchat: knobs) { peer in
            let (user, id) = try await peer.conversation()
            peer.sandbox.freshchat.setWebhook("\(peer.url)/freshchat")
            let answer = try await peer.post("x", by: user, in: id)
            #expect(peer.receiver.webhooks.map { $0.json["data"]?["message"]?["id"] } == [answer.json["id"]])
            peer.receiver.answers { _, _ in APIResponse(status: 500) }
            #expect(try await peer.post("y", by: user, in: id).status == 200)
            peer.sandbox.freshchat.knobs.webhooks.dropProbability = 1
            #expect(try await peer.post("z", by: user, in: id).status == 200)
        }
    }

    @Test("Events of one conversation come in order, those of another don't wait for them")
    func order() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            let (_, one) = try await peer.conversation(reference: "1")
            let (_, two) = try await peer.conversation(reference: "2")
            freshchat.setWebhook("\(peer.url)/freshchat")
            let gate = AsyncStream<Void>.makeStream()
            peer.receiver.answers { webhook, _ in
                guard String(decoding: webhook.body, as: UTF8.self).contains("blocked") else { return APIResponse() }
                for await _ in gate.stream { break }
                return APIResponse()
            }
            try freshchat.agentReplies(in: one, "blocked")
            for number in 0..<50 { try freshchat.agentReplies(in: one, "\(number)") }
            for number in 0..<50 { try freshchat.agentReplies(in: two, "\(number)") }
            let receiver = peer.receiver
            #expect(await peer.sandbox.log.wait(timeout: .seconds(10)) { receiver.webhooks.count >= 51 })
            #expect(texts(receiver, two) == (0..<50).map { "\($0)" })
            #expect(texts(receiver, one) == ["blocked"])
            gate.continuation.finish()
            #expect(await peer.sandbox.settle())
            #expect(texts(receiver, one) == ["blocked"] + (0..<50).map { "\($0)" })
        }
    }

    @Test("Payloads come in all flavours")
    func flavours() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            let (user, id) = try await peer.conversation()
            freshchat.setWebhook("\(peer.url)/freshchat")
            freshchat.knobs.webhooks.delayMilliseconds = 0
            for flavour in [FreshchatKnobs.PayloadFlavour.v2018, .v2019, .v2022, .omni] {
                freshchat.knobs.payloadFlavour = flavour
                _ = try await peer.post("x", by: user, in: id)
            }
            freshchat.knobs.addsNullPartKeys = true
            freshchat.knobs.attachmentURLDelayMilliseconds = 60_000
            let url = freshchat.attach([1], contentType: "image/png")
            try freshchat.agentReplies(in: id, parts: [["image": ["url": .string(url)]]])
            #expect(await peer.sandbox.settle())
            let messages = peer.receiver.webhooks.compactMap { $0.json["data"]?["message"] }
            #expect(messages[0]["msg_parts"] == [["part_type": "text", "properties": ["text": "x"]]])
            #expect(messages[0]["message_parts"] == nil)
            #expect(messages[1]["user_id"] == nil)
            #expect(messages[2]["message_type"] == nil)
            #expect(messages[3]["freshchat_conversation_id"]?.string != nil)
            #expect(messages[4]["message_parts"]?[0]?["text"]?.isNull == true)
            #expect(messages[4]["message_parts"]?[0]?["image"]?["url"] == nil)
        }
    }

    @Test("Product events carry the message in data.message.messages and the user's reference")
    func productEvents() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            let (_, id) = try await peer.conversation(reference: "viber:7")
            freshchat.setProductEvents("\(peer.url)/product")
            try freshchat.agentReplies(in: id, "hi")
            try freshchat.resolve(id)
            #expect(await peer.sandbox.settle())
            let events = peer.receiver.webhooks.map(\.json)
            #expect(events.map { $0["event"] } == ["onMessageCreate", "onMessageCreate", "onConversationUpdate"])
            let data = try #require(events[0]["data"])
            #expect(data["message"]?["messages"]?[0]?["message_parts"]?[0]?["text"]?["content"] == "hi")
            #expect(data["message"]?["messages"]?[0]?["message_parts"]?[0]?["image"]?.isNull == true)
            #expect(data["associations"]?["user"]?["reference_id"] == "viber:7")
            #expect(data["actor"]?["type"] == "agent")
            #expect(events[1]["data"]?["actor"]?["type"] == "agent")
            #expect(events[1]["data"]?["message"]?["messages"]?[0]?["message_source"] == "system")
            #expect(events[2]["data"]?["changes"]?["model_changes"]?["status"] == ["new", "resolved"])
        }
    }

    private func texts(_ receiver: Receiver, _ conversation: String) -> [String] {
        receiver.webhooks.compactMap { $0.json["data"]?["message"] }
            .filter { $0["conversation_id"]?.string == conversation }
            .compactMap { $0["message_parts"]?[0]?["text"]?["content"]?.string }
    }
}
