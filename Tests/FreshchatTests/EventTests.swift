import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

/// What a fixture says, in the words of the domain.
struct Expected: Sendable, CustomTestStringConvertible {
    var file: String
    var key: String
    var topic: TopicID? = "topic-1"
    var content: HelpdeskEvent.Content

    var testDescription: String { file }

    static func message(
        _ file: String, id: HelpdeskMessageID, in conversation: HelpdeskConversationID = "C-1",
        user: HelpdeskUserID? = "U-7", reference: String? = nil, _ actor: HelpdeskMessage.Actor, _ actorID: AgentID?,
        name: String? = nil, isPrivate: Bool = false, at time: String, _ parts: [Part]
    ) -> Expected {
        Expected(
            file: file, key: "message/\(id)",
            content: .message(
                HelpdeskMessage(
                    id: id, conversation: conversation, user: user, reference: reference, actor: actor,
                    actorID: actorID,
                    actorName: name, isPrivate: isPrivate,
                    message: Message(
                        parts: parts,
                        sentAt: try? Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))))))
    }

    static func status(
        _ file: String, key: String, _ conversation: HelpdeskConversationID = "C-1", isResolved: Bool, at time: String
    ) -> Expected {
        let date = try? Date(time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        return Expected(
            file: file, key: key,
            content: .status(conversation: conversation, isResolved: isResolved, at: date ?? .distantPast))
    }
}

@Suite("Freshchat's events")
struct EventTests {
    static let webhooks: [Expected] = [
        .message(
            "message_agent_2022.json", id: "b1b9d7b0-52aa-4b0e-9f77-000000000001",
            in: "9d3cf0aa-8f15-4b57-8a35-000000000001", user: "Ana_alias0c26ddeed24ad9e8b19a68eb119d6e37", .agent,
            "4c1d6a52-0f5e-4d6d-9c33-8a1f6b1f0a01", at: "2026-02-03T10:55:22.272Z",
            [.text("Здравейте! 👋 Как да помогна?")]),
        .message(
            "message_user_2019_no_user_id.json", id: "M-2019", in: "ac2175df14d36caf64e9a578fad89070", .user, "U-7",
            at: "2019-08-27T13:04:05.678Z", [.text("a <b>bold</b> claim")]),
        .message(
            "message_user_2018.json", id: "M-2018", in: "7f0c_U-7_feedback", .agent, "AG-1",
            at: "2018-05-01T08:00:00.000Z",
            [
                .text("Your parcel is here"),
                .attachment(Attachment(kind: .image, url: "https://cdn.example.com/p.png")),
                .unsupported(kind: "hologram"),
            ]),
        .message(
            "message_omni.json", id: "900719925474099312", .agent, "AG-1", at: "2026-02-03T10:55:21.000Z",
            [.text("1 < 2 & 3")]),
        .message(
            "message_private.json", id: "M-private", .agent, "AG-1", isPrivate: true, at: "2026-02-03T10:55:22.272Z",
            [.text("He is a difficult one")]),
        .message(
            "message_bots_private_note.json", id: "M-botnote", .bot, "BOT-1", isPrivate: true,
            at: "2026-02-03T10:55:22.272Z", [.text("Intent: refund")]),
        .message(
            "message_system.json", id: "M-system", .system, nil, at: "2026-02-03T10:55:22.272Z",
            [.text("Conversation was reopened by Ana")]),
        .message(
            "message_status_line_of_an_agent.json", id: "M-line", .system, "AG-1", at: "2026-02-03T10:55:22.272Z",
            [.text("Conversation was resolved by Bo")]),
        .message(
            "message_blank_text_beside_file.json", id: "M-file", .agent, "AG-1", at: "2026-02-03T10:55:22.272Z",
            [
                .attachment(
                    Attachment(
                        kind: .file, url: nil, name: "invoice.pdf", contentType: "application/pdf", byteCount: 1000))
            ]),
        .message(
            "message_all_parts.json", id: "M-parts", .bot, "BOT-1", at: "2026-02-03T10:55:22.272Z",
            [
                .text("Hello\nthere, read this (https://example.com/faq)"),
                .attachment(
                    Attachment(
                        kind: .image, url: "https://cdn.example.com/a.jpg",
                        thumbnailURL: "https://cdn.example.com/a_t.jpg")),
                .attachment(Attachment(kind: .video, url: "https://cdn.example.com/v.mp4", contentType: "video/mp4")),
                .attachment(Attachment(kind: .audio, url: "https://cdn.example.com/v.ogg", contentType: "audio/ogg")),
                .attachment(
                    Attachment(
                        kind: .file, url: "https://cdn.example.com/c.pdf", name: "contract.pdf",
                        contentType: "application/pdf", byteCount: 8_589_934_592)),
                .attachment(Attachment(kind: .audio, url: nil, name: "voice.mp3", contentType: "audio/mpeg")),
                .link(url: "https://pay.example.com/1", label: "Pay"), .choice(label: "Yes", value: "Yes, please"),
                .choice(label: "Call me", value: "cb:1"), .text("first"),
                .attachment(Attachment(kind: .image, url: "https://cdn.example.com/b.jpg")),
                .link(url: "https://example.com/returns", label: "How to return"), .text("Opening hours"),
                .text("Card"),
                .link(url: "https://example.com/card", label: "Open"), .text("Offer"), .text("Dear Ana\n10 €"),
                .unsupported(kind: "hologram"), .choice(label: "Small", value: "s"),
                .choice(label: "Large", value: nil),
            ]),
        .status(
            "reopen.json", key: "conversation_reopen/C-1/5-2/2026-02-03T10:55:22.272Z", isResolved: false,
            at: "2026-02-03T10:55:22.272Z"),
        .status(
            "reopen_2018.json", key: "conversation_reopen/7f0c_U-7_feedback//2018-05-01T08:00:00.010Z",
            "7f0c_U-7_feedback", isResolved: false, at: "2018-05-01T08:00:00.010Z"),
        .status(
            "resolve.json", key: "conversation_resolution/C-1/5-2/2026-02-03T11:00:00.000Z", isResolved: true,
            at: "2026-02-03T11:00:00.000Z"),
        Expected(
            file: "assignment.json", key: "conversation_assignment/",
            content: .ignored(reason: "assignments don't concern the customer")),
        Expected(
            file: "outbound_message_event.json", key: "unnamed/", topic: nil,
            content: .ignored(reason: "an event without an action: outbound_message_event")),
        Expected(
            file: "unknown_action.json", key: "unknown/", topic: nil,
            content: .ignored(reason: "an unknown action: conversation_snooze")),
    ]

