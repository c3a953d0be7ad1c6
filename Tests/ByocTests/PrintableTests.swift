import Foundation
import Logging
import RelayCore
import Testing

@testable import byoc

@Suite("Words of foreign origin on a terminal")
struct PrintableTests {
    /// Everything that a terminal obeys, or that hides or turns what is around it.
    private static let hazards: [Unicode.Scalar] =
        (Array(0x00...0x1F) + Array(0x7F...0x9F) + [0xAD, 0x61C, 0x115F, 0x200B, 0x200E, 0x200F]
        + Array(0x2028...0x202E)
        + Array(0x2060...0x206F) + [0x3164, 0xFEFF, 0xFFA0, 0xFFF9, 0xE0001] as [UInt32])
        .compactMap(Unicode.Scalar.init)

    @Test("Nothing that a terminal obeys is left, and a line stays a line")
    func hazards() {
        for hazard in Self.hazards {
            let text = "a\(String(hazard))b"
            #expect(!text.printableOnOneLine.unicodeScalars.contains(hazard), "\(hazard.value)")
            #expect(text.printableOnOneLine.split(whereSeparator: \.isNewline).count == 1)
            #expect(text.printable.unicodeScalars.contains(hazard) == (hazard == "\n" || hazard == "\t"))
        }
        #expect("a\r\nb\u{2028}c\td".printable == "a\nb\nc\td")
        #expect("a\r\nb\u{2028}c\td".printableOnOneLine == "a b c d")
        #expect("\u{1B}]0;owned\u{7}\u{9B}31m".printableOnOneLine == "\u{FFFD}]0;owned\u{FFFD}\u{FFFD}31m")
        for text in ["Ім'я é e\u{301}", "👩\u{200D}💻 1\u{FE0F}\u{20E3}", "می\u{200C}خواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"] {
            #expect(text.printableOnOneLine == text)
        }
    }

    @Test("A table's columns are as wide as a terminal shows them")
    func columns() {
        #expect("abc".columns == 3)
        #expect("e\u{301}é".columns == 2)
        #expect("日本".columns == 4)
        #expect("👩\u{200D}💻".columns == 2)
        #expect("日本".padded(to: 6) == "日本  ")
    }

    @Test("JSON stays the same JSON, with nothing in it that a terminal obeys")
    func json() throws {
        for hazard in Self.hazards + ["é", "𝄞"] {
            let encoded = Array(try JSONEncoder().encode(["a": String(hazard)]))
            let text = PrintableJSON(encoded).text
            #expect(text.printable == text)
            #expect(try JSONDecoder().decode([String: String].self, from: Data(text.utf8)) == ["a": String(hazard)])
        }
    }

    @Test("Line breaks in foreign words make no new lines in an error")
    func errors() throws {
        let words = "no\r\nbyoc: forged\u{1B}[2K\u{2028}more"
        let plain = "no byoc: forged\u{FFFD}[2K more"
        let errors: [(any Error, String)] = [
            (CommandFailure(words, details: [words], remedy: words), "\(plain)\n  \(plain)\n\(plain)"),
            (
                SetupFailure(side: "Viber", problem: words, remedy: "One of:\n  a\n  b"),
                "Viber: \(plain)\nOne of:\n  a\n  b"
            ),
            (StoreFailure(.conflict, words), plain),
        ]
        for (error, text) in errors { #expect(ErrorText.text(of: error) == text) }
        let mistake = SettingsMistake(key: "BYOC_THREADS", value: words, expected: "a number", origin: "environment")
        let lines = try #require(ErrorText.text(of: SettingsMistakes(all: [mistake]))).split(separator: "\n")
        #expect(lines.count == 3 && lines[1].contains(plain), "\(lines)")
        #expect(ErrorText.text(of: CancellationError()) == nil)
    }

    @Test("A line of the text log is one line, whatever is in it")
    func textLog() {
        var handler = TextLogHandler(label: "byoc")
        handler.metadata = [
            "installation.id": "viber-1", "reason": "first\r\n2026-11-30T00:00:00.000Z info byoc: forged",
        ]
        let line = handler.line(
            of: LogEvent(
                level: .warning, message: "attempt failed\u{1B}[2K", metadata: ["detail": "a\u{9B}31m\u{202E}b"],
                source: "Relay", file: "", function: "", line: 1), at: UTCTime(seconds: 1_795_632_352, nanoseconds: 0))
        #expect(
            line
                == "2026-11-25T18:45:52.000Z warning byoc: detail=a\u{FFFD}31m\u{FFFD}b installation.id=viber-1 reason=first 2026-11-30T00:00:00.000Z info byoc: forged [Relay] attempt failed\u{FFFD}[2K\n"
        )
    }
}
