import Simulators
import Testing

extension EndToEnd {
    @Suite("Half an emoji, files that come later, lines and kinds that nobody should see")
    struct Unreadable {
        @Test("A customer's text, caption and name with half an emoji are read by the agent, with U+FFFD in that place")
        func fromCustomer() async throws {
            try await withByocStack { stack in
                let installed = try await stack.installViber()
                let customer = "y/g/QtYYv+gNhelrUcMObg=="
                func callback(_ token: Int, _ message: String) -> [UInt8] {
                    Array(
                        #"{"event":"message","timestamp":1790000000000,"chat_hostname":"SN-CALLBACK-99_","message_token":585165080404878\#(token),"sender":{"id":"\#(customer)","name":"Tessa \udca7","lang\ud83d":"de","api_version":10},"message":{\#(message)},"silent":false}"#
                            .utf8)
                }
                let messages = [
                    #""type":"text","text":"My order number is 48213, please call me back \ud83d""#,
                    #""type":"picture","media":"https://dl-media.example.com/a/b.jpg?Expires=1","text":"the broken tap \udca7","file_name":"b.jpg""#,
                ]
                for (number, message) in messages.enumerated() {
                    let body = callback(1000 + number, message)
                    #expect(try await stack.postViber(body, to: installed.targetURL).status == 200)
                }
                let latin = callback(1002, #""type":"text","text":"caf|""#).flatMap {
                    $0 == UInt8(ascii: "|") ? [0xE9, 0x09] : [$0]
                }
                #expect(try await stack.postViber(latin, to: installed.targetURL).status == 200)
                try await stack.waitForInbox(of: customer) { $0.count == 3 }
                let inbox = stack.inbox(of: customer)
                #expect(inbox[0] == "My order number is 48213, please call me back \u{FFFD}")
                #expect(
                    inbox[1].contains("the broken tap \u{FFFD}")
                        && inbox[1].contains("https://dl-media.example.com/a/b.jpg"))
                #expect(inbox[2] == "caf\u{FFFD}\t")
                #expect(stack.users(of: customer).map(\.firstName) == ["Tessa \u{FFFD}"])
            }
        }

        /// A conversation of a customer's, and a way to bring its webhooks.
        private struct Talk: Sendable {
            var stack: ByocStack
            var installed: Installed
            var customer: String
            var conversation: FreshchatConversation

            init(_ stack: ByocStack) async throws {
                self.stack = stack
                installed = try await stack.installViber()
                customer = stack.viber.addCustomer()
                conversation = try await stack.customerWritesAndArrives(customer, "hello")
            }

            /// An agent's message whose other fields are given, by the conversation webhook.
            func bring(_ id: String, _ fields: String) async throws {
                let body = Array(
                    #"{"action":"message_create","actor":{"actor_type":"agent"},"data":{"message":{"id":"\#(id)","conversation_id":"\#(conversation.id)","channel_id":"\#(stack.topic)","user_id":"\#(conversation.userID)","actor_type":"agent","actor_id":"\#(stack.about.freshchat.agents[0].id)",\#(fields)}}}"#
                        .utf8)
                let answer = try await stack.post(
                    installed.freshchatWebhookURL, body,
                    headers: [("X-Freshchat-Signature", stack.freshchat.signature(of: body))])
                #expect(answer.status == 200)
            }

            static func text(_ text: String) -> String { #""message_parts":[{"text":{"content":"\#(text)"}}]"# }
        }

