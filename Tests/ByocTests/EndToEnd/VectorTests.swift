import Simulators
import Testing

extension EndToEnd {
    @Suite("The vectors and samples of the contracts, over the wire")
    struct Vectors {
        /// viber.md §4.
        struct Vector: Sendable {
            var token: String
            var body: String
            var signature: String
        }

        static let v1 = Vector(
            token: "4f2a1c7d9e8b6a50-11aa22bb33cc44dd-99ee88ff77006655",
            body:
                #"{"event":"webhook","timestamp":1663858877101,"chat_hostname":"SN-CHAT-03_","message_token":5753750845017966998}"#,
            signature: "c3b4ebaa46ef7ae655d285f89d2e222cdf6885905501bb148183cf1100e21f1f")
        static let v2 = Vector(
            token: v1.token,
            body: """
                {"event":"message","timestamp":1687200046080,"chat_hostname":"SN-CALLBACK-04_",\
                "message_token":5851650804048782321,"sender":{"id":"aB3/xYz+Q1k0pLmN5oPqRg==","name":"Олена ☺",\
                "language":"uk-UA","country":"UA","api_version":10},"message":{"text":"Добрий день 👋","type":"text"},\
                "silent":false}
                """,
            signature: "c020d5c38bc7abcb135ed0d7c7846081383bf22d8d5b7ae542adf061b1e57fb3")
        static let reserialisedSignature = "47fc9c6df25282af98a06c950a19b1cfabd365c30211505d9320f5f1e914a4e1"
        static let v3 = Vector(
            token: "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3",
            body: #"{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}"#,
            signature: "d21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef")
        static let v4 = Vector(
            token: "2", body: "1", signature: "4703d481ddedca88184497744b52937586bef3b273645082c04529f73b85456e")

        @Test("Viber's signatures V1 to V4, each with an installation that has its token")
        func viber() async throws {
            let configuration = SandboxConfiguration.forTests {
                $0.bots = [
                    ViberBot(token: Self.v1.token), ViberBot(token: Self.v3.token, id: "pa:3"),
                    ViberBot(token: Self.v4.token, id: "pa:4"),
                ]
            }
            try await withByocStack(sandbox: configuration) { stack in
                let first = try await stack.installViber()
                let third = try await stack.installViber(secrets: ["auth_token": Self.v3.token])
                let fourth = try await stack.installViber(secrets: ["auth_token": Self.v4.token])
                func status(_ vector: Vector, _ installed: Installed, signature: String? = nil) async throws -> Int {
                    try await stack.post(
                        installed.targetURL, Array(vector.body.utf8),
                        headers: [("X-Viber-Content-Signature", signature ?? vector.signature)]
                    ).status
                }
                #expect(Self.v2.body.utf8.count == 310)
                #expect(try await status(Self.v1, first) == 200)
                #expect(try await status(Self.v2, first, signature: Self.reserialisedSignature) == 403)
                #expect(try await status(Self.v2, first) == 200)
                #expect(try await status(Self.v3, third) == 200)
                #expect(try await status(Self.v3, first) == 403)
                // The signature is right, but the body is no callback.
                #expect(try await status(Self.v4, fourth) == 400)
                #expect(try await status(Self.v4, first) == 403)

                let customer = "aB3/xYz+Q1k0pLmN5oPqRg=="
                try await stack.waitForInbox(of: customer) { $0 == ["Добрий день 👋"] }
                #expect(stack.users(of: customer).map(\.firstName) == ["Олена ☺"])
            }
        }

