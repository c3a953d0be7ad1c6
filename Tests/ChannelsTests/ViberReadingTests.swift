import Foundation
import RelayCore
import RelayTesting
import Testing

@testable import Channels

@Suite("A callback of Viber's with something unreadable in it")
struct ViberReadingTests {
    @Test("Fixtures and the fuzz targets' corpus lose nothing but that character", arguments: JSONMutation.unreadable)
    func nothingElse(odd: [UInt8]) throws {
        var count = 0
        for body in try Self.bodies() {
            guard let fields = JSONFields(body) else { continue }
            let facts = ViberCallback(fields).facts
            for end in JSONMutation.endsOfTexts(in: body) {
                // Behind the first half of a pair the second is none that is lost.
                if odd == Array(#"\udca7"#.utf8), body[..<end].suffix(6).prefix(3).elementsEqual(#"\ud"#.utf8) {
                    continue
                }
                let json = body[..<end] + odd + body[end...]
                let changed = try #require(JSONFields(Array(json)).map(ViberCallback.init)).facts
                let differing = Set(facts.keys).union(changed.keys).filter { facts[$0] != changed[$0] }
                #expect(differing.count <= 1, "\(String(decoding: json, as: UTF8.self))")
                for name in differing {
                    guard let text = changed[name] else { continue }
                    #expect(text == (facts[name] ?? []) + Array("\u{FFFD}".utf8))
                    count += 1
                }
            }
        }
        #expect(count > 300)
    }

    @Test(
        "A message with it in the text, the caption, the name, the sender's id or an odd field is a message",
        arguments: ["text", "caption", "name", "id", "key"],
        JSONMutation.unreadable + [[0x09], [0x0A], Array(#"\u0000"#.utf8)])
    func message(place: String, odd: [UInt8]) throws {
        func at(_ here: String) -> [UInt8] { here == place ? odd : [] }
        var json = Array(
            #"{"event":"message","timestamp":1790000000000,"message_token":5753750845017966998,"sender":{"id":"u="#.utf8
        )
        json += at("id") + Array(#"","name":"Tessa "#.utf8) + at("name") + Array(#"","x"#.utf8) + at("key")
        json += Array(#"":1},"message":{"type":""#.utf8) + Array((place == "caption" ? "picture" : "text").utf8)
        json += Array(#"","media":"https://dl.example/b.jpg","text":"7731 "#.utf8) + at("text") + at("caption")
        json += Array(#""}}"#.utf8)
        let reading = try Viber().read(
            ViberFixtures.request(json, signature: ViberFixtures.signature(json, token: ViberFixtures.token)),
            account: ViberFixtures.account)
        guard case .message(let inbound) = try #require(reading.events.first).content else {
            Issue.record("no message: \(reading.events)")
            return
        }
        let sign = odd == [0x09] ? "\t" : odd == [0x0A] ? "\n" : odd.last == UInt8(ascii: "0") ? "\0" : "\u{FFFD}"
        func shown(_ here: String) -> String { here == place ? sign : "" }
        #expect(inbound.id == "5753750845017966998")
        #expect(inbound.from.userID.rawValue == "u=" + shown("id"))
        #expect(inbound.from.name == ("Tessa " + shown("name")).asName)
        switch inbound.message.parts.first {
        case .text(let text): #expect(text == "7731 " + shown("text"))
        case .attachment(let attachment):
            #expect(attachment.url == "https://dl.example/b.jpg" && attachment.caption == "7731 " + shown("caption"))
        default: Issue.record("\(inbound.message)")
        }
    }

    private static func bodies() throws -> [[UInt8]] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try ["ChannelsTests/Fixtures/viber", "Fuzz/Corpus/viber"].flatMap { folder in
            try FileManager.default.contentsOfDirectory(
                at: tests.appending(path: folder), includingPropertiesForKeys: nil)
        }.map { Array(try Data(contentsOf: $0)) }
    }
}

/// What a callback says, in bytes: texts that look alike are not the same.
private typealias Facts = [String: [UInt8]]

extension Facts {
    fileprivate mutating func add(_ name: String, _ value: (some CustomStringConvertible)?) {
        self[name] = value.map { Array($0.description.utf8) }
    }

    fileprivate mutating func add(_ name: String, _ facts: Facts?) {
        guard let facts else { return }
        add(name, "is there")
        for (key, value) in facts { self["\(name).\(key)"] = value }
    }
}

extension ViberCallback {
    fileprivate var facts: Facts {
        var facts: Facts = [:]
        facts.add("event", event)
        facts.add("timestamp", timestamp)
        facts.add("message_token", messageToken)
        facts.add("user_id", userID)
        facts.add("desc", failureText)
        facts.add("sender", sender?.facts)
        facts.add("user", user?.facts)
        facts.add("message", message?.facts)
        return facts
    }
}

extension ViberUser {
    fileprivate var facts: Facts {
        var facts: Facts = [:]
        facts.add("id", id)
        facts.add("name", name)
        facts.add("avatar", avatar)
        facts.add("language", language)
        facts.add("country", country)
        return facts
    }
}

extension ViberMessage {
    fileprivate var facts: Facts {
        var facts: Facts = [:]
        facts.add("type", type)
        facts.add("text", text)
        facts.add("media", media)
        facts.add("thumbnail", thumbnail)
        facts.add("file_name", fileName)
        facts.add("size", size)
        facts.add("duration", duration)
        facts.add("sticker_id", stickerID)
        facts.add("contact", contact.map { ["name": $0.name, "phone_number": $0.phoneNumber].facts })
        facts.add("location", location.map { ["lat": $0.latitude, "lon": $0.longitude].facts })
        return facts
    }
}

extension [String: String?] {
    fileprivate var facts: Facts { compactMapValues { $0.map { Array($0.utf8) } } }
}

extension [String: Double?] {
    fileprivate var facts: Facts { compactMapValues { $0.map { Array($0.description.utf8) } } }
}