        @Test("An agent's reply with half an emoji reaches the phone, with U+FFFD in that place")
        func fromAgent() async throws {
            try await withByocStack { stack in
                let talk = try await Talk(stack)
                try await talk.bring(
                    "raw-1", #""message_type":"normal","x\ud83d":1,\#(Talk.text(#"Your code is 7731 \ud83d"#))"#)
                try await stack.waitForPhone(of: talk.customer) { $0 == ["Your code is 7731 \u{FFFD}"] }
            }
        }

        @Test("A file whose URL comes later is sent with it, in its place")
        func fileLater() async throws {
            try await withByocStack { stack in
                let talk = try await Talk(stack)
                stack.freshchat.knobs.attachmentURLDelayMilliseconds = 3000
                let parts: [JSON] = [
                    ["text": ["content": "our offer"]],
                    [
                        "file": [
                            "name": "offer.pdf", "url": "https://files.example.com/offer.pdf",
                            "content_type": "application/pdf",
                        ]
                    ],
                ]
                try stack.freshchat.agentReplies(in: talk.conversation.id, parts: parts)
                try stack.freshchat.agentReplies(in: talk.conversation.id, "what do you think?")
                try await stack.waitForPhone(of: talk.customer) { $0.last == "what do you think?" }
                let shown = stack.phone(talk.customer).dropLast().joined(separator: "\n")
                #expect(shown == "our offer\n📎 File: offer.pdf\nhttps://files.example.com/offer.pdf")
                #expect(stack.notes(in: talk.conversation.id) == [])
            }
        }

        @Test("A file that never has a URL is never sent without one: the customer reads so, and the agent")
        func fileNever() async throws {
            try await withByocStack { stack in
                let talk = try await Talk(stack)
                try stack.freshchat.agentReplies(
                    in: talk.conversation.id,
                    parts: [
                        ["file": ["name": "offer.pdf", "content_type": "application/pdf", "file_size_in_bytes": 12345]]
                    ])
                try await stack.waitForPhone(of: talk.customer) { $0 == ["[A file could not be sent: offer.pdf]"] }
                try await stack.wait(for: "the note") {
                    stack.notes(in: talk.conversation.id).contains { $0.contains("offer.pdf") }
                }
            }
        }

        @Test(
            "A product event's files under download_url go out at once, and a message without an actor is the event's")
        func productEvent() async throws {
            try await withByocStack { stack in
                let talk = try await Talk(stack)
                let agent = stack.about.freshchat.agents[0].id
                let event =
                    #"{"event":"onMessageCreate","region":"EU","timestamp":1796015286815,"data":{"actor":{"type":"agent","id":"\#(agent)","first_name":"Denise"},"associations":{"channel":{"id":"\#(stack.topic)"},"user":{"id":"\#(talk.conversation.userID)","reference_id":"viber:\#(talk.customer)"}},"message":{"conversation_id":"\#(talk.conversation.id)","channel_id":"\#(stack.topic)","user_id":"\#(talk.conversation.userID)","messages":[{"id":"pe-1","message_type":"normal","message_parts":[{"file":{"name":"offer.pdf","download_url":"https://files.example.com/offer.pdf","content_type":"application/pdf"}},{"image":{"download_url":"https://files.example.com/i.png"}}],"created_time":"2026-11-30T05:00:00.000Z"}]}}}"#
                let since = stack.log.entries().last?.number ?? 0
                #expect(try await stack.post(talk.installed.productEventURL, Array(event.utf8)).status == 200)
                try await stack.waitForPhone(of: talk.customer) {
                    let shown = $0.joined(separator: "\n")
                    return shown.contains("https://files.example.com/offer.pdf")
                        && shown.contains("https://files.example.com/i.png")
                }
                #expect(stack.viber.phone(of: talk.customer).allSatisfy { $0.senderName == "Denise" })
                #expect(!stack.freshchatCalls(since: since).contains { $0.contains("messages") })
            }
        }

        @Test("Lines of Freshchat's own and messages of unknown kinds stay inside; the latter raise an alarm")
        func lines() async throws {
            try await withByocStack { stack in
                let talk = try await Talk(stack)
                try await talk.bring(
                    "line",
                    #""message_type":"normal","message_source":"system","meta_data":{"assignedTo":"x"},\#(Talk.text("Conversation was assigned to Denise"))"#
                )
                let kinds = [#""private ""#, #""internal""#, #""""#, "0", #"["normal"]"#]
                for (number, kind) in kinds.enumerated() {
                    for _ in 1...2 {
                        try await talk.bring(
                            "kind-\(number)", #""message_type":\#(kind),\#(Talk.text("not for the customer"))"#)
                    }
                }
                try await talk.bring("missing", Talk.text("nor this"))
                try await talk.bring(
                    "line-2",
                    #""message_type":"normal","message_source":"system","meta_data":{},\#(Talk.text("Assigned again"))"#
                )
                try await talk.bring(
                    "welcome", #""message_type":"normal","message_source":"system",\#(Talk.text("welcome"))"#)
                try await stack.waitForPhone(of: talk.customer) { $0.contains("welcome") }
                try await stack.waitForEmptyOutbox()
                #expect(stack.phone(talk.customer) == ["welcome"])
                let page = try await stack.get("/metrics").text
                #expect(
                    page.contains(
                        "byoc_messages_withheld_total{installation=\"\(talk.installed.id)\",direction=\"outbound\"} \(kinds.count + 1)\n"
                    ))
                try await poll("the alarm") { stack.text(of: "byoc.log").contains(#""message.withheld""#) }
            }
        }
    }
}
