import Simulators
import Testing

extension EndToEnd {
    @Suite("Every kind of content, both ways")
    struct Contents {
        /// A customer's message and what an agent must be able to read of it.
        struct Kind: Sendable {
            var message: JSON
            var words: [String]
        }

        private static let long =
            "https://dl-media.viber.com/3/media/2/short/any/sig/image/0x0/d793/1e18.jpg?Expires=1670587915&Signature=a~b-c_&Key-Pair-Id=APKA"

        static let kinds: [Kind] = [
            Kind(
                message: [
                    "type": "picture", "media": .string(long), "thumbnail": "https://example.com/t.jpg",
                    "text": "наш кіт 🐈",
                    "file_name": "cat.jpg", "size": 164_826,
                ], words: [long, "наш кіт 🐈"]),
            Kind(message: ["type": "picture", "media": .string(long)], words: [long]),
            Kind(
                message: [
                    "type": "video", "media": "https://dl-media.viber.com/v.mp4?Expires=1", "duration": 10,
                    "size": 10_000,
                    "text": "a film",
                ], words: ["https://dl-media.viber.com/v.mp4?Expires=1", "a film"]),
            Kind(
                message: [
                    "type": "file", "media": "https://dl-media.viber.com/f", "file_name": "звіт.pdf", "size": 10_000,
                ],
                words: ["https://dl-media.viber.com/f", "звіт.pdf"]),
            Kind(
                message: [
                    "type": "sticker", "sticker_id": 46105,
                    "media": "http://content.cdn.viber.com/stickers/100/46100/00046105.png",
                ], words: ["http://content.cdn.viber.com/stickers/100/46100/00046105.png"]),
            Kind(
                message: ["type": "contact", "contact": ["name": "Alex", "phone_number": "+972511123123"]],
                words: ["Alex", "+972511123123"]),
            Kind(message: ["type": "contact", "contact": ["phone_number": "+972511123123"]], words: ["+972511123123"]),
            Kind(
                message: ["type": "url", "media": "https://example.com/page?a=1"],
                words: ["https://example.com/page?a=1"]),
            Kind(
                message: ["type": "location", "location": ["lat": 50.76891, "lon": 6.11499]],
                words: ["50.76891,6.11499", "https://"]),
            Kind(
                message: ["type": "hologram", "text": "what is this", "beam": [1, 2]],
                words: ["hologram", "what is this"]),
        ]

        @Test("Whatever a customer sends arrives readable, with its link", arguments: [false, true])
        func inbound(inOtherSpellings: Bool) async throws {
            let configuration = SandboxConfiguration.forTests {
                $0.viberKnobs.usesFileSize = inOtherSpellings
                $0.viberKnobs.quotesStickerIDs = inOtherSpellings
                $0.viberKnobs.quotesCoordinates = inOtherSpellings
                $0.viberKnobs.quotesMessageTokens = inOtherSpellings
                $0.viberKnobs.addsUnknownMembers = inOtherSpellings
                $0.viberKnobs.clientStatusProbability = inOtherSpellings ? 1 : 0
                $0.viberKnobs.omitsConversationType = inOtherSpellings
            }
            try await withByocStack(sandbox: configuration) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                if inOtherSpellings { stack.viber.customerOpensChat(customer) }
                for kind in Self.kinds { stack.viber.customerWrites(customer, message: kind.message) }
                stack.viber.customerWrites(customer, "the end")
                try await stack.waitForInbox(of: customer) { $0.contains("the end") }
                let inbox = stack.inbox(of: customer)
                #expect(inbox.count == Self.kinds.count + 1)
                for (kind, text) in zip(Self.kinds, inbox) {
                    for word in kind.words { #expect(text.contains(word), "\(kind.message.text) became \(text)") }
                }
                try await stack.settle()
                let refused = stack.log.entries().filter {
                    $0.kind == .webhook && $0.side == .viber && $0.status != 200
                }
                #expect(refused == [], "Viber would send these again for an hour")
            }
        }

