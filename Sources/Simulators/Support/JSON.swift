/// A JSON value that keeps the order of an object's members and 64-bit integers exactly.
///
/// The simulators have their own JSON so that they share no code, and so no mistake, with what they test: Viber's
/// tokens lie above 2^53 (viber.md §1), and both webhook signatures cover the bytes as written.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

/// An object: its members in the order in which they were written.
package struct JSONObject: Sendable {
    /// One member of an object.
    package struct Member: Sendable, Equatable {
        package var key: String
        package var value: JSON
    }

    package private(set) var members: [Member] = []

    package init() {}

    package init(members: [Member]) {
        self.members = members
    }

    package var keys: [String] { members.map(\.key) }

    package subscript(key: String) -> JSON? {
        get { members.last { $0.key == key }?.value }
        set {
            guard let newValue else { return members.removeAll { $0.key == key } }
            if let index = members.firstIndex(where: { $0.key == key }) {
                members[index].value = newValue
            } else {
                members.append(Member(key: key, value: newValue))
            }
        }
    }
}

extension JSONObject: Equatable {
    /// Objects are equal when they have the same members, in whatever order.
    package static func == (left: Self, right: Self) -> Bool {
        left.members.count == right.members.count && left.members.allSatisfy { right[$0.key] == $0.value }
    }
}

extension JSON {
    /// The member of an object; nil when this is no object or has no such member.
    package subscript(key: String) -> JSON? {
        get { object?[key] }
        set {
            var changed = object ?? JSONObject()
            changed[key] = newValue
            self = .object(changed)
        }
    }

    /// The element of an array; nil when this is no array or is shorter.
    package subscript(index: Int) -> JSON? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }

    package var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The value as a floating-point number, whether it was written with a fraction or not.
    package var double: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    package var isNull: Bool { self == .null }

    /// An object of those members that have a value.
    package static func object(_ members: KeyValuePairs<String, JSON?>) -> JSON {
        .object(
            JSONObject(
                members: members.compactMap { key, value in value.map { JSONObject.Member(key: key, value: $0) } }))
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    package init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
}

extension JSON: ExpressibleByFloatLiteral {
    package init(floatLiteral value: Double) { self = .number(value) }
}

extension JSON: ExpressibleByBooleanLiteral {
    package init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSON: ExpressibleByArrayLiteral {
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(members: elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
    }
}
