@testable import Freshchat
@testable import RelayCore

extension FuzzTarget {
    /// A byte with a limit, then a text: cut, shortened, trimmed, read as an agent's, and as a text of JSON.
    static let texts = FuzzTarget(name: "texts", longest: 2048) { input in
        guard let first = input.first else { return }
        let text = Array(input.dropFirst()).text
        for unit in [TextUnit.utf8, .utf16] {
            try checkSplitting(text, limit: max(4, Int(first)), unit)
        }
        let trimmed = text.trimmingWhiteSpace()
        try hold(trimmed.first?.isWhitespace != true && trimmed.last?.isWhitespace != true, "a trimmed text is trimmed")
        try hold(text.contains(trimmed), "trimming only takes from the ends")
        try checkAgentText(text)
        try checkText(ofJSON: Array(input.dropFirst()))
    }

    /// Whatever stands between quotes is a text, and what is beside it is read as well.
    private static func checkText(ofJSON bytes: [UInt8]) throws(BrokenProperty) {
        let half = bytes.endingInHalfAPair
        // A backslash takes what is behind it along.
        let raw = bytes.filter { $0 != UInt8(ascii: "\"") } + Array("  ".utf8)
        for text in [half, raw] {
            let json =
                Array("{\"".utf8) + text + Array(#"":{"a":""#.utf8) + text + Array(#""},"a":[""#.utf8) + text
                + Array(#""],"b":7}"#.utf8)
            guard let fields = JSONFields(json) else {
                throw BrokenProperty(description: "An object with an odd text is lost.")
            }
            try hold(fields.integer("b") == 7, "an odd text takes nothing else along")
            try hold(
                fields.texts("a").count == 1 && fields.names.count == 3, "an odd text is a text, and an odd name a name"
            )
        }
        let read = JSONFields(Array("{\"a\":\"".utf8) + half + Array("\"}".utf8))?.text("a")
        let expected = String(decoding: half.dropLast(6), as: UTF8.self) + "\u{FFFD}"
        try hold(read.map { Array($0.utf8) } == Array(expected.utf8), "only what can't be read is replaced")
    }

    private static func checkSplitting(_ text: String, limit: Int, _ unit: TextUnit) throws(BrokenProperty) {
        let pieces = try twice("a text in pieces") { text.split(limit: limit, counting: unit) }
        try hold(
            pieces.joined().unicodeScalars.elementsEqual(text.unicodeScalars), "the pieces join to the whole text")
        for piece in pieces {
            try hold(!piece.isEmpty && unit.count(piece[...]) <= limit, "a piece has something in it, within the limit")
        }
        let short = text.truncated(to: limit, counting: unit)
        try hold(unit.count(short[...]) <= limit, "a shortened text is within the limit")
        try hold(
            short == text
                || short.hasSuffix("…") && text.unicodeScalars.starts(with: short.unicodeScalars.dropLast()),
            "a shortened text is the text's beginning")
    }

    private static func checkAgentText(_ text: String) throws(BrokenProperty) {
        let plain = try twice("an agent's text") { AgentText.plain(text) }
        if !text.utf8.contains(UInt8(ascii: "<")) { try hold(plain == text, "a text without tags stays as it is") }
        let resolved = HTMLText.resolvingEntities(in: text)
        if !text.utf8.contains(UInt8(ascii: "&")) { try hold(resolved == text, "a text without entities stays too") }
        let stripped = HTMLText.strippingTags(from: text)
        try hold(stripped.utf8.count <= text.utf8.count, "leaving out tags makes no text longer")
    }
}
