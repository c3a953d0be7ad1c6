import HTTPTypes
import Simulators
import Testing

@Suite("Freshchat: resolved conversations, limits and faults")
struct FreshchatResolvedTests {
    @Test("reopen: a customer's message reopens, conversation_reopen first")
    func reopen() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            let (user, id) = try await peer.conversation()
            try freshchat.resolve(id)
            freshchat.setWebhook("\(peer.url)/freshchat")
            #expect(try await peer.post("back", by: user, in: id).status == 200)
            #expect(freshchat.conversation(id)?.status == "new")
            #expect(await peer.sandbox.settle())
            let events = peer.receiver.webhooks.map(\.json)
            #expect(events.map { $0["action"] } == ["conversation_reopen", "message_create", "message_create"])
            #expect(events[0]["data"]?["reopen"]?["reopener"] == "user")
            #expect(events[0]["data"]?["reopen"]?["conversation"]?["status"] == "reopened")
            #expect(events[1]["data"]?["message"]?["actor_type"] == "system")
            #expect(events[2]["data"]?["message"]?["actor_type"] == "user")
        }
    }

    @Test("latest_only: the old conversation refuses for good, and a new one works")
    func latestOnly() async throws {
        var knobs = FreshchatKnobs()
        knobs.resolvedMode = .latestOnly
        try await withPeer(freshchat: knobs) { peer in
            let (user, id) = try await peer.conversation()
            try peer.sandbox.freshchat.resolve(id)
            let refused = try await peer.post("back", by: user, in: id)
            #expect(refused.status == 400)
            #expect(refused.json["message"]?.string?.contains("not the latest conversation") == true)
            #expect(try await peer.freshchat(.put, "/conversations/\(id)", ["status": "new"]).status == 400)
            #expect(try await peer.post("back", by: user, in: id).status == 400)
            let new = try await peer.freshchat(.post, "/conversations", peer.newConversation(user: user, "back"))
            #expect(new.status == 200)
            #expect(new.json["conversation_id"]?.string != id)
        }
    }

    @Test("fail: the message is refused until the conversation is reopened")
    func fail() async throws {
        var knobs = FreshchatKnobs()
        knobs.resolvedMode = .fail
        try await withPeer(freshchat: knobs) { peer in
            let (user, id) = try await peer.conversation()
            try peer.sandbox.freshchat.resolve(id)
            #expect(try await peer.post("back", by: user, in: id).status == 400)
            #expect(try await peer.freshchat(.put, "/conversations/\(id)", ["status": "new"]).json["status"] == "new")
            #expect(try await peer.post("back", by: user, in: id).status == 200)
        }
    }

    @Test("The token bucket answers 429 in either meaning and spelling of the reset header")
    func rateLimit() async throws {
        var knobs = FreshchatKnobs()
        knobs.rateLimitPerMinute = 2
        try await withPeer(freshchat: knobs) { peer in
            let freshchat = peer.sandbox.freshchat
            #expect(try await peer.freshchat(.get, "/channels").header("X-RateLimit-Limit") == "2")
            #expect(try await peer.freshchat(.get, "/channels").header("X-RateLimit-Remaining") == "0")
            let epoch = try await peer.freshchat(.get, "/channels")
            #expect(epoch.status == 429)
            #expect(epoch.json["status"] == "TOO_MANY_REQUESTS")
            #expect(Int64(epoch.header("X-RateLimit-Reset") ?? "") ?? 0 > 1_000_000_000)
            #expect((1...30).contains(Int(epoch.header("Retry-After") ?? "") ?? 0))
            freshchat.knobs.resetMeaning = .secondsToWait
            freshchat.knobs.omitsResetDash = true
            freshchat.knobs.sendsRetryAfter = false
            let seconds = try await peer.freshchat(.get, "/channels")
            #expect((1...30).contains(Int(seconds.header("X-RateLimitReset") ?? "") ?? 0))
            #expect(seconds.header("Retry-After") == nil)
        }
    }

    @Test("A fault before leaves no trace, one after does: the caller can't tell")
    func faults() async throws {
        try await withPeer { peer in
            let freshchat = peer.sandbox.freshchat
            let (user, id) = try await peer.conversation(text: "1")
            let route = "POST /conversations/{id}/messages"
            freshchat.inject(.status(503, moment: .before, route: route, body: .html))
            #expect(try await peer.post("2", by: user, in: id).status == 503)
            #expect(freshchat.messages(in: id).map(\.text) == ["1"])
            freshchat.inject(.status(500, moment: .after, route: route, body: .empty))
            let after = try await peer.post("3", by: user, in: id)
            #expect(after.status == 500)
            #expect(after.body.isEmpty)
            #expect(freshchat.messages(in: id).map(\.text) == ["1", "3"])
            freshchat.inject(.reset(.after, route: route))
            await #expect(throws: (any Error).self) { try await peer.post("4", by: user, in: id) }
            #expect(freshchat.messages(in: id).map(\.text) == ["1", "3", "4"])
            freshchat.inject(.status(429, route: route, count: 2, retryAfterSeconds: 7))
            #expect(try await peer.freshchat(.get, "/conversations/\(id)").status == 200)
            #expect(try await peer.post("5", by: user, in: id).header("Retry-After") == "7")
            #expect(try await peer.post("5", by: user, in: id).status == 429)
            #expect(try await peer.post("5", by: user, in: id).status == 200)
            #expect(freshchat.faults.isEmpty)
        }
    }

    @Test("A message can be answered 200 and have failed all the same: nothing is stored")
    func failedMessage() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation(text: "1")
            peer.sandbox.freshchat.inject(.failedMessage("no such channel", count: 2))
            let message = try await peer.post("2", by: user, in: id)
            #expect(message.status == 200)
            #expect(message.json["status"] == "Failed")
            #expect(message.json["error_message"] == "no such channel")
            let conversation = try await peer.freshchat(.post, "/conversations", peer.newConversation(user: user, "3"))
            #expect(conversation.json["messages"]?[0]?["error_message"] == "no such channel")
            #expect(peer.sandbox.freshchat.conversations().map(\.id) == [id])
            #expect(peer.sandbox.freshchat.messages(in: id).map(\.text) == ["1"])
        }
    }

    @Test("Viber's API can fail the same ways, and with its own status codes")
    func viberFaults() async throws {
        try await withPeer { peer in
            try await peer.setWebhook()
            let customer = peer.subscribe()
            peer.sandbox.viber.inject(.apiStatus(12, route: "POST /send_message"))
            #expect(try await peer.send("1", to: customer)["status"] == 12)
            peer.sandbox.viber.inject(.reset(.after, route: "POST /send_message"))
            await #expect(throws: (any Error).self) { try await peer.send("2", to: customer) }
            #expect(try await peer.send("3", to: customer)["status"] == 0)
            #expect(peer.sandbox.viber.phone(of: customer).map(\.text) == ["2", "3"])
        }
    }

    @Test("An image is fetched during the post and moved to the CDN; one that can't be is IMAGE_EMPTY_CONTENT")
    func images() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation()
            peer.receiver.answers { webhook, _ in
                webhook.path == "/good.png"
                    ? APIResponse(headers: [.contentType: "image/png"], body: [1, 2, 3]) : APIResponse(status: 404)
            }
            var body = peer.userMessage("", user)
            body["message_parts"] = [["image": ["url": .string("\(peer.url)/bad.png")]]]
            let path = "/conversations/\(id)/messages"
            #expect(try await peer.freshchat(.post, path, body).json["message"] == "IMAGE_EMPTY_CONTENT")
            body["message_parts"] = [["image": ["url": .string("\(peer.url)/good.png")]]]
            let posted = try await peer.freshchat(.post, path, body)
            let url = try #require(posted.json["message_parts"]?[0]?["image"]?["url"]?.string)
            #expect(url.contains("/cdn/"))
            #expect(try await peer.call(.get, url).body == [1, 2, 3])
        }
    }

    @Test("Images and files are uploaded as multipart and sent by URL and by hash")
    func uploads() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation()
            func upload(_ path: String, _ field: String, _ type: String, _ bytes: [UInt8]) async throws -> Peer.Answer {
                let head =
                    "--b-1\r\nContent-Disposition: form-data; name=\"\(field)\"; filename=\"a.bin\"\r\n"
                    + "Content-Type: \(type)\r\n\r\n"
                return try await peer.call(
                    .post, peer.about.freshchat.url + path, Array(head.utf8) + bytes + Array("\r\n--b-1--\r\n".utf8),
                    headers: [
                        ("Authorization", "Bearer \(peer.about.freshchat.token)"),
                        ("Content-Type", "multipart/form-data; boundary=b-1"),
                    ])
            }
            let image = try await upload("/images/upload", "image", "image/png", [13, 10, 45, 45])
            let url = try #require(image.json["url"]?.string)
            #expect(try await peer.call(.get, url).body == [13, 10, 45, 45])
            #expect(try await upload("/images/upload", "file", "image/png", [1]).status == 400)

            peer.sandbox.freshchat.knobs.scanMilliseconds = 60_000
            let file = try await upload("/files/upload", "file", "application/pdf", [1, 2, 3])
            #expect(file.json["file_security_status"] == "AV_PENDING")
            var body = peer.userMessage("", user)
            body["message_parts"] = [
                ["file": ["fileHash": file.json["file_hash"] ?? "", "fileSource": "FRESHCHAT", "name": "r.pdf"]]
            ]
            let path = "/conversations/\(id)/messages"
            let sent = try await peer.freshchat(.post, path, body)
            let part = try #require(sent.json["message_parts"]?[0]?["file"])
            #expect(part["content_type"] == "application/pdf")
            #expect(part["file_size_in_bytes"] == 3)
            #expect(try await peer.call(.get, part["url"]?.string ?? "").body == [1, 2, 3])
            peer.sandbox.freshchat.knobs.acceptsUnscannedFiles = false
            #expect(try await peer.freshchat(.post, path, body).status == 400)
            #expect(
                try await upload("/files/upload", "file", "x/y", Array(repeating: 0, count: 25 << 20 | 1)).status == 413
            )
        }
    }
}
