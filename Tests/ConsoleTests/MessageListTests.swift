import Console
import FoundationEssentials
import RelayCore
import RelayTesting
import Testing

@Suite struct MessageListTests {
    @Test func `Both directions are listed, newest first, with names, texts and states in words`() async throws {
        let scene = try await MessageScene()
        let first = try scene.message("Where is my parcel?")
        try await scene.deliver(first)
        try scene.reply("On its way")
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages")
        #expect(page.status == 200)
        let reply = try #require(page.text.firstRange(of: "On its way"))
        let question = try #require(page.text.firstRange(of: "Where is my parcel?"))
        #expect(reply.lowerBound < question.lowerBound)
        #expect(page.text.contains("<bdi>Anna</bdi>") && page.text.contains("The shop"))
        #expect(page.text.contains("</svg>Delivered</span>") && page.text.contains("</svg>Waiting</span>"))
        #expect(page.text.contains("datetime=\"2026-02-03T12:00:00Z\""))
    }

    @Test func `Markup in a name or a text is shown as text on every page`() async throws {
        let evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
        let scene = try await MessageScene(named: "Shop \(evil)")
        let link = Part.link(url: "javascript:alert(3)", label: evil)
        let picture = Attachment(kind: .image, url: "https://example.com/\"><b>", name: evil, caption: evil)
        let id = try scene.message(
            [.text(evil), link, .attachment(picture), .card(ContactCard(name: evil, phoneNumber: evil))], key: evil,
            name: evil)
        try await scene.markDead(id, reason: evil, detail: evil)
        _ = try await scene.store.raise(Alarm(.deliveryDead, of: scene.installation), because: evil, now: .now)
        var browser = await scene.scene.signedIn()
        for path in ["/", "/messages", "/messages/\(id)", "/messages/\(id)/retry", "/messages?text=%3Cscript%3E"] {
            let page = await browser.get(path)
            #expect(page.status == 200, "\(path)")
            #expect(page.text.contains("&lt;script&gt;"), "\(path)")
            for mark in ["<script>alert", "<img src=x", "<b>", "href=\"javascript:"] {
                #expect(!page.text.contains(mark), "\(path) \(mark)")
            }
        }
    }

