import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

/// What the webhook and the product event have in common: a message.
@Suite("Freshchat's messages")
struct MessageReadingTests {
    /// A message of an agent, as the conversation webhook brings it, with some fields of its own.
    private func read(_ fields: String, actor: String = #""actor_type":"agent""#) throws -> HelpdeskMessage {
        try message(
            in: readWebhook(
                Array(
                    #"{"action":"message_create","data":{"message":{"id":"M","conversation_id":"C",\#(actor),\#(fields)}}}"#
                        .utf8
                )))
    }

    private func message(in events: [HelpdeskEvent]) throws -> HelpdeskMessage {
        guard case .message(let message) = try #require(events.first).content else {
            throw WebhookRefusal(.malformed, "no message: \(events)")
        }
        return message
    }

    @Test(
        "Half an emoji, a byte of Latin-1, a bare tab: the agent's reply is read with the rest of its text",
        arguments: [
            (Array(#"\ud83d"#.utf8), "\u{FFFD}"), (Array(#"\ude00"#.utf8), "\u{FFFD}"), ([0xE9], "\u{FFFD}"),
            ([0x09], "\t"),
            (Array(#"\q"#.utf8), "\u{FFFD}"), ([0xED, 0xA0, 0xBD], "\u{FFFD}\u{FFFD}\u{FFFD}"),
        ])
    func unreadable(odd: [UInt8], shown: String) throws {
        let start =
            #"{"action":"message_create","data":{"message":{"id":"M","conversation_id":"C","actor_type":"agent","message_type":"normal","message_parts":[{"text":{"content":"code "#
        let body =
            Array(start.utf8) + odd + Array(#" 7731","x"#.utf8) + odd
            + Array(#"":1}},{"file":{"url":"https://e.example/f","name":"a"#.utf8)
            + odd + Array(#"b"}}],"y"#.utf8) + odd + Array(#"":"z"}}}"#.utf8)
        let message = try message(in: readWebhook(body))
        #expect(
            message.message.parts == [
                .text("code \(shown) 7731"),
                .attachment(Attachment(kind: .file, url: "https://e.example/f", name: "a\(shown)b")),
            ])
        #expect(message.actor == .agent && message.unknownKind == nil)
    }

    @Test(
        "A line with any meta_data is one of Freshchat's own, and with an empty one it isn't",
        arguments: [
            (#""meta_data":{"isResolved":true}"#, true), (#""meta_data":{"isReopen":"true"}"#, true),
            (#""meta_data":{"assignedTo":"AG-2"},"message_source":"system""#, true),
            (#""meta_data":{"a":{"b":[1]}}"#, true),
            (#""meta_data":"assigned""#, true), (#""meta_data":[{"x":1}]"#, true), (#""meta_data":7"#, true),
            (#""meta_data":{},"message_source":"system""#, true),
            (#""meta_data":null,"message_source":"system""#, false),
            (#""meta_data":{"assigned":false},"message_source":"SYSTEM""#, true),
            (#""meta_data":{}"#, false), (#""meta_data":null"#, false), (#""meta_data":[]"#, false),
            (#""meta_data":"""#, false),
            (#""meta_data":{"isResolved":false,"isReopen":null}"#, false), (#""message_source":"system""#, false),
            (#""x":1"#, false),
        ])
    func statusLine(fields: String, isOne: Bool) throws {
        for actor in ["agent", "bot"] {
            let message = try read(
                #""message_type":"normal","message_parts":[{"text":{"content":"Conversation was assigned to Bo"}}],\#(fields)"#,
                actor: #""actor_type":"\#(actor)","actor_id":"AG-1""#)
            #expect(message.actor == (isOne ? .system : HelpdeskMessage.Actor(rawValue: actor)))
        }
    }

    @Test("A customer's message with meta_data stays the customer's")
    func customersMetaData() throws {
        let message = try read(
            #""message_type":"normal","meta_data":{"campaign":"x"}"#, actor: #""actor_type":"user","actor_id":"U-7""#)
        #expect(message.actor == .user && message.user == "U-7")
    }

    @Test(
        "Only a normal message and a private note are of a known kind",
        arguments: [
            (#""message_type":"normal""#, nil, false), (#""message_type":"NORMAL""#, nil, false),
            (#""message_type":"private""#, nil, true), (#""message_type":"private ""#, "private ", false),
            (#""message_type":"normal ""#, "normal ", false), (#""message_type":"internal""#, "internal", false),
            (#""message_type":"""#, "", false), (#""message_type":0"#, "0", false),
            (#""message_type":["normal"]"#, "not a text", false), (#""message_type":true"#, "not a text", false),
            (#""x":1"#, "none", false), (#""message_type":null"#, "none", false),
            // The payloads of 2022 have these fields in its place.
            (#""botsPrivateNote":false"#, nil, false), (#""botsPrivateNote":true"#, nil, true),
            (#""restrictResponse":false"#, nil, false), (#""message_type":null,"restrict_response":false"#, nil, false),
            (#""message_type":"internal","botsPrivateNote":false"#, "internal", false),
            (#""message_type":"internal","botsPrivateNote":true"#, "internal", true),
        ] as [(String, String?, Bool)])
    func kinds(fields: String, unknown: String?, isPrivate: Bool) throws {
        let message = try read(fields)
        #expect(message.unknownKind == unknown && message.isPrivate == isPrivate && message.actor == .agent)
    }

    @Test(
        "A message that doesn't name its actor is the event's",
        arguments: [
            (#""type":"agent","id":"AG-1""#, "", .agent, "AG-1"), (#""type":"bot""#, "", .bot, nil),
            (#""type":"user","id":"U-7""#, "", .user, "U-7"), (#""type":"system","sub_type":"user""#, "", .system, nil),
            (#""type":"robot","id":"R""#, "", .system, nil), (#""id":"AG-1""#, "", .system, nil),
            (#""type":"agent","id":"AG-1""#, #""actor_id":"AG-1","#, .agent, "AG-1"),
            (#""type":"agent","id":"AG-1""#, #""actor_id":"AG-2","#, .system, "AG-2"),
            (#""type":"agent","id":"AG-1""#, #""actor_type":"agent","#, .agent, "AG-1"),
            (#""type":"agent","id":"AG-1""#, #""actor_type":"user","#, .user, nil),
            (#""type":"agent","id":"AG-1""#, #""actor_type":null,"actor_id":"","#, .agent, "AG-1"),
            (#""type":"agent","id":"AG-1""#, #""meta_data":{"assigned":1},"#, .system, nil),
            (#""type":"agent","id":"AG-1""#, #""message_source":"system","#, .system, nil),
        ] as [(String, String, HelpdeskMessage.Actor, AgentID?)])
    func actors(eventActor: String, fields: String, actor: HelpdeskMessage.Actor, id: AgentID?) throws {
        let product =
            #"{"event":"onMessageCreate","data":{"actor":{\#(eventActor),"first_name":"Bo"},"message":{"conversation_id":"C","messages":[{"id":"M",\#(fields)"message_type":"normal"}]}}}"#
        let message = try message(in: readProduct(Array(product.utf8)))
        #expect(message.actor == actor && message.actorID == id)
        let spelled = eventActor.replacing(#""type""#, with: #""actor_type""#).replacing(#""id""#, with: #""actor_id""#)
        let webhook =
            #"{"action":"message_create","actor":{\#(spelled)},"data":{"message":{"id":"M","conversation_id":"C",\#(fields)"message_type":"normal"}}}"#
        let same = try self.message(in: readWebhook(Array(webhook.utf8)))
        #expect(same.actor == actor && same.actorID == id)
    }

    @Test(
        "A file has an address when there is one that opens, and as long as it isn't found unsafe",
        arguments: [
            (#""url":"https://e.example/f""#, "https://e.example/f"),
            (#""download_url":"https://e.example/d""#, "https://e.example/d"),
            (#""url":null,"download_url":"https://e.example/d""#, "https://e.example/d"),
            (#""url":"","download_url":"https://e.example/d""#, "https://e.example/d"),
            (#""url":"https://e.example/f","download_url":"https://e.example/d""#, "https://e.example/f"),
            (#""url":"https://e.example/f","file_security_status":"SAFE_FILE""#, "https://e.example/f"),
            (#""url":"https://e.example/f","file_security_status":"AV_PENDING""#, nil),
            (#""url":"https://e.example/f","file_security_status":"INFECTED""#, nil),
            (#""url":"/v2/files/1""#, nil), (#""url":"data:image/png;base64,AA""#, nil), (#""url":" ""#, nil),
            (#""x":1"#, nil),
        ] as [(String, String?)])
    func addresses(fields: String, url: String?) throws {
        for kind in ["file", "image", "video"] {
            let message = try read(#""message_parts":[{"\#(kind)":{\#(fields),"name":"n"}}]"#)
            guard case .attachment(let attachment) = message.message.parts.first else {
                Issue.record("no attachment: \(message)")
                continue
            }
            #expect(attachment.url == url && attachment.isPending == (url == nil) && attachment.name == "n")
        }
    }
}
