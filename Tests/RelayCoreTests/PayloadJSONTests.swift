import Foundation
import RelayCore
import RelayTesting
import Testing

@Suite("A payload as it is stored")
struct PayloadJSONTests {
    @Test(
        "What is written by hand and what the encoder writes are read as the same payload",
        arguments: 0..<20 as Range<UInt64>)
    func sameAsEncoder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let payload = RandomPayload.make(using: &random)
            let byHand = Data(try #require(payload.json()))
            let encoded = try JSONEncoder().encode(payload)
            #expect(try JSONDecoder().decode(Payload.self, from: byHand) == payload)
            #expect(try JSONDecoder().decode(Payload.self, from: encoded) == payload)
            // The same pieces, though the encoder's fields are in no order.
            #expect(pieces(byHand) == pieces(encoded))
        }
    }

    /// What stands between the structural signs, sorted.
    private func pieces(_ json: Data) -> [[UInt8]] {
        var pieces: [[UInt8]] = [[]]
        var isInText = false
        var isEscaped = false
        for byte in json {
            if isInText {
                pieces[pieces.count - 1].append(byte)
                if !isEscaped, byte == UInt8(ascii: "\"") { isInText = false }
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            } else if "{}[],:".utf8.contains(byte) {
                pieces.append([byte])
                pieces.append([])
            } else {
                pieces[pieces.count - 1].append(byte)
                isInText = byte == UInt8(ascii: "\"")
            }
        }
        return pieces.sorted { $0.lexicographicallyPrecedes($1) }
    }

    @Test("Every sign is spelled as the encoder spells it, as those who search the stored text expect")
    func spelling() throws {
        for first in stride(from: UInt32(0), to: 0x11_0000, by: 0x400) {
            var text = ""
            for value in first..<first + 0x400 {
                if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
            }
            let json = try #require(Payload.note(text: text, conversation: "c").json())
            let spelled = try JSONEncoder().encode(text)
            #expect(Data(json).range(of: spelled) != nil, "from U+\(String(first, radix: 16))")
        }
    }

    @Test("A number that JSON has no form for is not written", arguments: [Double.nan, .infinity, -.infinity])
    func noNumber(_ number: Double) {
        let place = Message(parts: [.location(Location(latitude: 1, longitude: number))])
        let payload = Payload.message(InboundPayload(id: "1", profile: ContactProfile(userID: "u"), message: place))
        #expect(payload.json() == nil)
    }

    @Test(
        "What is stored, by hand or by the encoder, whole or damaged, reads as the decoder reads it where that reads it",
        arguments: 0..<10 as Range<UInt64>)
    func sameAsDecoder(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let payload = RandomPayload.make(using: &random)
            for json in [Data(try #require(payload.json())), try JSONEncoder().encode(payload)] {
                #expect(Payload(json: json) == payload)
                for _ in 0..<5 {
                    let damaged = Data(JSONMutation.mutate(Array(json), using: &random))
                    // The decoder doesn't clean names.
                    guard let read = Payload(json: damaged),
                        let decoded = try? JSONDecoder().decode(Payload.self, from: damaged),
                        let expected = decoded.json().flatMap({ Payload(json: Data($0)) })
                    else { continue }
                    #expect(read == expected)
                }
            }
        }
    }

    static let strange = [
        #"{"message":1}"#, #"{"note":{"text":"a"}}"#, #"{"note":{"text":"a","conversation":null}}"#,
        #"{"note":{"text":"a","conversation":"c"},"reply":{}}"#, #"{"wish":{"text":"a","conversation":"c"}}"#, "{}",
        "[]",
        #"{"note":{"text":"a","conversation":1}}"#,
    ]

    @Test("A stored text with something unreadable in it is not lost")
    func unreadable() {
        let json = Data(#"{"note":{"text":"call \ud83d"#.utf8) + [0xE9] + Data(#"\q","conversation":"c"}}"#.utf8)
        #expect(Payload(json: json) == .note(text: "call \u{FFFD}\u{FFFD}\u{FFFD}", conversation: "c"))
    }

    @Test("What no version has written is left to the decoder", arguments: strange)
    func leftToDecoder(_ json: String) { #expect(Payload(json: Data(json.utf8)) == nil) }
}
