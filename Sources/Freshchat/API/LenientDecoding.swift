import FoundationEssentials
import RelayCore

/// Any key of an object: payloads differ by age and account (freshchat.md §2.1), so keys are asked for by name.
struct AnyKey: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
    init(stringLiteral value: String) { stringValue = value }
}

typealias LenientObject = KeyedDecodingContainer<AnyKey>

extension Decoder {
    func object() throws -> LenientObject { try container(keyedBy: AnyKey.self) }
}

/// What Freshchat's payloads take besides the lenient reading of RelayCore.
extension KeyedDecodingContainer where Key == AnyKey {
    /// A text that is not empty.
    func id(_ name: AnyKey) -> String? {
        guard let text = text(name), !text.isEmpty else { return nil }
        return text
    }

    /// The first of several spellings that is there and not empty.
    func firstID(_ names: AnyKey...) -> String? {
        for name in names {
            if let id = id(name) { return id }
        }
        return nil
    }

    func flag(_ name: AnyKey) -> Bool? {
        if let flag = try? decodeIfPresent(Bool.self, forKey: name) { return flag }
        switch text(name)?.lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: return nil
        }
    }

    /// A time in ISO 8601, or in seconds or milliseconds since 1970.
    func date(_ name: AnyKey) -> Date? {
        if let text = try? decodeIfPresent(String.self, forKey: name) { return Date(freshchat: text) }
        return integer(name).flatMap { Date(freshchatNumber: $0) }
    }

    func value<Value: Decodable>(_ name: AnyKey, as type: Value.Type = Value.self) -> Value? {
        try? decodeIfPresent(Value.self, forKey: name)
    }

    /// The elements that can be read; none when it isn't a list.
    func list<Value: Decodable>(_ name: AnyKey, of type: Value.Type = Value.self) -> [Value] {
        value(name, as: [Readable<Value>].self)?.compactMap(\.value) ?? []
    }

    /// How many elements a list has, those that can't be read included.
    func count(of name: AnyKey) -> Int { (try? nestedUnkeyedContainer(forKey: name))?.count ?? 0 }

    func object(_ name: AnyKey) -> LenientObject? {
        try? nestedContainer(keyedBy: AnyKey.self, forKey: name)
    }

    func isNull(_ name: AnyKey) -> Bool { (try? decodeNil(forKey: name)) ?? true }
}

/// An element of a list that may be of another kind.
private struct Readable<Value: Decodable>: Decodable {
    var value: Value?

    init(from decoder: any Decoder) throws { value = try? Value(from: decoder) }
}
