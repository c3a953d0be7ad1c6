import Foundation
import RelayCore
import RelayTesting
import Testing

@Suite("Fields of a JSON object")
struct JSONFieldsTests {
    @Test("Each is read as JSONDecoder reads it, and what it refuses is refused", arguments: 0..<16 as Range<UInt64>)
    func sameAsDecoder(seed: UInt64) {
        var documents = RandomJSON(seed: seed, disorder: seed.isMultiple(of: 2) ? 0 : 15)
        var random = SeededGenerator(seed: seed)
        var read = 0
        for _ in 0..<2500 {
            var json = documents.document()
            if Int.random(in: 0..<10, using: &random) == 0 { json = JSONMutation.mutate(json, using: &random) }
            if isWide(json) { continue }
            let expected = try? JSONDecoder().decode(Answers.self, from: Data(json))
            let answers = JSONFields(json).map { Answers($0, depth: 0) }
            if answers != nil { read += 1 }
            #expect(answers == expected, "\(String(decoding: json, as: UTF8.self)) \(json)")
        }
        #expect(read > 500)
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

    @Test(
        "A quote within the digits of an escape is no end of the text, and no part of it",
        arguments: ["", "1", "12", "123"], ["x", "}", ",", "\\"])
    func quoteInEscape(_ digits: String, _ sign: String) {
        let json = Array("{\"a\":\"\\u\(digits)\"\(String(repeating: sign, count: 4))\",\"b\":1}".utf8)
        #expect(JSONFields(json) == nil)
        #expect(throws: (any Error).self) { try JSONDecoder().decode(Answers.self, from: Data(json)) }
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
                    let expected = try? JSONDecoder().decode(Answers.self, from: Data(json))
                    #expect(JSONFields(json).map { Answers($0, depth: 0) } == expected)
                    #expect(expected != nil)
                }
            }
        }
    }

    /// Whether the decoder takes it for UTF-16 or UTF-32.
    private func isWide(_ json: [UInt8]) -> Bool { json.prefix(4).contains(0) || [0xFE, 0xFF].contains(json.first) }
}

/// What both readers say of the same fields.
private struct Answers: Decodable, Equatable {
    private var texts: [String: [UInt8]] = [:]
    private var integers: [String: Int64] = [:]
    private var numbers: [String: UInt64] = [:]
    private var objects: [String: Answers] = [:]

    /// Deeper ones are not compared, nor does either stack bear it.
    private static let deepest = 6

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        guard decoder.codingPath.count < Self.deepest else { return }
        for name in RandomJSON.keys {
            let key = Key(stringValue: name)
            texts[name] = fields.text(key).map { Array($0.utf8) }
            texts[name + " as a word"] = fields.word(key).map { Array($0.utf8) }
            texts[name + " as a link"] = fields.webURL(key).map { Array($0.utf8) }
            integers[name] = fields.integer(key)
            numbers[name] = fields.number(key).map(\.bitPattern)
            objects[name] = fields.object(Answers.self, key)
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