        @Test("Each part of an agent's message reaches the phone as text with its link")
        func outbound() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let picture = stack.freshchat.attach([0x89, 0x50, 0x4e, 0x47], contentType: "image/png")
                let parts: [JSON] = [
                    ["text": ["content": "Дивіться <b>тут</b> &amp; там<br>два рядки"]],
                    ["image": ["url": .string(picture)]],
                    [
                        "file": [
                            "name": "рахунок.pdf", "url": "https://cdn.example.com/1.pdf",
                            "content_type": "application/pdf",
                        ]
                    ],
                    ["video": ["url": "https://cdn.example.com/v.mp4", "content_type": "video/mp4"]],
                    ["url_button": ["label": "Open", "url": "https://example.com/open", "target": "_blank"]],
                    ["reference": ["label": "How to return", "reference_id": "https://faq.example.com/1"]],
                    ["collection": ["sub_parts": [["text": ["content": "inside a collection"]]]]],
                    ["text": ["content": ""]],
                    ["hologram": ["beam": 1]],
                ]
                let replyParts: [JSON] = [
                    ["collection": ["sub_parts": [["quick_reply_button": ["label": "Yes, please"]]]]]
                ]
                try stack.freshchat.agentReplies(in: conversation.id, parts: parts, replyParts: replyParts)
                try stack.freshchat.agentReplies(in: conversation.id, "the end")
                try await stack.waitForPhone(of: customer) { $0.last == "the end" }
                let shown = stack.phone(customer).dropLast().joined(separator: "\n")
                for word in [
                    "Дивіться тут & там\nдва рядки", picture, "рахунок.pdf", "https://cdn.example.com/1.pdf",
                    "https://cdn.example.com/v.mp4", "Open", "https://example.com/open", "How to return",
                    "https://faq.example.com/1", "inside a collection", "Yes, please", "hologram",
                ] {
                    #expect(shown.contains(word), "\(word)")
                }
                #expect(stack.viber.phone(of: customer).allSatisfy { $0.kind == "text" })
                #expect(stack.refusals() == [])
            }
        }

        @Test("What an agent pastes reaches the phone as a browser shows it")
        func pasted() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "hello")
                let picture = String(repeating: "iVBORw0KGgoAAAANSUhEUgAA", count: 30_000)
                let texts = [
                    "<!--[if gte mso 9]><xml><w:WordDocument></w:WordDocument></xml><![endif]--><p class=\"MsoNormal\">Your parcel is on its way.<o:p></o:p></p>",
                    "<p>Please look at this:</p><p><img src=\"data:image/png;base64,\(picture)\" class=\"fr-fic\"></p>",
                    "<p>می<b>\u{200C}خواهم</b> 3&euro; &#55357;&#56832;</p>",
                    "<p><a href=\"https://x.example.com/?q=1>0\" title=\"a > b\">compare</a> done</p><ol start=\"3\"><li>third</li></ol>",
                    // Blank: nothing arrives.
                    "<p><span class=\"fr-marker\" style=\"display: none\">&#8203;</span><br></p>",
                    "Fish &amp; Chips\u{0}\u{1B}[31m",
                ]
                for text in texts { try stack.freshchat.agentReplies(in: conversation.id, text) }
                try stack.freshchat.agentReplies(in: conversation.id, "the end")
                try await stack.waitForPhone(of: customer) { $0.last == "the end" }
                #expect(
                    stack.phone(customer) == [
                        "Your parcel is on its way.", "Please look at this:\n🖼 Picture", "می\u{200C}خواهم 3€ 😀",
                        "compare (https://x.example.com/?q=1>0) done\n3. third", "Fish & Chips[31m", "the end",
                    ])
            }
        }

        @Test("A text and a name of invisible characters count as none")
        func invisible() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let blank = "\u{200B}\u{2060}\u{FEFF}\u{3164}"
                let customer = stack.viber.addCustomer(name: blank)
                stack.viber.customerWrites(customer, blank)
                stack.viber.customerWrites(customer, "the end")
                try await stack.waitForInbox(of: customer) { $0.last == "the end" }
                #expect(stack.inbox(of: customer) == ["the end"])
                #expect(stack.users(of: customer).map(\.firstName) == ["Viber customer"])
            }
        }

        @Test("A text longer than Viber takes arrives in pieces, in order, and nothing of it is lost")
        func longAnswer() async throws {
            try await withByocStack { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let conversation = try await stack.customerWritesAndArrives(customer, "tell me everything")
                let text = (1...2200).map { "речення \($0) 👩‍👩‍👧‍👦." }.joined(separator: " ")
                #expect(text.utf16.count > 21_000)
                try stack.freshchat.agentReplies(in: conversation.id, text)
                try stack.freshchat.agentReplies(in: conversation.id, "the end")
                try await stack.waitForPhone(of: customer) { $0.last == "the end" }
                let pieces = stack.phone(customer).dropLast()
                #expect(pieces.count >= 4)
                #expect(pieces.joined() == text)
                #expect(pieces.allSatisfy { $0.utf16.count <= 7000 })
            }
        }

        @Test("A text longer than Freshchat is to get arrives in pieces, in order, and nothing of it is lost")
        func longQuestion() async throws {
            let configuration = SandboxConfiguration.forTests { $0.freshchatKnobs.maximumTextLength = 4000 }
            try await withByocStack(sandbox: configuration) { stack in
                _ = try await stack.installViber()
                let customer = stack.viber.addCustomer()
                let text = (1...900).map { "рядок \($0) 🙂" }.joined(separator: "\n")
                stack.viber.customerWrites(customer, text)
                stack.viber.customerWrites(customer, "the end")
                try await stack.waitForInbox(of: customer) { $0.last == "the end" }
                let pieces = stack.inbox(of: customer).dropLast()
                #expect(pieces.count >= 2)
                #expect(pieces.joined() == text)
                #expect(stack.conversations(of: customer).count == 1)
            }
        }
    }
}
