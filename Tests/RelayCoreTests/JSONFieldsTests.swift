import Foundation
import RelayCore
import RelayTesting
import Testing

@Suite("Fields of a JSON object")
struct JSONFieldsTests {
    @Test("Valid JSON is read as JSONDecoder reads it", arguments: 0..<16 as Range<UInt64>)
    func sameAsDecoder(seed: UInt64) {
        var documents = RandomJSON(seed: seed, disorder: seed.isMultiple(of: 2) ? 0 : 15)
        var random = SeededGenerator(seed: seed)
        var read = 0
        for _ in 0..<2500 {
            var json = documents.document()
            if Int.random(in: 0..<10, using: &random) == 0 { json = JSONMutation.mutate(json, using: &random) }
            guard !isWide(json), isValid(json) else { continue }
            let expected = try? JSONDecoder().decode(Answers.self, from: Data(json))
            let answers = JSONFields(json).map { Answers($0, depth: 0) }
            if answers != nil { read += 1 }
            #expect(answers == expected, "\(String(decoding: json, as: UTF8.self)) \(json)")
        }
        #expect(read > 100)
    }

    @Test("What JSONDecoder takes is taken, and what it refuses for its structure is refused", arguments: 0..<8)
    func sameStructure(seed: UInt64) {
        var documents = RandomJSON(seed: seed, disorder: 15)
        for _ in 0..<2500 {
            let json = documents.document()
            if isWide(json) { continue }
            if (try? JSONDecoder().decode(Answers.self, from: Data(json))) != nil { #expect(JSONFields(json) != nil) }
        }
    }

    @Test(
        "A text is always read, with U+FFFD where a character can't be",
        arguments: [
            (#"7731 \ud83d"#, "7731 \u{FFFD}"), (#"\udca7"#, "\u{FFFD}"), (#"a\udc4b\ud83db"#, "a\u{FFFD}\u{FFFD}b"),
            (#"\ud83dx"#, "\u{FFFD}x"), (#"\ud83d\n"#, "\u{FFFD}\n"), (#"\ud83d\u0041"#, "\u{FFFD}A"),
            (#"\ud83d\ud83d\udc4b"#, "\u{FFFD}👋"), (#"\uD83D\uDC4B\uDC4B"#, "👋\u{FFFD}"),
            (#"\ud83d\u12"#, "\u{FFFD}\u{FFFD}"),
            (#"\u"#, "\u{FFFD}"), (#"\u12"#, "\u{FFFD}"), (#"\u12g4"#, "\u{FFFD}g4"), (#"a\qb"#, "a\u{FFFD}b"),
            (#"\é"#, "\u{FFFD}é"), (#"\u\\"#, "\u{FFFD}\\"), (#"\u\""#, "\u{FFFD}\""), (#"\\ud83d"#, "\\ud83d"),
            ("a\tb\nc\r\u{1}\0", "a\tb\nc\r\u{1}\0"), (#"\u0000\u001f"#, "\0\u{1f}"), ("\\\n", "\u{FFFD}\n"),
        ])
    func unreadableText(_ text: String, _ expected: String) throws {
        try check(Array(text.utf8), expected)
    }

    @Test(
        "Bytes that aren't UTF-8 are replaced as everywhere (Unicode 3.9), and nothing beside them is lost",
        arguments: [
            [0x41, 0xE9, 0x42], [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xF5, 0x80, 0x80],
            [0xF0, 0x9F, 0x92], [0xF0, 0x9F, 0x5C, 0x6E], [0xC3, 0x5C, 0x75, 0x30, 0x30, 0x61, 0x39], [0x80, 0xBF],
        ] as [[UInt8]])
    func invalidBytes(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self).replacing("\\n", with: "\n").replacing("\\u00a9", with: "©")
        #expect(text.contains("\u{FFFD}"))
        try check(bytes, text)
    }

    /// As a value, as a key, in an array and deep inside: the rest is read all the same.
    private func check(_ text: [UInt8], _ expected: String) throws {
        let quoted = [0x22] + text + [0x22]
        let json =
            Array("{\"odd\":".utf8) + quoted + Array(",\"in\":{".utf8) + quoted
            + Array(":1,\"b\":\"kept\"},\"list\":[".utf8)
            + quoted + Array(",\"two\"],\"a\":\"last\"}".utf8)
        let fields = try #require(JSONFields(json))
        #expect(fields.text("odd").map { Array($0.utf8) } == Array(expected.utf8))
        #expect(fields.object("in")?.text("b") == "kept")
        #expect(fields.object("in")?.names == [expected, "b"])
        #expect(fields.texts("list") == [expected, "two"])
        #expect(fields.text("a") == "last")
    }

    @Test("Whatever stands in a text, the field behind it is read", arguments: 0..<8 as Range<UInt64>)
    func randomBytes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let signs: [UInt8] = Array("\\\\\\uudD8c09nqé\t\0".utf8) + [0xED, 0xA0, 0xF0, 0x9F, 0x80, 0xFF, 0x1F]
        for _ in 0..<2000 {
            var text = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                signs.randomElement(using: &random) ?? 0
            }
            // A backslash takes the sign behind it along.
            var isOpen = false
            for byte in text { isOpen = byte == UInt8(ascii: "\\") && !isOpen }
            if isOpen { text.append(UInt8(ascii: "n")) }
            let json = Array("{\"a\":\"".utf8) + text + Array("\",\"b\":7}".utf8)
            let fields = JSONFields(json)
            #expect(fields?.text("a") != nil && fields?.integer("b") == 7, "\(json)")
            if !text.contains(where: { $0 >= 0x80 || $0 < 0x20 }),
                let decoded = try? JSONDecoder().decode([String: JSONValue].self, from: Data(json))
            {
                #expect(fields?.text("a") == decoded["a"]?.text, "\(json)")
            }
        }
    }

    @Test("64-bit ids keep all of their digits")
    func digits() {
        let json = Array(#"{"a":18446744073709551615,"b":-9223372036854775808,"c":[9007199254740993,"x"]}"#.utf8)
        let fields = JSONFields(json)
        #expect(fields?.text("a") == "18446744073709551615" && fields?.text("b") == "-9223372036854775808")
        #expect(fields?.texts("c") == ["9007199254740993", "x"])
    }

    @Test("Of lists the elements of the wanted kind are read, and the others are skipped")
    func lists() throws {
        let json = Array(#"{"a":[{"b":1},"x",null,[{}],2,{"b":2},true],"b":{"c":1},"c":[],"d":null}"#.utf8)
        let fields = try #require(JSONFields(json))
        #expect(fields.objects("a").map { $0.integer("b") } == [1, 2])
        #expect(fields.texts("a") == ["x", "2"] && fields.count(of: "a") == 7)
        #expect(fields.text("a", at: 1) == "x" && fields.text("a", at: 0) == nil && fields.text("a", at: 7) == nil)
        for name in ["b", "c", "d", "e"] as [StaticString] {
            #expect(fields.objects(name).isEmpty && fields.texts(name).isEmpty && fields.count(of: name) == 0)
        }
        #expect(JSONFields.list(Array(#"[{"a":1},2,{"a":3}]"#.utf8))?.map { $0.integer("a") } == [1, 3])
        #expect(JSONFields.list(Array(#"{"a":1}"#.utf8)) == nil && JSONFields.list([]) == nil)
    }

    @Test(
        "A field has content unless it is missing, null, false or blank, or nothing in it has content",
        arguments: [
            ("null", false, false), ("{}", true, false), ("[]", true, false), ("false", true, false),
            ("\" \"", true, false),
            ("{\"x\":null}", true, false), ("[null,{}]", true, false), ("{\"x\":{\"y\":[false,\"\"]}}", true, false),
            ("{\"x\":{\"y\":[{\"z\":0}]}}", true, true), ("0", true, true), ("true", true, true), ("[1]", true, true),
            ("\"x\"", true, true),
        ])
    func content(_ value: String, isThere: Bool, hasContent: Bool) throws {
        let fields = try #require(JSONFields(Array("{\"a\":\(value)}".utf8)))
        #expect(fields.has("a") == isThere && fields.hasContent("a") == hasContent)
        #expect(!fields.has("b") && !fields.hasContent("b") && !fields.isEmpty)
        #expect(JSONFields(Array("{}".utf8))?.isEmpty == true)
    }

    @Test(
        "A flag is true or false, also as a text or as a digit",
        arguments: [
            ("true", true), ("false", false), ("\"True\"", true), ("\" false \"", false), ("1", true), ("\"0\"", false),
            ("2", nil), ("null", nil), ("{}", nil), ("\"yes\"", nil),
        ] as [(String, Bool?)])
    func flags(_ value: String, _ expected: Bool?) {
        #expect(JSONFields(Array("{\"a\":\(value)}".utf8))?.flag("a") == expected)
    }

    @Test("Nothing, half a byte order mark and bare signs are refused like anything that is no object")
    func shortest() {
        for first in UInt8.min ... .max {
            #expect(JSONFields([first]) == nil)
            #expect(JSONFields([UInt8(ascii: "{"), first]) == nil || first == UInt8(ascii: "}"))
        }
        #expect(JSONFields([]) == nil)
        #expect(JSONFields([0xEF, 0xBB]) == nil)
        #expect(JSONFields([0xEF, 0xBB, 0xBF]) == nil)
    }

    @Test(
        "Objects and arrays within each other are read as deep as JSONDecoder goes and not deeper", arguments: 508...515
    )
    func depth(_ depth: Int) {
        for (start, end) in [("[", "]"), ("{\"a\":", "}")] {
            let inner = String(repeating: start, count: depth) + "1" + String(repeating: end, count: depth)
            let json = Array("{\"b\":2,\"a\":\(inner)}".utf8)
            #expect((JSONFields(json) != nil) == (depth < 512))
            #expect((JSONFields(json) != nil) == ((try? JSONDecoder().decode(Answers.self, from: Data(json))) != nil))
        }
    }

    @Test("A quote within the digits of an escape ends the text", arguments: ["", "1", "12", "123"])
    func quoteInEscape(_ digits: String) {
        let fields = JSONFields(Array("{\"a\":\"x\\u\(digits)\",\"b\":1}".utf8))
        #expect(fields?.text("a") == "x\u{FFFD}" && fields?.integer("b") == 1)
        #expect(JSONFields(Array("{\"a\":\"\\u\(digits)\"}}\",\"b\":1}".utf8)) == nil)
    }

    @Test(
        "UTF-16 and UTF-32 are refused",
        arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf16BigEndian, .utf32])
    func wide(_ encoding: String.Encoding) throws {
        let json = try #require("{\"a\":1}".data(using: encoding))
        #expect(JSONFields(Array(json)) == nil)
    }

    @Test("A text's end is found wherever it stands among bytes read eight at a time", arguments: 0..<24)
    func alignment(_ length: Int) {
        let signs = ["", "\\\"", "\\\\", "\\u0041", "é", "\u{1}", "\u{1f}", "\u{7f}", "\u{80}", "!", "#", "[", "]"]
        for sign in signs {
            for position in 0...length {
                for tail in ["}", "}        ", ",\"b\":1}"] {
                    let text =
                        String(repeating: "x", count: position) + sign
                        + String(repeating: "y", count: length - position)
                    let json = Array("{\"a\":\"\(text)\"\(tail)".utf8)
                    let escaped = json.flatMap { $0 < 0x20 ? Array("\\u00\([$0].hexadecimal)".utf8) : [$0] }
                    let expected = try? JSONDecoder().decode(Answers.self, from: Data(escaped))
                    #expect(JSONFields(json).map { Answers($0, depth: 0) } == expected)
                    #expect(expected != nil)
                }
            }
        }
    }

    /// Whether all of it can be read, each text and each number.
    private func isValid(_ json: [UInt8]) -> Bool {
        (try? JSONDecoder().decode(JSONValue.self, from: Data(json))) != nil
    }

    /// Whether the decoder takes it for UTF-16 or UTF-32.
    private func isWide(_ json: [UInt8]) -> Bool { json.prefix(4).contains(0) || [0xFE, 0xFF].contains(json.first) }
}

/// Any value, all of which can be read.
private enum JSONValue: Decodable {
    case text(String), object([String: JSONValue]), list([JSONValue]), other

    var text: String? { if case .text(let text) = self { text } else { nil } }

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let fields = try? decoder.container(keyedBy: Key.self) {
            self = .object(try [String: JSONValue](from: decoder))
            _ = fields
        } else if var elements = try? decoder.unkeyedContainer() {
            var list: [JSONValue] = []
            while !elements.isAtEnd { list.append(try elements.decode(JSONValue.self)) }
            self = .list(list)
        } else if value.decodeNil() || (try? value.decode(Bool.self)) != nil || (try? value.decode(Double.self)) != nil
        {
            self = .other
        } else {
            self = .text(try value.decode(String.self))
        }
    }
}

private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// What the decoder says of a field by the rules of ``JSONFields``.
extension KeyedDecodingContainer {
    fileprivate func expectedText(_ key: Key) -> String? {
        if let text = try? decodeIfPresent(String.self, forKey: key) { return text }
        if let number = try? decodeIfPresent(Int64.self, forKey: key) { return String(number) }
        return (try? decodeIfPresent(UInt64.self, forKey: key)).map { String($0) }
    }

    fileprivate func expectedInteger(_ key: Key) -> Int64? {
        if let number = try? decodeIfPresent(Int64.self, forKey: key) { return number }
        return (try? decodeIfPresent(String.self, forKey: key)).flatMap { Int64($0.trimmingWhiteSpace()) }
    }

    fileprivate func expectedNumber(_ key: Key) -> Double? {
        let number =
            (try? decodeIfPresent(Double.self, forKey: key))
            ?? (try? decodeIfPresent(String.self, forKey: key)).flatMap { Double($0.trimmingWhiteSpace()) }
        return number.flatMap { $0.isFinite ? $0 : nil }
    }
}

/// What both readers say of the same fields.
private struct Answers: Decodable, Equatable {
    private var texts: [String: [UInt8]] = [:]
    private var integers: [String: Int64] = [:]
    private var numbers: [String: UInt64] = [:]
    private var objects: [String: Answers] = [:]

    /// Deeper ones are not compared, nor does either stack bear it.
    private static let deepest = 6

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        guard decoder.codingPath.count < Self.deepest else { return }
        for name in RandomJSON.keys {
            let key = Key(stringValue: name)
            let text = fields.expectedText(key)
            texts[name] = text.map { Array($0.utf8) }
            texts[name + " as a word"] = text.flatMap { $0.isBlank ? nil : Array($0.utf8) }
            let link = text?.trimmingWhiteSpace()
            let start = link?.prefix(8).lowercased() ?? ""
            if start.hasPrefix("https://") || start.hasPrefix("http://") {
                texts[name + " as a link"] = link.map { Array($0.utf8) }
            }
            integers[name] = fields.expectedInteger(key)
            numbers[name] = fields.expectedNumber(key).map(\.bitPattern)
            objects[name] = try? fields.decodeIfPresent(Answers.self, forKey: key)
        }
    }

    init(_ fields: JSONFields, depth: Int) {
        guard depth < Self.deepest else { return }
        let names: [(StaticString, String)] = [("a", "a"), ("b", "b"), ("message_token", "message_token")]
        for (key, name) in names {
            texts[name] = fields.text(key).map { Array($0.utf8) }
            texts[name + " as a word"] = fields.word(key).map { Array($0.utf8) }
            texts[name + " as a link"] = fields.webURL(key).map { Array($0.utf8) }
            integers[name] = fields.integer(key)
            numbers[name] = fields.number(key).map(\.bitPattern)
            objects[name] = fields.object(key).map { Answers($0, depth: depth + 1) }
        }
    }
}
