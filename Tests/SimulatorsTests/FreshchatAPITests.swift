import Simulators
import Testing

@Suite("Freshchat: the REST API")
struct FreshchatAPITests {
    @Test("Without the right token every route is 401, and a replaced token stops working")
    func authentication() async throws {
        try await withPeer { peer in
            #expect(try await peer.freshchat(.get, "/accounts/configuration").status == 200)
            let refused = try await peer.freshchat(.get, "/accounts/configuration", token: "other")
            #expect(refused.status == 401)
            #expect(refused.json["code"] == 401)
            peer.sandbox.freshchat.replaceToken(with: "new")
            #expect(try await peer.freshchat(.get, "/channels").status == 401)
            #expect(try await peer.freshchat(.get, "/channels", token: "new").status == 200)
        }
    }

    @Test("Every answer has the rate-limit headers and a trace id, errors too")
    func headers() async throws {
        try await withPeer { peer in
            for path in ["/channels", "/users/none", "/nothing"] {
                let answer = try await peer.freshchat(.get, path)
                for name in ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Trace-ID"] {
                    #expect(answer.header(name) != nil, "\(name) on \(path)")
                }
            }
            #expect(try await peer.freshchat(.delete, "/channels").status == 405)
        }
    }

    @Test("A user is found by reference_id, which need not be unique; a plus in a filter must be encoded")
    func users() async throws {
        try await withPeer { peer in
            let body: JSON = [
                "reference_id": "viber:a+b/c==", "first_name": "Ana", "avatar": ["url": "https://x/a.jpg"],
                "properties": [["name": "channel", "value": "viber"]],
            ]
            let first = try await peer.freshchat(.post, "/users", body)
            #expect(first.status == 200)
            #expect(try await peer.freshchat(.post, "/users", body).status == 200)
            let found = try await peer.freshchat(.get, "/users?reference_id=viber%3Aa%2Bb%2Fc%3D%3D")
            #expect(found.json["users"]?.array?.count == 2)
            #expect(found.json["users"]?[0]?["id"] == first.json["id"])
            #expect(found.json["pagination"]?["total_items"] == 2)
            let unencoded = try await peer.freshchat(.get, "/users?reference_id=viber:a+b/c==")
            #expect(unencoded.json["users"] == [])
            #expect(try await peer.freshchat(.get, "/users").status == 400)
            #expect(try await peer.freshchat(.get, "/users?reference_id=").status == 400)
            #expect(try await peer.freshchat(.get, "/users/lookup").status == 404)
        }
    }

    @Test("A second user with the same reference_id can be made a conflict")
    func uniqueReference() async throws {
        var knobs = FreshchatKnobs()
        knobs.uniqueReferenceIDs = true
        try await withPeer(freshchat: knobs) { peer async throws in
            #expect(try await peer.freshchat(.post, "/users", ["reference_id": "r"]).status == 200)
            #expect(try await peer.freshchat(.post, "/users", ["reference_id": "r"]).status == 409)
        }
    }

    @Test(
        "What the contract does not list is refused with 400 INVALID_VALUE",
        arguments: [
            ["reference_id": "r", "nickname": "x"], ["first_name": 1], ["properties": ["a": "b"]],
            ["properties": [["name": "a", "value": 1]]], ["avatar": "https://x"],
        ] as [JSON])
    func strictUsers(body: JSON) async throws {
        try await withPeer { peer in
            let answer = try await peer.freshchat(.post, "/users", body)
            #expect(answer.status == 400)
            #expect(answer.json["status"] == "INVALID_VALUE")
        }
    }

    @Test("Properties of a user are replaced or merged, as the knob says")
    func userUpdate() async throws {
        try await withPeer { peer in
            let user = try await peer.freshchat(
                .post, "/users", ["properties": [["name": "a", "value": "1"], ["name": "b", "value": "2"]]])
            let path = "/users/\(user.json["id"]?.string ?? "")"
            peer.sandbox.freshchat.knobs.propertiesMode = .merge
            let merged = try await peer.freshchat(.put, path, ["properties": [["name": "b", "value": "3"]]])
            #expect(merged.json["properties"] == [["name": "a", "value": "1"], ["name": "b", "value": "3"]])
            peer.sandbox.freshchat.knobs.propertiesMode = .replace
            _ = try await peer.freshchat(
                .put, path, ["properties": [["name": "c", "value": "4"]], "first_name": "Bo"])
            let read = try await peer.freshchat(.get, path)
            #expect(read.json["properties"] == [["name": "c", "value": "4"]])
            #expect(read.json["first_name"] == "Bo")
            #expect(try await peer.freshchat(.put, path, ["reference_id": "x"]).status == 400)
        }
    }

    @Test(
        "An update of a user takes a picture where the knob says so, and no other field that the contract doesn't list")
    func userPicture() async throws {
        try await withPeer { peer in
            let user = try await peer.freshchat(.post, "/users", ["first_name": "Bo"])
            let path = "/users/\(user.json["id"]?.string ?? "")"
            let picture: JSON = ["avatar": ["url": "https://example.com/bo.jpg"]]
            #expect(try await peer.freshchat(.put, path, picture).status == 400)
            peer.sandbox.freshchat.knobs.takesAvatarInUserUpdate = true
            #expect(try await peer.freshchat(.put, path, picture).status == 200)
            #expect(try await peer.freshchat(.get, path).json["avatar"] == picture["avatar"])
            #expect(try await peer.freshchat(.put, path, ["nickname": "x"]).status == 400)
        }
    }

    @Test("Lists are paged, with links that begin with /v2")
    func paging() async throws {
        try await withPeer { peer in
            let first = try await peer.freshchat(.get, "/channels?items_per_page=1")
            #expect(first.json["channels"]?.array?.count == 1)
            #expect(first.json["channels"]?[0]?["id"]?.string == peer.topic)
            #expect(first.json["pagination"]?["total_pages"] == 2)
            let next = try #require(first.json["links"]?["next_page"]?["href"]?.string)
            #expect(next.hasPrefix("/v2/channels?"))
            let second = try await peer.freshchat(.get, String(next.dropFirst(3)))
            #expect(second.json["channels"]?[0]?["name"] == "Web chat")
            #expect(second.json["links"]?["next_page"] == nil)
        }
    }

    @Test("A conversation is made with its first message, and its messages are listed newest first")
    func conversation() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation(text: "1")
            for number in 2...7 { #expect(try await peer.post("\(number)", by: user, in: id).status == 200) }
            let path = "/conversations/\(id)/messages"
            let first = try await peer.freshchat(.get, "\(path)?items_per_page=3&page=1")
            #expect(texts(first.json) == ["7", "6", "5"])
            let href = try #require(first.json["link"]?["href"]?.string)
            #expect(href.hasPrefix("/v2/conversations/"))
            let second = try await peer.freshchat(.get, String(href.dropFirst(3)))
            #expect(texts(second.json) == ["4", "3", "2"])
            let last = try await peer.freshchat(.get, "\(path)?items_per_page=3&page=3")
            #expect(texts(last.json) == ["1"])
            #expect(last.json["link"] == nil)
            let conversation = try await peer.freshchat(.get, "/conversations/\(id)")
            #expect(conversation.json["user_id"]?.string == user)
            #expect(conversation.json["status"] == "new")
            #expect(conversation.json["conversation_internal_id"]?.integer != nil)
        }
    }

    @Test("from_time is inclusive, and more than 50 a page is 50 or refused")
    func fromTime() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation(text: "1")
            for number in 2...60 { _ = try await peer.post("\(number)", by: user, in: id) }
            let path = "/conversations/\(id)/messages"
            let times = peer.sandbox.freshchat.messages(in: id).map(\.created)
            let from = try await peer.freshchat(.get, "\(path)?items_per_page=50&from_time=\(times[57].iso8601)")
            #expect(texts(from.json).contains("58"))
            #expect(texts(from.json).count == times.count { $0 >= times[57] })
            #expect(texts(try await peer.freshchat(.get, "\(path)?items_per_page=100").json).count == 50)
            peer.sandbox.freshchat.knobs.refusesLargePages = true
            #expect(try await peer.freshchat(.get, "\(path)?items_per_page=100").status == 400)
        }
    }

    @Test("A user's conversations are listed by id only, in an order that can't be relied on")
    func userConversations() async throws {
        try await withPeer { peer in
            let (user, _) = try await peer.conversation()
            for number in 0..<9 {
                _ = try await peer.freshchat(.post, "/conversations", peer.newConversation(user: user, "\(number)"))
            }
            let made = peer.sandbox.freshchat.conversations(ofUser: user).map(\.id)
            let listed =
                try await peer.freshchat(.get, "/users/\(user)/conversations").json["conversations"]?.array ?? []
            #expect(listed.allSatisfy { $0.object?.keys == ["id"] })
            #expect(listed.compactMap { $0["id"]?.string }.sorted() == made.sorted())
            #expect(listed.compactMap { $0["id"]?.string } != made)
            peer.sandbox.freshchat.knobs.conversationOrder = .newestFirst
            let newest = try await peer.freshchat(.get, "/users/\(user)/conversations").json["conversations"]?[0]?["id"]
            #expect(newest?.string == made.last)
        }
    }

    @Test("Creating can hand back the open conversation, answer 202 and leave the messages out")
    func createModes() async throws {
        var knobs = FreshchatKnobs()
        knobs.createMode = .reuseOpen
        knobs.createStatus = 202
        knobs.omitsCreatedMessages = true
        try await withPeer(freshchat: knobs) { peer in
            let (user, id) = try await peer.conversation()
            let again = try await peer.freshchat(.post, "/conversations", peer.newConversation(user: user, "again"))
            #expect(again.status == 202)
            #expect(again.json["conversation_id"]?.string == id)
            #expect(again.json["messages"] == nil)
            #expect(peer.sandbox.freshchat.messages(in: id).map(\.text) == ["hi", "again"])
        }
    }

    @Test("Paths take the GUID, the number or both, as the knob says")
    func pathIDs() async throws {
        try await withPeer { peer in
            let (_, id) = try await peer.conversation()
            let number = try #require(peer.sandbox.freshchat.conversation(id)?.internalID)
            #expect(try await peer.freshchat(.get, "/conversations/\(number)").status == 404)
            peer.sandbox.freshchat.knobs.pathIDs = .numeric
            #expect(try await peer.freshchat(.get, "/conversations/\(id)").status == 404)
            #expect(try await peer.freshchat(.get, "/conversations/\(number)").status == 200)
        }
    }

    @Test(
        "Messages that break a rule are refused (freshchat.md §1.10)",
        arguments: [
            (["message_parts": []], 400), (["message_parts": [["text": ["content": ""]]]], 400),
            (["message_parts": [["text": ["content": "a"], "image": .null]]], 200),
            (["message_parts": [["text": ["content": "a"], "image": ["url": "https://x"]]]], 400),
            (["message_parts": [["text": .null]]], 400), (["message_parts": [["telepathy": [:]]]], 400),
            (["message_parts": [["email": ["content": "x"]]]], 400), (["message_type": "system"], 400),
            (["message_type": "private"], 400), (["actor_type": "robot"], 400), (["actor_id": "someone"], 400),
            (["surprise": true], 400), (["user_id": "someone"], 400),
            (["actor_type": "agent", "actor_id": "nobody"], 404),
            (["message_parts": [["file": ["name": "a", "fileHash": "h", "fileSource": "FRESHCHAT"]]]], 400),
            (["message_parts": [["url_button": ["label": "a", "url": "https://x", "target": "_blank"]]]], 200),
            (["message_parts": [["text": ["content": "a"]], ["video": ["url": "https://x/v.mp4"]]]], 200),
        ] as [(JSON, Int)])
    func strictMessages(changes: JSON, status: Int) async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation()
            var body = peer.userMessage("x", user)
            for member in changes.object?.members ?? [] { body[member.key] = member.value }
            let answer = try await peer.freshchat(.post, "/conversations/\(id)/messages", body)
            #expect(answer.status == status, "\(answer.json.text)")
        }
    }

    @Test("Bots and the system write without an actor id; their notes are private")
    func bots() async throws {
        try await withPeer { peer in
            let (_, id) = try await peer.conversation()
            let note: JSON = [
                "message_parts": [["text": ["content": "not delivered"]]], "message_type": "private",
                "actor_type": "bot",
            ]
            #expect(try await peer.freshchat(.post, "/conversations/\(id)/messages", note).status == 200)
            #expect(peer.sandbox.freshchat.messages(in: id).last?.messageType == "private")
            peer.sandbox.freshchat.knobs.actorTypes = ["user", "agent"]
            #expect(try await peer.freshchat(.post, "/conversations/\(id)/messages", note).status == 400)
        }
    }

    @Test("Properties of a conversation must be an object, and an agent is assigned together with the status")
    func updateConversation() async throws {
        try await withPeer { peer in
            let (_, id) = try await peer.conversation()
            let path = "/conversations/\(id)"
            let agent = JSON.string(peer.about.freshchat.agents[0].id)
            let array = try await peer.freshchat(.put, path, ["properties": [["name": "priority", "value": "Low"]]])
            #expect(array.json["message"] == "Conversation payload not valid")
            #expect(try await peer.freshchat(.put, path, ["properties": ["priority": "Low"]]).status == 200)
            #expect(try await peer.freshchat(.put, path, ["assigned_agent_id": agent]).status == 400)
            let assigned = try await peer.freshchat(.put, path, ["assigned_agent_id": agent, "status": "assigned"])
            #expect(assigned.json["assigned_agent_id"] == agent)
            #expect(try await peer.freshchat(.put, path, ["status": "sleeping"]).status == 400)
        }
    }

    private func texts(_ json: JSON) -> [String] {
        (json["messages"]?.array ?? []).compactMap { $0["message_parts"]?[0]?["text"]?["content"]?.string }
    }
}
