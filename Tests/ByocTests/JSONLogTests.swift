import Foundation
import Glibc
import Logging
import Testing

@testable import byoc

@Suite("Log lines")
struct JSONLogTests {
    /// What must not end a text, a line or an object early, beside ordinary words.
    private static let pieces = [
        "\u{0}", "\u{7}", "\u{8}", "\t", "\n", "\u{B}", "\u{C}", "\r", "\r\n", "\u{1B}", "\u{1F}", "\u{7F}",
        "\"", "\\", "/", "{", "}", ",", ":", " ", "\u{80}", "\u{85}", "\u{A0}", "é", "e\u{301}", "ж", "\u{2028}",
        "\u{2029}", "\u{FEFF}", "\u{FFFD}", "\u{FFFF}", "👩‍👩‍👧", "𝄞", "\u{10FFFF}", "a", "Z", "0", "request.id",
        "pid", "time", "",
    ]

    private func text(_ random: inout SystemRandomNumberGenerator) -> String {
        (0..<Int.random(in: 0...8, using: &random)).map { _ in Self.pieces.randomElement(using: &random) ?? "" }
            .joined()
    }

    /// The same line by way of Foundation's encoder.
    private func encoded(_ fields: [String: String]) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return PrintableJSON(Array(try encoder.encode(fields))).text + "\n"
    }

    private func event(_ message: String, _ metadata: Logger.Metadata?) -> LogEvent {
        LogEvent(
            level: .notice, message: "\(message)", metadata: metadata, source: nil, file: "", function: "", line: 1)
    }

    private let time = UTCTime(seconds: 1_795_632_352, nanoseconds: 958_999_999)
    private let fixed = ["time": "2026-11-25T18:45:52.958Z", "level": "notice", "pid": String(getpid())]

    @Test("Whatever the texts are, a line is what Foundation's encoder makes of them")
    func hostileTexts() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<5000 {
            var handler = JSONLogHandler(label: text(&random))
            var metadata: Logger.Metadata = [:]
            for _ in 0..<3 { handler.metadata[text(&random)] = .string(text(&random)) }
            for _ in 0..<4 { metadata[text(&random)] = .string(text(&random)) }
            let message = text(&random)
            let line = handler.line(of: event(message, metadata), at: time)
            var fields = handler.metadata.merging(metadata) { $1 }.mapValues { "\($0)" }
            fields.merge(fixed) { $1 }
            fields["message"] = message
            fields["logger"] = handler.label
            #expect(try String(decoding: line, as: UTF8.self) == encoded(fields))
        }
    }

    @Test("The log's own fields can't be replaced by metadata, and the event's metadata goes before the logger's")
    func precedence() throws {
        var handler = JSONLogHandler(label: "l")
        handler.metadata = ["pid": "1", "a": "logger's", "b": "logger's", "list": ["x", "y"]]
        let line = handler.line(
            of: event("m", ["time": "never", "a": "event's", "n": .stringConvertible(7)]), at: time)
        let expected = fixed.merging(
            ["message": "m", "logger": "l", "a": "event's", "b": "logger's", "list": #"["x", "y"]"#, "n": "7"]) { $1 }
        #expect(try String(decoding: line, as: UTF8.self) == encoded(expected))
    }

    @Test("Names are sorted by all of their bytes, however long they are and however much they have in common")
    func order() throws {
        let words = [
            "", "a", "a\u{0}", "ab", "abcdefg", "abcdefgh", "abcdefgh\u{0}", "abcdefghi", "abcdefgj", "é", "\u{FFFF}",
            "𝄞",
        ]
        let names = words + words.map { "events.a" + $0 }
        for _ in 0..<200 {
            let chosen = names.shuffled().prefix(Int.random(in: 0...names.count))
            let line = PrintableJSON(JSONLine(chosen.map { ($0, "v") }).bytes).text + "\n"
            #expect(try line == encoded(Dictionary(uniqueKeysWithValues: chosen.map { ($0, "v") })))
        }
    }

    @Test("The time is that of Foundation's calendar, on every day from 1970 to 2400")
    func times() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for day in 0..<157_056 {
            let (second, milliseconds) = (day * 86_400 + Int.random(in: 0..<86_400), Int.random(in: 0..<1000))
            // In the middle of its millisecond, where a Date's rounding can't take it into another.
            let date = Date(timeIntervalSince1970: Double(second) + (Double(milliseconds) + 0.25) / 1000)
            let text = UTCTime(seconds: second, nanoseconds: milliseconds * 1_000_000 + 250_000).text
            if text != date.formatted(style) { #expect(text == date.formatted(style)) }
        }
    }
}
