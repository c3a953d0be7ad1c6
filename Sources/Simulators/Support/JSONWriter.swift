import FoundationEssentials

extension JSON {
    /// The value as compact UTF-8. Non-ASCII characters and slashes stay as they are, as both webhook senders leave
    /// them (freshchat.md §6).
    package var bytes: [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(256)
        write(to: &output)
        return output
    }

    /// ``bytes`` as text.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .null: output.append(contentsOf: "null".utf8)
        case .bool(let value): output.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): output.append(contentsOf: String(value).utf8)
        case .number(let value):
            // A whole number is written without its fraction, as Java's and JavaScript's writers do for coordinates.
            output.append(contentsOf: (Int64(exactly: value).map { String($0) } ?? String(value)).utf8)
        case .string(let value): Self.write(value, to: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let object):
            output.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.write(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func write(_ string: String, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in string.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output.append(contentsOf: "\\\"".utf8)
            case UInt8(ascii: "\\"): output.append(contentsOf: "\\\\".utf8)
            case 0x0A: output.append(contentsOf: "\\n".utf8)
            case 0x0D: output.append(contentsOf: "\\r".utf8)
            case 0x09: output.append(contentsOf: "\\t".utf8)
            case 0..<0x20:
                output.append(contentsOf: "\\u00".utf8)
                output.append(contentsOf: (byte < 0x10 ? "0" : "").utf8)
                output.append(contentsOf: String(byte, radix: 16).utf8)
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}

extension JSON {
    /// A Codable value as JSON; used for settings and reports, never for what the far sides send.
    package init(encoding value: some Encodable) throws {
        try self.init(parsing: JSONEncoder().encode(value))
    }

    /// The JSON as a Codable value.
    package func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}

/// A setting that does not exist, or a value of the wrong kind.
package struct SettingsError: Error, Equatable, CustomStringConvertible {
    package let description: String
}

/// Settings that can be changed in part from JSON.
package protocol AdjustableSettings: Codable, Sendable {}

extension AdjustableSettings {
    /// These settings with the members of `changes` put in, objects within objects too; throws ``SettingsError`` for
    /// a member that is no setting or a value of another kind.
    package func adjusted(by changes: JSON) throws -> Self {
        let all = try JSON(encoding: self).merging(changes, path: "")
        do {
            return try all.decoded(as: Self.self)
        } catch {
            throw SettingsError(description: "wrong kind of value: \(error)")
        }
    }
}

extension JSON {
    fileprivate func merging(_ changes: JSON, path: String) throws -> JSON {
        guard object != nil else { return changes }
        guard let changes = changes.object else {
            throw SettingsError(description: "expected an object\(path.isEmpty ? "" : " for \(path)")")
        }
        var result = self
        for member in changes.members {
            let name = path.isEmpty ? member.key : "\(path).\(member.key)"
            guard let current = self[member.key] else { throw SettingsError(description: "no such setting: \(name)") }
            result[member.key] = try current.merging(member.value, path: name)
        }
        return result
    }
}
