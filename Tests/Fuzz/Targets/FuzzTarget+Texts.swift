@testable import Freshchat
@testable import RelayCore

extension FuzzTarget {
    /// A byte with a limit, then a text: cut, shortened, trimmed, made a name, read as an agent's, and as a text of JSON.
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
        try hold(plain.withoutControlCharacters() == plain, "an agent's text has no control characters")
        if !text.utf8.contains(UInt8(ascii: "<")), !text.utf8.contains(UInt8(ascii: "&")) {
            try hold(plain == text.withoutControlCharacters(), "a text without tags and references stays as it is")
        }
        try hold(
            TagScan(text).withoutTags().utf8.count <= text.utf8.count, "leaving out tags makes no text longer")
        if let address = WrittenAddress(text) {
            try hold(
                ["http://", "https://", "mailto:", "tel:"].contains {
                    address.text.lowercased().utf8.starts(with: $0.utf8)
                },
                "only addresses of four schemes are written")
        }
        // What is given as a link's or a picture's address, and as nothing else, is written only if it is one of these.
        let address = text.unicodeScalars.filter { $0 != "\"" && $0 != "&" && !$0.isControl }
        let quoted = String(String.UnicodeScalarView(address))
        let link = AgentText.plain("<p><a href=\"\(quoted)\">w</a></p>")
        try hold(
            link == "w" || WrittenAddress(quoted) != nil,
            "a link's address is written only if it is one of four schemes")
        let picture = AgentText.plain("<p><img src=\"\(quoted)\" alt=w></p>")
        try hold(
            picture == "w" || WrittenAddress(quoted)?.isOfTheWeb == true,
            "a picture's address is written only if it is of the web")
        try hold(SentText(text).isSame(as: text), "a text is recognised as itself")
        let name = text.asName
        try hold(
            name?.isBlank != true && name.map { !$0.contains(where: \.isNewline) } != false, "a name is a visible line")
        let pieces = text.pieces(limit: 8)
        try hold(
            pieces.count <= Message.mostPieces + 1 && !pieces.contains(where: \.isBlank), "no more pieces than are sent"
        )
    }
}