    @Test func `A filter shows what it says, and stays in the form and in the pages' links`() async throws {
        let scene = try await MessageScene()
        let dead = try scene.message("gone", from: "boris", name: "Boris")
        try await scene.markDead(dead)
        let held = try scene.reply("perhaps")
        try await scene.hold(held)
        try scene.message("new")
        var browser = await scene.scene.signedIn()
        for (query, shown, hidden) in [
            ("state=dead", [">gone<", "The customer has unsubscribed"], ["perhaps", ">new<"]),
            ("state=held", ["perhaps"], [">gone<", ">new<"]), ("state=waiting", [">new<"], [">gone<", "perhaps"]),
            ("direction=outbound", ["perhaps"], [">gone<", ">new<"]),
            ("contact=bor", [">gone<"], ["perhaps", ">new<"]),
            ("text=GON", [">gone<"], ["perhaps", ">new<"]), ("installation=viber-1", [">gone<", "perhaps"], []),
            ("installation=other", [], [">gone<", "perhaps"]), ("channel=viber&state=dead", [">gone<"], ["perhaps"]),
        ] {
            let page = await browser.get("/messages?\(query)")
            for text in shown { #expect(page.text.contains(text), "\(query): \(text)") }
            for text in hidden { #expect(!page.text.contains(text), "\(query): \(text)") }
        }
        #expect(await browser.get("/messages?state=dead").text.contains("<option value=\"dead\" selected>"))
    }

    @Test func `The list is a table with a heading for each column`() async throws {
        let scene = try await MessageScene()
        try scene.message("one")
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages").text
        for heading in ["Received", "Status", "Customer", "Message", "Installation"] {
            #expect(page.contains("<th scope=\"col\">\(heading)</th>"))
        }
        #expect(page.contains("<th scope=\"row\" class=\"who\">"))
    }

    @Test func `A removed installation stays in the filter, by its name`() async throws {
        let scene = try await MessageScene()
        try scene.message("from the old shop")
        try await scene.store.remove(scene.installation, keepingHistory: true, now: scene.scene.clock.now)
        _ = try await scene.scene.install()
        var browser = await scene.scene.signedIn()
        let page = await browser.get("/messages?installation=viber-1")
        #expect(page.text.contains("<option value=\"viber-1\" selected>The shop (removed)</option>"))
        #expect(page.text.contains("from the old shop") && page.text.contains("<bdi>The shop (removed)</bdi>"))
    }

    @Test func `Names lose what would change how the page around them is shown`() async throws {
        let scene = try await MessageScene()
        let file = Attachment(kind: .file, url: "https://example.com/f", name: "invoice\u{202E}fdp.exe\t")
        let id = try scene.message([.text("hello"), .attachment(file)], key: "1", name: "An\u{202E}na\u{7}")
        var browser = await scene.scene.signedIn()
        for path in ["/messages", "/messages/\(id)"] {
            let page = await browser.get(path)
            #expect(page.text.contains("<bdi>Anna</bdi>"), "\(path)")
            #expect(!page.text.unicodeScalars.contains("\u{202E}") && !page.text.unicodeScalars.contains("\u{7}"))
        }
        #expect(await browser.get("/messages/\(id)").text.contains(">invoicefdp.exe</p>"))
    }

    @Test func `One pages to the end and back, and meets each message once`() async throws {
        let scene = try await MessageScene()
        for number in 100..<220 { try scene.message("text \(number)", from: ChannelUserID("user-\(number % 7)")) }
        var browser = await scene.scene.signedIn()
        var path = "/messages?direction=inbound"
        var met: [String] = []
        var pages = 0
        while pages < 10 {
            let page = await browser.get(path)
            pages += 1
            met += page.texts
            #expect(page.text.contains("data-refresh") == (pages == 1), "only the newest page refreshes itself")
            // What comes in between shifts nothing.
            try scene.message("in between \(pages)", from: "user-1")
            guard let older = page.link("next") else { break }
            path = older
        }
        #expect(pages == 3)
        #expect(met == (100..<220).reversed().map { "text \($0)" })
        let back = await browser.get(try #require(await browser.get(path).link("prev")))
        #expect(back.texts == (120..<170).reversed().map { "text \($0)" })
    }

    @Test func `An empty list says what to do next`() async throws {
        var browser = await ConsoleScene().signedIn()
        let unconnected = await browser.get("/messages")
        #expect(unconnected.text.contains("No channel connected"))
        #expect(unconnected.text.contains("/admin/installations/new"))
        let scene = try await MessageScene()
        browser = await scene.scene.signedIn()
        #expect(await browser.get("/messages").text.contains("No messages yet"))
        let nothing = await browser.get("/messages?text=nothing")
        #expect(nothing.text.contains("No matching messages") && nothing.text.contains("Clear filters"))
        #expect(await browser.get("/messages?before=1").text.contains("No more messages"))
    }

    @Test func `Whatever stands in the address, a list comes`() async throws {
        let scene = try await MessageScene()
        try scene.message("here")
        var browser = await scene.scene.signedIn()
        for query in [
            "before=", "before=abc", "before=-1", "before=9223372036854775807", "before=9223372036854775808",
            "after=0", "after=%00", "after=1e3", "before=1&after=1", "state=%FF", "direction=up", "text=%25%5F%5C",
            "contact=%27%3B--", "before=+1", "after=99999999999999999999999999", "&&&==&=", "before=١٢",
        ] {
            let page = await browser.get("/messages?\(query)")
            #expect(page.status == 200, "\(query)")
        }
        var generator = Xorshift(state: 88_172_645_463_325_252)
        let names = ["before", "after", "state", "text", "contact", "installation", "channel", "direction", ""]
        let letters = Array("0129-+%&=;'\"\\<>_ %25aé😀\u{0}".unicodeScalars.map(String.init))
        for _ in 0..<500 {
            let query = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                let value = (0..<Int.random(in: 0...24, using: &generator)).map { _ in
                    letters.randomElement(using: &generator) ?? ""
                }.joined()
                return (names.randomElement(using: &generator) ?? "") + "=" + value
            }.joined(separator: "&")
            let page = await browser.get("/messages?\(query)")
            #expect(page.status == 200, "\(query)")
        }
    }
}

private struct Xorshift: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

extension Reply {
    /// The texts of the listed messages.
    var texts: [String] {
        text.split(separator: "<p class=\"said").dropFirst().map { part in
            String(part.drop { $0 != ">" }.dropFirst().prefix { $0 != "<" })
        }
    }

    /// Where a link of this relation leads, below `/admin`.
    func link(_ relation: String) -> String? {
        guard let end = text.firstRange(of: "\" rel=\"\(relation)\"") else { return nil }
        let address = text[..<end.lowerBound].split(separator: "href=\"").last.map(String.init) ?? ""
        return address.replacing("&amp;", with: "&").split(separator: "/admin", maxSplits: 1).last.map(String.init)
    }
}
