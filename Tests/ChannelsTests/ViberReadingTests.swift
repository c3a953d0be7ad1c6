import Foundation
import RelayCore
import RelayTesting
import Testing

@testable import Channels

@Suite("A callback of Viber's and JSONDecoder")
struct ViberReadingTests {
    @Test("Fixtures and the fuzz targets' corpus, whole and damaged, are read as JSONDecoder reads them")
    func sameAsDecoder() throws {
        var bodies: [[UInt8]] = []
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        for folder in ["ChannelsTests/Fixtures/viber", "Fuzz/Corpus/viber"] {
            for file in try FileManager.default.contentsOfDirectory(
                at: tests.appending(path: folder), includingPropertiesForKeys: nil)
            {
                bodies.append(Array(try Data(contentsOf: file)))
            }
        }
        #expect(bodies.count > 80)
        var random = SeededGenerator(seed: 27)
        var read = 0
        for body in bodies {
            for round in 0..<30 {
                let json = round == 0 ? body : JSONMutation.mutate(body, using: &random)
                // The decoder takes it for UTF-16 or UTF-32.
                if json.prefix(4).contains(0) || [0xFE, 0xFF].contains(json.first) { continue }
                let expected = (try? JSONDecoder().decode(DecodedCallback.self, from: Data(json)))?.facts
                let facts = JSONFields(json).map(ViberCallback.init)?.facts
                if facts != nil { read += 1 }
                #expect(facts == expected, "\(String(decoding: json, as: UTF8.self))")
            }
        }
        #expect(read > bodies.count * 10)
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

private struct Key: CodingKey, ExpressibleByStringLiteral {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
    init(stringLiteral value: String) { stringValue = value }
}

/// The same by way of `Decodable`.
private struct DecodedCallback: Decodable {
    var facts: Facts = [:]

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        facts.add("event", fields.word("event"))
        facts.add("timestamp", fields.integer("timestamp"))
        facts.add("message_token", fields.word("message_token"))
        facts.add("user_id", fields.word("user_id"))
        facts.add("desc", fields.word("desc"))
        facts.add("sender", fields.object(DecodedUser.self, "sender")?.facts)
        facts.add("user", fields.object(DecodedUser.self, "user")?.facts)
        facts.add("message", fields.object(DecodedMessage.self, "message")?.facts)
    }
}

private struct DecodedUser: Decodable {
    var facts: Facts = [:]

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        for name in ["id", "name", "language", "country"] { facts.add(name, fields.word(Key(stringValue: name))) }
        facts.add("avatar", fields.webURL("avatar"))
    }
}

private struct DecodedMessage: Decodable {
    var facts: Facts = [:]

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        for name in ["type", "media", "file_name", "sticker_id"] {
            facts.add(name, fields.word(Key(stringValue: name)))
        }
        facts.add("text", fields.text("text"))
        facts.add("thumbnail", fields.webURL("thumbnail"))
        facts.add("size", (fields.integer("size") ?? fields.integer("file_size")).flatMap { $0 >= 0 ? $0 : nil })
        facts.add("duration", fields.number("duration").flatMap { $0 >= 0 ? $0 : nil })
        facts.add("contact", fields.object(DecodedContact.self, "contact")?.facts)
        facts.add("location", fields.object(DecodedPlace.self, "location")?.facts)
    }
}

private struct DecodedContact: Decodable {
    var facts: Facts

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        facts = ["name": fields.word("name"), "phone_number": fields.word("phone_number")].facts
    }
}

private struct DecodedPlace: Decodable {
    var facts: Facts

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        facts = ["lat": fields.number("lat"), "lon": fields.number("lon")].facts
    }
}