    static let reference = "viber:01234567890A="

    static let products: [Expected] = [
        .message(
            "message_agent.json", id: "M-1", reference: reference, .agent, "AG-1", name: "Bo",
            at: "2026-02-03T10:55:22.272Z", [.text("hi")]),
        .message(
            "message_several.json", id: "M-2", reference: reference, .agent, "AG-1", name: "Bo",
            at: "2026-02-03T10:55:22.272Z",
            [.text("one"), .attachment(Attachment(kind: .image, url: "https://cdn.example.com/a.jpg"))]),
        .message(
            "message_several.json", id: "M-3", reference: reference, .agent, "AG-2", isPrivate: true,
            at: "2026-02-03T10:55:23.272Z", [.text("a note")]),
        .message(
            "message_several.json", id: "M-4", reference: reference, .user, "U-7", at: "2026-02-03T10:55:24.272Z",
            [.text("two")]),
        Expected(
            file: "message_several.json", key: "product/", content: .ignored(reason: "unreadable messages: 1")),
        .message(
            "message_reopened_line.json", id: "M-5", reference: reference, .system, nil, at: "2026-02-03T10:55:22.272Z",
            [.text("Conversation was reopened by Ana")]),
        .status(
            "update_resolved.json", key: "onConversationUpdate/C-1/resolved/1770116122300", isResolved: true,
            at: "2026-02-03T10:55:22.300Z"),
        .status(
            "update_reopened.json", key: "onConversationUpdate/C-1/new/1770116122300", isResolved: false,
            at: "2026-02-03T10:55:22.300Z"),
        Expected(
            file: "update_assigned.json", key: "product/",
            content: .ignored(reason: "an update that leaves the status as it is")),
        Expected(
            file: "conversation_created.json", key: "product/",
            content: .ignored(reason: "unsupported event: onConversationCreate")),
    ]

    private func check(_ event: HelpdeskEvent, _ expected: Expected) {
        #expect(event.content == expected.content)
        #expect(event.topic == expected.topic)
        if expected.key.hasSuffix("/") {
            #expect(event.dedupeKey.rawValue.hasPrefix(expected.key))
        } else {
            #expect(event.dedupeKey.rawValue == expected.key)
        }
    }

