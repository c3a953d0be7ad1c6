import RelayTesting

/// JSON, nearly JSON, and what a reader of JSON must not stumble over.
struct RandomJSON {
    private var random: SeededGenerator
    /// How often something stands where it shouldn't, in a thousand.
    private let disorder: Int

    init(seed: UInt64, disorder: Int) {
        random = SeededGenerator(seed: seed)
        self.disorder = disorder
    }

    mutating func document() -> [UInt8] {
        var bytes: [UInt8] = []
        if isOneIn(30) { bytes += [0xEF, 0xBB, 0xBF] }
        if isOneIn(20) { value(&bytes, depth: 0) } else { object(&bytes, depth: 0) }
        space(&bytes)
        return bytes
    }

    static let keys = ["a", "b", "message_token"]

    private static let spelledKeys = [
        "a", "a", "b", "message_token", "\\u0061", "a ", "\\u0062", "", "é", "A", "message\\u005ftoken", "a\\q",
        "\\ud800",
        "a\u{301}", "\\n", "a\t",
    ]

    private static let numbers = [
        "0", "-0", "1", "-1", "5753750845017966998", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809", "18446744073709551615", "18446744073709551616", "99999999999999999999999", "1.0", "1.5",
        "-0.0", "1e3", "1E+3", "1e-3", "1e400", "-1e400", "1e-400", "5e-324", "2.2250738585072011e-308", "01", "-01",
        "-",
        "1.", "1.e1", "1e", "1e+", "0e1", "0.e1", "00", "-a", "1-2", "1+2", "1.2.3", "1ee1", "0.1e-7", "50.4501",
        "30.52340001",
        "9007199254740993", "9007199254740993.0", "9223372036854775807.0", "9223372036854775808e0", "1e18", "1e19",
        "12e-1",
        "120e-1", "0x10", "100000000000000000000e-2", "123456789012345678", "1234567890123456789",
        "-123456789012345678",
        "1687200046080", "0.30000000000000004", "179769313486231580793728971405301e277", "1e00000000000000000005",
        "-0e0",
    ]

    private static let texts = [
        "", " ", "\\u0020", "text", "12", " 12 ", "-7", "1.5", "0x1p3", "nan", "inf", "1e400", "+5",
        "https://e.example/a",
        "HTTP://E.EXAMPLE", " http:\\/\\/e.example ", "https:/", "javascript:", "https://\u{301}", "é", "e\u{301}",
        "Добрий день 👋", "\\ud83d\\udc4b", "\\ud83d", "\\udc4b", "\\ud83dx", "\\ud83d\\n", "\\ud83d\\u0041", "\\u0000",
        "\\u00e9", "\\u12", "\\u12g4", "\\u\\\\\\\\", "\\q", "\\/\\b\\f\\n\\r\\t\\\"\\\\", "\t", "\n", "\u{7f}",
        "\u{a0}",
        "\u{2028}", "\u{85}", " \u{301}", "\r\n", "\\r\\n", "\\u200b", "\u{600}a", "9223372036854775808", "\u{ff11}",
        "12\\n", "\\t1.5\\r\\n", "\\nhttps://e.example\\n",
    ]

    private mutating func object(_ bytes: inout [UInt8], depth: Int) {
        space(&bytes)
        sign("{", &bytes)
        let count = Int.random(in: 0...(depth == 0 ? 6 : 3), using: &random)
        for index in 0..<count {
            space(&bytes)
            if isOneIn(40) {
                text(&bytes)
            } else {
                quoted(
                    Self.spelledKeys[
                        isOneIn(4) ? .random(in: 4..<16, using: &random) : .random(in: 0..<4, using: &random)], &bytes)
            }
            space(&bytes)
            sign(":", &bytes)
            value(&bytes, depth: depth + 1)
            space(&bytes)
            if index < count - 1 || isOneIn(20) { sign(",", &bytes) }
        }
        space(&bytes)
        sign("}", &bytes)
    }

    private mutating func value(_ bytes: inout [UInt8], depth: Int) {
        space(&bytes)
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<5: text(&bytes)
        case 5..<11:
            bytes += Array((Self.numbers.randomElement(using: &random) ?? "").utf8)
        case 11: bytes += Array("null".utf8)
        case 12:
            bytes += Array(
                (["true", "false", "nul", "tru", "False", "nan", ""].randomElement(using: &random) ?? "").utf8)
        case 13,
            14 where depth < 4:
            sign("[", &bytes)
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                value(&bytes, depth: depth + 1)
                sign(",", &bytes)
            }
            if !isOneIn(3) { value(&bytes, depth: depth + 1) }
            space(&bytes)
            sign("]", &bytes)
        case 15 where isOneIn(10):
            let deep = Int.random(in: 509...514, using: &random)
            bytes += Array(String(repeating: "[", count: deep).utf8)
            bytes += Array(String(repeating: "]", count: deep).utf8)
        case _ where depth < 4: object(&bytes, depth: depth)
        default: text(&bytes)
        }
    }

    private mutating func text(_ bytes: inout [UInt8]) {
        if isOneIn(12) {
            // No UTF-8.
            bytes +=
                [0x22, 0x61]
                + ([[0xC3], [0xFF], [0xED, 0xA0, 0x80], [0xC0, 0x80], [0xF5, 0x80, 0x80, 0x80]].randomElement(
                    using: &random) ?? [])
            bytes += Array((["", "\\n", "é", "\\u00bf"].randomElement(using: &random) ?? "").utf8) + [0x22]
        } else {
            let first = Self.texts.randomElement(using: &random) ?? ""
            quoted(isOneIn(3) ? first + (Self.texts.randomElement(using: &random) ?? "") : first, &bytes)
        }
    }

    private mutating func quoted(_ text: String, _ bytes: inout [UInt8]) {
        sign("\"", &bytes)
        bytes += Array(text.utf8)
        sign("\"", &bytes)
    }

    /// A sign of JSON's structure, or what disorder makes of it.
    private mutating func sign(_ sign: String, _ bytes: inout [UInt8]) {
        guard Int.random(in: 0..<1000, using: &random) < disorder else { return bytes += Array(sign.utf8) }
        bytes += Array(
            (["", "{", "}", "[", "]", ",", ":", "\"", "\\", "\0", "\u{c}", "x"].randomElement(using: &random) ?? "")
                .utf8)
    }

    private mutating func space(_ bytes: inout [UInt8]) {
        guard isOneIn(8) else { return }
        bytes += Array(([" ", "\n", "\t", "\r\n", "  "].randomElement(using: &random) ?? "").utf8)
    }

    private mutating func isOneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }
}
