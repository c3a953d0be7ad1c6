import Foundation
import RelayCore
import RelayTesting
import Testing

@Suite("White space")
struct WhiteSpaceTests {
    private static let snippets = [
        " ", "\t", "\n", "\r\n", "\r", "\u{b}", "\u{c}", "\u{1c}", "\u{1f}", "\u{85}", "\u{a0}", "\u{2028}", "\u{3000}",
        "\u{200b}", "\u{feff}", "\u{0}", "\u{7f}", "a", "!", "~", "é", "e\u{301}", " \u{301}", "\u{301}", "\u{600}",
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
            #expect(text.isBlank == text.allSatisfy(\.isWhitespace))
            #expect(Array(text.trimmingWhiteSpace().utf8) == Array(trimmed.utf8))

            let start = trimmed.prefix(8).lowercased()
            let isLink = start.hasPrefix("https://") || start.hasPrefix("http://")
            let fields = try #require(JSONFields(Array(try JSONEncoder().encode(["link": text]))))
            #expect(fields.webURL("link").map { Array($0.utf8) } == (isLink ? Array(trimmed.utf8) : nil))
        }
    }

    private static func trimmed(_ text: String) -> String {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(text[first...last])
    }
}