        @Test("Freshchat's samples: each action is answered 200, and only the agent's message goes to the phone")
        func freshchat() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let agent = stack.about.freshchat.agents[0].id
                let samples = Self.samples.map { sample in
                    sample.replacing("\"C1\"", with: "\"\(conversation.id)\"")
                        .replacing("\"T1\"", with: "\"\(stack.topic)\"").replacing(
                            "\"U1\"", with: "\"\(conversation.userID)\""
                        )
                        .replacing("\"AG1\"", with: "\"\(agent)\"")
                }
                for sample in samples {
                    let body = Array(sample.utf8)
                    let answer = try await stack.post(
                        installed.freshchatWebhookURL, body,
                        headers: [
                            ("X-FreshChat-Signature", stack.freshchat.signature(of: body)), ("X-Retry-Count", "0"),
                        ])
                    #expect(answer.status == 200, "\(sample)")
                }
                let event = Self.productEvent.replacing("\"C1\"", with: "\"\(conversation.id)\"")
                    .replacing("\"T1\"", with: "\"\(stack.topic)\"").replacing(
                        "\"U1\"", with: "\"\(conversation.userID)\""
                    )
                    .replacing("\"AG1\"", with: "\"\(agent)\"").replacing("viber:..", with: "viber:\(customer)")
                #expect(try await stack.post(installed.productEventURL, Array(event.utf8)).status == 200)
                try await stack.agentRepliesAndArrives(conversation.id, "the end", to: customer)
                #expect(stack.phone(customer) == ["hello", "hi", "the end"])
                #expect(stack.viber.phone(of: customer).map(\.senderName).first == "Denise")
            }
        }

        /// freshchat.md §2.1, and an action that does not exist.
        static let samples = [
            """
            {"actor":{"actor_type":"agent","actor_id":"AG1"},"action":"message_create","action_time":"2026-01-02T03:04:05.690Z",\
            "data":{"message": {"message_parts":[{"text":{"content":"hello"}}], "app_id":"A", "actor_id":"AG1", \
            "org_actor_id":"345", "id":"M1", "channel_id":"T1", "conversation_id":"C1", \
            "interaction_id":"515435468500047-1628507537000", "message_type":"normal", "actor_type":"agent", \
            "created_time":"2026-01-02T03:04:05.678Z", "user_id":"U1", "message_source":"web", "restrictResponse":false, \
            "botsPrivateNote":false, "isBotsInput":false, "freshchat_conversation_id":"123456", \
            "freshchat_channel_id":"818162"}}}
            """,
            """
            {"actor":{"actor_type":"agent","actor_id":"AG1"},"action":"conversation_assignment",\
            "action_time":"2026-01-02T03:04:06.690Z","data":{"assignment": {"assignor":"agent","assignor_id":"AG1",\
            "to_agent_id":"AG1","to_group_id":"G1","from_agent_id":"","from_group_id":"G1","interaction_id":"1-1",\
            "conversation":{"conversation_id":"C1","app_id":"A","status":"assigned","channel_id":"T1",\
            "assigned_agent_id":"AG1","assigned_org_agent_id":"1","assigned_group_id":"G1"}}}}
            """,
            """
            {"actor":{"actor_type":"agent","actor_id":"AG1"},"action":"conversation_resolution",\
            "action_time":"2026-01-02T03:04:07.690Z","data":{"resolve": {"resolver":"agent","resolver_id":"AG1",\
            "interaction_id":"1-2","conversation":{"conversation_id":"C1","app_id":"A","status":"resolved",\
            "channel_id":"T1"},"user": {"id":"U1","first_name":"Ana","properties":[],"created_time":"2026-01-02T03:04:07Z",\
            "updated_time":"2026-01-02T03:04:07Z","avatar":{"url":"https://example.com/a.png"},"login_status":false}}}}
            """,
            """
            {"actor":{"actor_type":"user","actor_id":"U1"},"action":"conversation_reopen",\
            "action_time":"2026-01-02T03:04:08.690Z","data":{"reopen": {"reopener":"user","reopener_id":"U1",\
            "interaction_id":"1-3","conversation":{"conversation_id":"C1","app_id":"A","status":"reopened",\
            "channel_id":"T1","assigned_group_id":"G1","skill_id":0,"sla_policy_id":0,"sla_breached":false}}}}
            """,
            """
            {"actor":{"actor_type":"agent","actor_id":"AG1"},"action":"conversation_snooze",\
            "action_time":"2026-01-02T03:04:09.690Z","data":{"snooze":{"conversation_id":"C1"}}}
            """,
        ]

        /// freshchat.md §3.5.
        static let productEvent = """
            {"event":"onMessageCreate","region":"US","timestamp":1700000000000,"version":"2.0.0","account_id":"1",\
            "domain":"example.freshchat.com","data": {"actor": {"type":"agent","sub_entity":null,"id":"AG1",\
            "first_name":"A","last_name":"B","email":"a@example.com","phone":"1","avatar":{"url":"https://example.com/a.png"},\
            "org_actor_id":null,"org_contact_id":null},"associations": {"channel":{"id":"T1","name":"Inbox","enabled":true,\
            "public":true,"tags":[],"welcome_message":{}},"group":{"id":"G1","name":"G"},"user":{"id":"U1",\
            "reference_id":"viber:..","first_name":"N","properties":[{"name":"n","value":"v"}]},"agent":{}},\
            "message": {"app_id":"A","channel_id":"T1","conversation_id":"C1","user_id":"U1","status":"assigned",\
            "assigned_agent_id":"AG1","assigned_group_id":"G1","created_time":"2026-01-02T03:04:05.678Z",\
            "assigned_time":null,"reopened_time":null,"resolved_time":null,"response_due_type":"NO_RESPONSE_DUE",\
            "source":"WEBCHAT","properties":{},"messages":[{"id":"M2","actor_id":"AG1","actor_type":"agent",\
            "message_type":"normal","message_parts":[{"text":{"content":"hi"},"image":null,"file":null}],"reply_parts":[],\
            "message_source":"web","channel_id":"T1","conversation_id":"C1","created_time":"2026-01-02T03:04:05.678Z",\
            "interaction_id":"1-1","user_id":"U1","is_first_message":false,"is_agent_first_response":true}]}},"iparams": {} }
            """
    }
}
