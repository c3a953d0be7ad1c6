import Simulators
import Testing

@Suite("Freshchat: what the SDKs send and read")
struct FreshchatSDKTests {
    @Test("Agents say when they were made, and are listed from a time on")
    func agents() async throws {
        try await withPeer { peer in
            let agents = try #require(try await peer.freshchat(.get, "/agents").json["agents"]?.array)
            let times = agents.compactMap { $0["created_time"]?.string }
            #expect(times.count == agents.count)
            #expect(times.allSatisfy { Timestamp(iso8601: $0) != nil })
            let one = try await peer.freshchat(.get, "/agents/\(peer.about.freshchat.agents[0].id)")
            #expect(one.json["created_time"]?.string == times.first)
            let later = try await peer.freshchat(.get, "/agents?created_from=2026-01-01T00:00:00.000000Z")
            #expect(later.json["agents"] == [])
        }
    }

    @Test("An account's bundle is a number, a choice's id is text")
    func kinds() async throws {
        try await withPeer { peer in
            let account = try await peer.freshchat(.get, "/accounts/configuration").json
            #expect(account["bundle_id"]?.integer != nil)
            let fields = try await peer.freshchat(.get, "/conversations/fields").json
            let choices = try #require(fields[0]?["choices"]?.array)
            #expect(choices.map { $0["id"] } == ["1", "2"])
        }
    }

    @Test(
        "Topics are listed from the time of their last change on",
        arguments: [
            ("updated_from=2024-01-01T00:00:00.000000Z", 2), ("updated_from=2025-06-01T00:00:00Z", 0),
            ("updated_from=2024-01-01T00:00:00Z&updated_to=2024-02-01T00:00:00.000Z", 0),
        ])
    func topics(query: String, count: Int) async throws {
        try await withPeer { peer in
            let answer = try await peer.freshchat(.get, "/channels?\(query)")
            #expect(answer.json["channels"]?.array?.count == count)
            #expect(try await peer.freshchat(.get, "/channels?updated_from=yesterday").status == 400)
        }
    }

    @Test("A bot and the system may say an empty actor id, but none of their own")
    func emptyActor() async throws {
        try await withPeer { peer in
            let (user, id) = try await peer.conversation()
            for (type, actor, status) in [
                ("bot", "", 200), ("system", "", 200), ("bot", "freddy", 400), ("user", "", 400),
            ] {
                var body = peer.userMessage("x", user)
                body["actor_type"] = .string(type)
                body["actor_id"] = .string(actor)
                let answer = try await peer.freshchat(.post, "/conversations/\(id)/messages", body)
                #expect(answer.status == status, "\(type) \(actor)")
            }
        }
    }

    @Test("A user may come as a whole object, with an empty avatar and nulls; nulls change nothing")
    func wholeUser() async throws {
        try await withPeer { peer in
            let whole: JSON = [
                "id": .null, "created_time": .null, "updated_time": .null, "reference_id": "viber:1",
                "first_name": "Ana", "last_name": .null, "email": .null, "phone": .null, "avatar": [:],
                "properties": .null, "login_status": .null, "org_contact_id": .null, "restore_id": .null,
                "social_profiles": .null,
            ]
            let made = try await peer.freshchat(.post, "/users", whole)
            #expect(made.status == 200, "\(made.json.text)")
            #expect(made.json["first_name"] == "Ana")
            #expect(made.json["id"]?.string != nil)
            #expect(made.json["last_name"] == nil)
            let path = "/users/\(made.json["id"]?.string ?? "")"
            let update: JSON = ["id": .null, "first_name": .null, "last_name": "Petrova", "avatar": .null]
            #expect(try await peer.freshchat(.put, path, update).status == 200)
            let read = try await peer.freshchat(.get, path).json
            #expect(read["first_name"] == "Ana")
            #expect(read["last_name"] == "Petrova")
            #expect(try await peer.freshchat(.post, "/users", ["avatar": ["url": .null]]).status == 200)
            #expect(try await peer.freshchat(.post, "/users", ["avatar": ["url": ""]]).status == 400)
        }
    }

    @Test("A conversation and its messages may come as whole objects with nulls, parts with the other kinds' keys")
    func wholeConversation() async throws {
        try await withPeer { peer in
            let user = try await peer.freshchat(.post, "/users", ["first_name": "Ana"]).json
            let message: JSON = [
                "id": .null, "app_id": .null, "channel_id": .string(peer.topic), "conversation_id": .null,
                "message_parts": [
                    [
                        "text": ["content": "hi"], "image": .null, "file": .null, "url_button": .null,
                        "collection": .null,
                    ]
                ],
                "reply_parts": .null, "message_type": "normal", "actor_type": "user", "actor_id": user["id"] ?? .null,
                "user_id": .null, "created_time": .null, "interaction_id": .null, "message_source": .null,
                "meta_data": .null, "in_reply_to": .null, "org_actor_id": .null,
            ]
            let whole: JSON = [
                "conversation_id": .null, "app_id": .null, "channel_id": .string(peer.topic), "status": .null,
                "users": [user], "agents": .null, "messages": [message], "assigned_agent_id": .null,
                "assigned_group_id": .null, "assigned_org_agent_id": .null, "assigned_org_group_id": .null,
                "properties": .null,
            ]
            let made = try await peer.freshchat(.post, "/conversations", whole)
            #expect(made.status == 200, "\(made.json.text)")
            let id = made.json["conversation_id"]?.string ?? ""
            let posted = try await peer.freshchat(.post, "/conversations/\(id)/messages", message)
            #expect(posted.status == 200, "\(posted.json.text)")
            #expect(posted.json["message_parts"] == [["text": ["content": "hi"]]])
            #expect(peer.sandbox.freshchat.messages(in: id).map(\.text) == ["hi", "hi"])
        }
    }

    @Test(
        "The statuses of Freshworks' own SDK are taken", arguments: ["waiting on customer", "waiting on internal team"])
    func statuses(status: String) async throws {
        try await withPeer { peer in
            let (_, id) = try await peer.conversation()
            let answer = try await peer.freshchat(.put, "/conversations/\(id)", ["status": .string(status)])
            #expect(answer.json["status"]?.string == status)
        }
    }

    @Test("A bot's details look like a user's, and have no type")
    func systemUser() async throws {
        try await withPeer { peer in
            let answer = try await peer.freshchat(.get, "/users/freddy_alias0a1b2c3d?system_user=true")
            #expect(answer.status == 200)
            #expect(answer.json["id"] == "freddy_alias0a1b2c3d")
            #expect(answer.json["first_name"] == "Freddy")
            #expect(answer.json["type"] == nil)
            #expect(try await peer.freshchat(.get, "/users/freddy_alias0a1b2c3d").status == 404)
        }
    }
}