    @Test("Each flavour of the conversation webhook is read", arguments: webhooks)
    func webhookFixture(expected: Expected) throws {
        let events = try readWebhook(Fixture.bytes("webhook/" + expected.file))
        #expect(events.count == 1)
        check(try #require(events.first), expected)
    }

    @Test("Each kind of product event is read", arguments: Set(products.map(\.file)).sorted())
    func productFixture(file: String) throws {
        let events = try readProduct(Fixture.bytes("product/" + file))
        let expected = Self.products.filter { $0.file == file }
        #expect(events.count == expected.count)
        for (event, expected) in zip(events, expected) { check(event, expected) }
    }

    @Test("No fixture is left out of these tables")
    func allFixtures() throws {
        #expect(try Fixture.names("webhook") == Set(Self.webhooks.map(\.file)).sorted())
        #expect(try Fixture.names("product") == Set(Self.products.map(\.file)).sorted())
    }

    @Test("A message has one name, whichever way it comes in")
    func oneKey() throws {
        let twin = Array(
            #"{"action":"message_create","data":{"message":{"id":"M-1","conversation_id":"C-1","actor_type":"agent"}}}"#
                .utf8)
        #expect(
            try readWebhook(twin)[0].dedupeKey == readProduct(Fixture.bytes("product/message_agent.json"))[0].dedupeKey)
    }

    @Test("Two resolutions without a time are two events, and a repeat is the same one")
    func eventsWithoutTime() throws {
        func body(_ who: String) -> [UInt8] {
            Array(
                #"{"action":"conversation_resolution","data":{"resolve":{"resolver":"\#(who)","conversation":{"conversation_id":"C"}}}}"#
                    .utf8)
        }
        let keys = try [body("a"), body("b"), body("a")].map { try readWebhook($0)[0].dedupeKey }
        #expect(keys[0] != keys[1] && keys[0] == keys[2])
        #expect(try readWebhook(body("a"))[0].content == .status(conversation: "C", isResolved: true, at: noon))
    }

    @Test("The names in a product event are of whom it says and of nobody else")
    func foreignNames() throws {
        let body = Array(
            #"""
            {"event":"onMessageCreate","data":{"actor":{"id":"AG-2","first_name":"Eve"},
            "associations":{"user":{"id":"U-other","reference_id":"viber:other"},"channel":{"id":"topic-9"}},
            "message":{"conversation_id":"C","user_id":"U-7","messages":[{"id":"M","actor_id":"AG-1","actor_type":"agent",
            "message_parts":[{"text":{"content":"x"}}]}]}}}
            """#.utf8)
        let event = try #require(try readProduct(body).first)
        guard case .message(let message) = event.content else {
            Issue.record("no message: \(event)")
            return
        }
        #expect(message.actorName == nil && message.reference == nil && message.user == "U-7")
        #expect(event.topic == "topic-9")
    }

    @Test(
        "Genuine but not what the API sends: malformed",
        arguments: [
            "", "null", "[]", "\"x\"", "{", "12", "{\"action\":\"message_create\"}",
            "{\"action\":\"message_create\",\"data\":{\"message\":{}}}",
            "{\"action\":\"message_create\",\"data\":{\"message\":{\"id\":\"M\"}}}",
            "{\"action\":\"message_create\",\"data\":{\"message\":{\"id\":\"\",\"conversation_id\":\"C\"}}}",
            "{\"action\":\"message_create\",\"data\":[]}", "{\"action\":\"conversation_reopen\",\"data\":{}}",
            "{\"action\":\"conversation_resolution\",\"data\":{\"resolve\":{\"conversation\":{}}}}",
        ])
    func malformed(text: String) throws {
        let refusal = #expect(throws: WebhookRefusal.self) { try readWebhook(Array(text.utf8)) }
        #expect(refusal?.kind == .malformed)
    }

    @Test(
        "A product event without its name or its message is malformed",
        arguments: [
            "", "[]", "{}", "{\"event\":\"onMessageCreate\"}",
            "{\"event\":\"onMessageCreate\",\"data\":{\"message\":{}}}",
            "{\"event\":\"onMessageCreate\",\"data\":{\"message\":{\"messages\":[{}]}}}",
            "{\"event\":\"onConversationUpdate\",\"data\":{}}",
        ])
    func malformedProduct(text: String) throws {
        let refusal = #expect(throws: WebhookRefusal.self) { try readProduct(Array(text.utf8)) }
        #expect(refusal?.kind == .malformed)
    }

    @Test("Containers in containers without end are read as far as makes sense")
    func deepContainers() throws {
        let depth = 150
        let parts =
            String(repeating: #"{"collection":{"sub_parts":["#, count: depth) + #"{"text":{"content":"x"}}"#
            + String(repeating: "]}}", count: depth)
        let body =
            #"{"action":"message_create","data":{"message":{"id":"M","conversation_id":"C","actor_type":"bot","message_parts":[\#(parts)]}}}"#
        guard case .message(let message) = try #require(try readWebhook(Array(body.utf8)).first).content else {
            Issue.record("no message")
            return
        }
        #expect(message.message.parts == [.unsupported(kind: "nested too deep")])
    }
}
