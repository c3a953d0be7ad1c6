import RelayCore
import Testing

@Suite("Messages as plain text")
struct PlainTextTests {
    static let parts: [(Part, String)] = [
        (.text("hello\nyou"), "hello\nyou"),
        (.text(""), ""),
        (
            .attachment(Attachment(kind: .image, url: "https://x.example/a?b=1&c", name: "a.png", caption: "a cat")),
            "🖼 Picture: a.png\na cat\nhttps://x.example/a?b=1&c"
        ),
        (.attachment(Attachment(kind: .video, url: "https://x.example/v")), "🎬 Video\nhttps://x.example/v"),
        (
            .attachment(Attachment(kind: .audio, url: "https://x.example/s", caption: "")),
            "🎵 Audio\nhttps://x.example/s"
        ),
        (.attachment(Attachment(kind: .file, url: nil, name: "r.pdf")), "📎 File: r.pdf"),
        (.attachment(Attachment(kind: .sticker, url: "https://x.example/1.png")), "🙂 Sticker\nhttps://x.example/1.png"),
        (.location(Location(latitude: 50.5, longitude: -6.25)), "📍 Location\nhttps://maps.google.com/?q=50.5,-6.25"),
        (
            .location(Location(latitude: 0, longitude: 1, label: "Here")),
            "📍 Here\nhttps://maps.google.com/?q=0.0,1.0"
        ),
        (.card(ContactCard(name: "Alex", phoneNumber: "+49 1")), "👤 Alex, +49 1"),
        (.card(ContactCard(name: nil, phoneNumber: "+49 1")), "👤 +49 1"),
        (.link(url: "https://x.example", label: nil), "https://x.example"),
        (.link(url: "https://x.example", label: ""), "https://x.example"),
        (.link(url: "https://x.example", label: "https://x.example"), "https://x.example"),
        (.link(url: "https://x.example", label: "Shop"), "Shop\nhttps://x.example"),
        (.choice(label: "Yes", value: "y"), "▫️ Yes"),
        (.unsupported(kind: "hologram"), "[This message has a part that can't be shown here: hologram]"),
    ]

    @Test("Each kind of part has its words and its link", arguments: parts)
    func part(_ part: Part, _ expected: String) {
        #expect(part.plainText == expected)
    }

    @Test("A message is its parts, one below the other, without the empty ones")
    func message() {
        let message = Message(parts: [.text("a"), .text(""), .link(url: "https://x.example", label: nil), .text("b")])
        #expect(message.plainText == "a\nhttps://x.example\nb")
        #expect(Message(parts: []).plainText == "")
    }

    @Test("A label, a name or a caption that nobody can see counts as absent")
    func invisible() {
        let blank = "\u{200B}\u{3164}"
        #expect(Part.link(url: "https://x.example", label: blank).plainText == "https://x.example")
        #expect(Part.card(ContactCard(name: blank, phoneNumber: "+49 1")).plainText == "👤 +49 1")
        #expect(
            Part.attachment(Attachment(kind: .image, url: "https://x.example/a", name: blank, caption: blank)).plainText
                == "🖼 Picture\nhttps://x.example/a")
        #expect(
            Part.location(Location(latitude: 0, longitude: 1, label: blank)).plainText
                == "📍 Location\nhttps://maps.google.com/?q=0.0,1.0")
        #expect(Message(parts: [.text("a"), .text(blank), .text("b")]).plainText == "a\nb")
    }

    @Test("Only what can't be seen is blank; a part that can't be shown is not")
    func blank() {
        #expect(Message(parts: []).isBlank)
        #expect(Message(parts: [.text(""), .text(" \r\n\t\u{2003}")]).isBlank)
        #expect(Message(parts: [.text("\u{200B}\u{2060}\u{FEFF}\u{3164}"), .text("\u{0}\u{2800}")]).isBlank)
        #expect(!Message(text: " a").isBlank)
        for (part, words) in Self.parts where !words.isEmpty { #expect(!Message(parts: [part]).isBlank) }
    }
}
