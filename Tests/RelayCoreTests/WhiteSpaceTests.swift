import Foundation
import RelayCore
import RelayTesting
import Testing

@Suite("White space")
struct WhiteSpaceTests {
    private static let snippets = [
        " ", "\t", "\n", "\r\n", "\r", "\u{b}", "\u{c}", "\u{1c}", "\u{1f}", "\u{85}", "\u{a0}", "\u{2028}", "\u{3000}",
        "\u{200b}", "\u{feff}", "\u{0}", "\u{7f}", "\u{3164}", "\u{e0020}", "\u{2800}", "a", "!", "~", "é", "e\u{301}",
        " \u{301}", "\u{301}", "\u{600}",
        "👋🏽",
        "http://", "HTTPS://", "https://", "https:/", "ſ", "/",
    ]

    @Test("What is blank, what is around a text and what is a link is the same by characters, one by one")
    func sameByCharacters() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...5, using: &random)).map { _ in
                Self.snippets[Int.random(in: Self.snippets.indices, using: &random)]
            }.joined()
            let trimmed = Self.trimmed(text)
            #expect(text.isBlank == text.unicodeScalars.allSatisfy(\.isInvisible))
            #expect(Array(text.trimmingWhiteSpace().utf8) == Array(trimmed.utf8))

            let start = trimmed.prefix(8).lowercased()
            let isLink = start.hasPrefix("https://") || start.hasPrefix("http://")
            let fields = try #require(JSONFields(Array(try JSONEncoder().encode(["link": text]))))
            #expect(fields.webURL("link").map { Array($0.utf8) } == (isLink ? Array(trimmed.utf8) : nil))
        }
    }

    @Test("What leaves no mark on the screen is blank, alone and together")
    func invisible() {
        let invisible: [ClosedRange<UInt32>] = [
            0x00...0x20, 0x7F...0xA0, 0xAD...0xAD, 0x34F...0x34F, 0x61C...0x61C, 0x115F...0x1160, 0x17B4...0x17B5,
            0x180B...0x180F, 0x2000...0x200F, 0x2028...0x202F, 0x205F...0x206F, 0x2800...0x2800, 0x3000...0x3000,
            0x3164...0x3164, 0xFE00...0xFE0F, 0xFEFF...0xFEFF, 0xFFA0...0xFFA0, 0xFFF9...0xFFFB, 0x1D173...0x1D17A,
            0xE0000...0xE0FFF,
        ]
        let all = invisible.joined().compactMap(Unicode.Scalar.init)
        for scalar in all { #expect(String(scalar).isBlank, "\(scalar.value)") }
        #expect(String(String.UnicodeScalarView(all)).isBlank)
        for visible in ["a", ".", "\u{A1}", "\u{301}", "\u{600}", "\u{2801}", "\u{FFFD}", "ㅤx", "👩‍💻", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"] {
            #expect(!visible.isBlank, "\(visible)")
        }
    }

    @Test("Trimming leaves the joiners of words and emoji")
    func joiners() {
        #expect(" می\u{200C}خواهم\u{200C} ".trimmingWhiteSpace() == "می\u{200C}خواهم\u{200C}")
        #expect("\n👩\u{200D}💻\u{FE0F}\n".trimmingWhiteSpace() == "👩\u{200D}💻\u{FE0F}")
    }

    @Test("Passed on are no control characters but tabs and line feeds")
    func controls() {
        let text = "a\u{0}\u{7}\u{1B}[1m\tb\r\nc\rd\u{B}e\u{C}f\u{85}g\u{7F}\u{80}\u{9B}\u{9F}h\u{A0}é\n"
        #expect(text.withoutControlCharacters() == "a[1m\tb\nc\nd\ne\nf\ngh\u{A0}é\n")
        #expect("plain é 👋🏽\n".withoutControlCharacters() == "plain é 👋🏽\n")
    }

    @Test(
        "A name is one line that turns nothing around it, or there is none",
        arguments: [
            (" Tessa Sample\n", "Tessa Sample"), ("\u{1B}]0;owned\u{7}Red\u{202E}gnp", "]0;ownedRedgnp"),
            ("a\r\nb", "a b"), ("\u{200B}\u{2060}\u{FEFF}\u{3164}", nil), ("\u{202E}\u{0}", nil), ("", nil),
            (" \u{301}", nil),
            ("می\u{200C}خواهم", "می\u{200C}خواهم"), ("👩‍💻", "👩‍💻"),
        ] as [(String, String?)])
    func names(_ text: String, _ name: String?) {
        #expect(text.asName == name)
        #expect(ContactProfile(userID: "u", name: text).name == name)
    }

    private static func trimmed(_ text: String) -> String {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(text[first...last])
    }
}
