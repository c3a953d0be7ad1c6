import RelayCore
import RelayTesting
import Testing

@Suite("Splitting texts")
struct TextSplittingTests {
    /// Pieces of text that are easily cut in the wrong place.
    private static let snippets = [
        "a", "word", " ", "  ", "\n", "\r\n", "\t", "\u{2028}", "Я", "é", "e\u{301}", "한", "\u{1112}\u{1161}\u{11AB}",
        "न्दि",
        "👋", "👋🏽", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇺🇦", "🇺🇦🇩🇪", "1️⃣", "\u{200D}", "\u{FE0F}", "\u{1}", "\"", "𝒳", "ﷺ",
        "z" + String(repeating: "\u{301}", count: 30), "👩" + String(repeating: "\u{200D}👩", count: 12), "The end. ",
    ]

    private static func text(using random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...60, using: &random)).map { _ in
            snippets[Int.random(in: snippets.indices, using: &random)]
        }.joined()
    }

    private static func count(_ text: String, _ unit: TextUnit) -> Int {
        switch unit {
        case .utf8: text.utf8.count
        case .utf16: text.utf16.count
        case .grapheme: text.count
        }
    }

    @Test(
        "Pieces of any text join to it, none is empty, and each is within the limit",
        arguments: [TextUnit.utf8, .utf16, .grapheme])
    func property(_ unit: TextUnit) {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let text = Self.text(using: &random)
            let limit = Int.random(in: 4...80, using: &random)
            let pieces = text.split(limit: limit, counting: unit)
            #expect(pieces.joined().unicodeScalars.elementsEqual(text.unicodeScalars))
            #expect(!pieces.contains(""))
            for piece in pieces where unit != .grapheme {
                #expect(Self.count(piece, unit) <= limit, "\(text.debugDescription) by \(limit)")
            }
            // Where a grapheme of the text begins a piece, what was one grapheme stays one.
            if unit == .grapheme { #expect(pieces.allSatisfy { $0.count <= limit }) }
            #expect(pieces == text.split(limit: limit, counting: unit))
        }
    }

    @Test("No grapheme is cut that fits into a piece", arguments: [TextUnit.utf8, .utf16])
    func graphemes(_ unit: TextUnit) {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<3000 {
            let text = Self.text(using: &random)
            let longest = text.map { Self.count(String($0), unit) }.max() ?? 1
            let limit = longest + Int.random(in: 0...40, using: &random)
            let pieces = text.split(limit: limit, counting: unit)
            #expect(pieces.flatMap { Array($0) } == Array(text), "\(text.debugDescription) by \(limit)")
        }
    }

    @Test("A text within the limit stays as it is; an empty one has no pieces")
    func short() {
        #expect("hello".split(limit: 5) == ["hello"])
        #expect("".split(limit: 5) == [])
        #expect(" ".split(limit: 1) == [" "])
    }

    @Test("A piece ends at the last line end, else at the last space, in its second half")
    func goodPlaces() {
        #expect("one two\nthree four".split(limit: 12) == ["one two\n", "three four"])
        #expect("one two three four".split(limit: 12) == ["one two ", "three four"])
        #expect("one\r\ntwo three".split(limit: 7) == ["one\r\n", "two ", "three"])
        #expect("a bcdefghijkl".split(limit: 10) == ["a bcdefghi", "jkl"])
        #expect("abcdefghijkl".split(limit: 5) == ["abcde", "fghij", "kl"])
    }

    @Test("A line end of two characters is not cut in two")
    func lineEnds() {
        #expect("abc\r\ndef".split(limit: 4) == ["abc", "\r\nde", "f"])
    }

    @Test("A grapheme over the limit is cut between code points")
    func giant() {
        let giant = "z" + String(repeating: "\u{301}", count: 20)
        let pieces = giant.split(limit: 8)
        #expect(pieces.map(\.utf16.count) == [8, 8, 5])
        #expect(pieces.joined() == giant)
    }

    @Test("A giant grapheme in the middle of a text spoils nothing around it")
    func giantWithin() {
        let text = "before " + "z" + String(repeating: "\u{301}", count: 50) + " after"
        let pieces = text.split(limit: 10)
        #expect(pieces.joined().unicodeScalars.elementsEqual(text.unicodeScalars))
        #expect(pieces.allSatisfy { $0.utf16.count <= 10 })
        #expect(pieces.last?.hasSuffix("after") == true)
    }

    @Test("A text of a megabyte is split in one go")
    func large() {
        let text = String(repeating: "Съешь ещё этих мягких булок. ", count: 20_000)
        let pieces = text.split(limit: 4000)
        #expect(pieces.joined() == text)
        #expect(pieces.allSatisfy { $0.utf16.count <= 4000 })
    }

    @Test("Only so many pieces are made as are wanted, of a text of any length and of one endless grapheme")
    func bounded() {
        for unit in ["Съешь ещё этих мягких булок. ", "\u{301}", "👩\u{200D}"] {
            let text = "z" + String(repeating: unit, count: 4_000_000 / unit.utf8.count)
            let pieces = text.split(limit: 4000, most: 101)
            #expect(pieces.count == 101)
            #expect(text.utf8.starts(with: pieces.joined().utf8))
        }
    }

    @Test("Blank pieces aren't counted, so that none of them hides that a message is cut")
    func blankPieces() {
        let text = String(
            repeating: String(repeating: " ", count: 100) + String(repeating: "x", count: 100), count: 120)
        let pieces = text.pieces(limit: 100)
        #expect(pieces.count == Message.mostPieces + 1 && pieces.allSatisfy { !$0.isBlank })
        #expect(String(repeating: " \n", count: 100_000).pieces(limit: 4).isEmpty)
        #expect("\u{200B}".pieces(limit: 4).isEmpty)
    }

    @Test("A truncated text is within the limit, whole or with an ellipsis, and no emoji is cut")
    func truncated() {
        #expect("hello".truncated(to: 5) == "hello")
        #expect("hello!".truncated(to: 5) == "hell…")
        #expect("👨‍👩‍👧‍👦👨‍👩‍👧‍👦".truncated(to: 21) == "👨‍👩‍👧‍👦…")
        #expect("👨‍👩‍👧‍👦👨‍👩‍👧‍👦".truncated(to: 2, counting: .grapheme) == "👨‍👩‍👧‍👦👨‍👩‍👧‍👦")
        #expect("яяя".truncated(to: 5, counting: .utf8) == "я…")
        var random = SeededGenerator(seed: 9)
        for _ in 0..<2000 {
            let text = Self.text(using: &random)
            let limit = Int.random(in: 3...60, using: &random)
            for unit in [TextUnit.utf8, .utf16] {
                let short = text.truncated(to: limit, counting: unit)
                #expect(Self.count(short, unit) <= limit)
                #expect(short == text || short.hasSuffix("…") && text.hasPrefix(short.dropLast()))
            }
        }
    }

    @Test("White space is trimmed at both ends and nowhere else")
    func trimmed() {
        #expect(" \r\n a b \t".trimmingWhiteSpace() == "a b")
        #expect("".trimmingWhiteSpace() == "")
        #expect(" \n".trimmingWhiteSpace() == "")
        #expect("x".trimmingWhiteSpace() == "x")
    }
}
