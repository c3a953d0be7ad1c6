import Simulators
import Testing

@Suite("JSON of the simulators")
struct JSONTests {
    @Test("A 64-bit token survives reading and writing")
    func largeIntegers() throws {
        let text = #"{"message_token":5753750845017966998,"small":-7}"#
        let json = try JSON(parsing: text)
        #expect(json["message_token"]?.integer == 5_753_750_845_017_966_998)
        #expect(json.text == text)
    }

    @Test("Emoji, Cyrillic and slashes are written unescaped, quotes and controls escaped")
    func writing() {
        #expect(JSON.string("Добрий 👋 a/b \"q\" \\ \u{1}\n").text == #""Добрий 👋 a/b \"q\" \\ \u0001\n""#)
    }

    @Test(
        "Escapes are read",
        arguments: [
            (#""\u0041\n\/""#, "A\n/"), (#""\ud83d\udc4b""#, "👋"), (#""é\u00e9""#, "éé"), (#""""#, ""),
        ])
    func escapes(text: String, expected: String) throws {
        #expect(try JSON(parsing: text).string == expected)
    }

    @Test(
        "What is not JSON is refused",
        arguments: [
            "", "{", "[1,]", "{\"a\":1,}", "nul", "01", "1.", "+1", "\"\\ud83d\"", "\"\\x\"", "\"\n\"", "{} {}",
            "{\"a\":1,\"a\":2}",
            String(repeating: "[", count: 100), "1e999", "-",
        ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try JSON(parsing: text) }
    }

    @Test("Invalid UTF-8 is refused")
    func invalidUTF8() {
        #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
    }

    @Test("No mutation of a real payload brings the parser down")
    func mutations() throws {
        var random = SeededRandom(seed: 7)
        let original = Array(#"{"a":[1,-2.5e3,"\u00e9☺",{"b":null}],"t":true,"n":5753750845017966998}"#.utf8)
        for _ in 0..<2000 {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            guard let json = try? JSON(parsing: bytes) else { continue }
            #expect(try JSON(parsing: json.bytes).bytes == json.bytes)
        }
    }

    @Test(
        "Times are written and read as ISO 8601 in UTC",
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
            ("2026-01-02T03:04:05.678Z", 1_767_323_045_678),
        ] as [(String, Int64)])
    func times(text: String, milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).iso8601 == text)
        #expect(Timestamp(iso8601: text)?.milliseconds == milliseconds)
        #expect(Timestamp(iso8601: String(text.dropLast())) == nil)
    }
    @Test(
        "A time in another form is refused",
        arguments: [
            "", "Z", "2026-01-02", "2026-1-2T03:04:05.678Z", "2026-01-02 03:04:05.678Z", "2026-01-02T03:04:05.Z",
            "2026-02-30T03:04:05.678Z", "2026-01-02T24:04:05.678Z", "2026-01-02T03:04:05+01:00",
            "2026-01-02T03:04:05+00:00Z",
            "2026-01-02T03:04:05.678Zz", "2026-01-02T03:04:05.1234567890Z",
        ])
    func otherTimes(text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test("A fraction of a second may have up to nine digits")
    func fractions() {
        #expect(Timestamp(iso8601: "1970-01-01T00:00:01Z")?.milliseconds == 1000)
        #expect(Timestamp(iso8601: "1970-01-01T00:00:01.5Z")?.milliseconds == 1500)
        #expect(Timestamp(iso8601: "1970-01-01T00:00:01.123456789Z")?.milliseconds == 1123)
    }
}
