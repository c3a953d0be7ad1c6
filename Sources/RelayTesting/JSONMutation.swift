import FoundationEssentials

/// Random numbers that are the same in each run (SplitMix64).
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Damages JSON, as bytes or as a tree, the way a far side, a proxy or an attacker might.
package enum JSONMutation {
    package static func mutate(_ body: [UInt8], using random: inout some RandomNumberGenerator) -> [UInt8] {
        var body = body
        if Int.random(in: 0..<3, using: &random) > 0,
            var tree = try? JSONDecoder().decode(JSONTree.self, from: Data(body))
        {
            for _ in 0...Int.random(in: 0...2, using: &random) { change(&tree, using: &random) }
            body = Array(tree.text.utf8)
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            for _ in 0...Int.random(in: 0...3, using: &random) { damage(&body, using: &random) }
        }
        return body
    }

    /// Where the quotes are that end texts, the names of fields left out.
    package static func endsOfTexts(in json: [UInt8]) -> [Int] {
        var ends: [Int] = []
        var isInText = false
        var isEscaped = false
        for (position, byte) in json.enumerated() {
            guard isInText else {
                isInText = byte == UInt8(ascii: "\"")
                continue
            }
            if byte == UInt8(ascii: "\""), !isEscaped {
                isInText = false
                let next = json[(position + 1)...].first { $0 > 0x20 }
                if next != UInt8(ascii: ":") { ends.append(position) }
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return ends
    }

    /// What can't be read as a character within a text: half of a surrogate pair in an escape, a byte of Latin-1, half of a
    /// character, broken escapes.
    package static let unreadable: [[UInt8]] = [
        Array(#"\ud83d"#.utf8), Array(#"\udca7"#.utf8), [0xE9], [0xF0, 0x9F], Array(#"\q"#.utf8), Array(#"\u12"#.utf8),
    ]

    private static func damage(_ body: inout [UInt8], using random: inout some RandomNumberGenerator) {
        guard !body.isEmpty else { return }
        let position = Int.random(in: body.indices, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: body[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: body[position] = UInt8.random(in: .min ... .max, using: &random)
        case 2: body.removeSubrange(position...)
        case 3: body.removeSubrange(position..<min(body.count, position + Int.random(in: 1...20, using: &random)))
        case 4:
            let noise = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                UInt8.random(in: .min ... .max, using: &random)
            }
            body.insert(contentsOf: noise, at: position)
        default:
            let end = min(body.count, position + Int.random(in: 1...60, using: &random))
            body.insert(contentsOf: Array(body[position..<end]), at: position)
        }
    }

    private static func change(_ tree: inout JSONTree, using random: inout some RandomNumberGenerator) {
        let goesDown = Int.random(in: 0..<5, using: &random) > 0
        switch tree {
        case .object(var fields) where goesDown && !fields.isEmpty:
            let index = Int.random(in: fields.indices, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0: fields.remove(at: index)
            case 1: fields[index].key = text(using: &random)
            case 2: fields.append((fields[index].key, odd(using: &random)))
            case 3: fields[index].value = fields[Int.random(in: fields.indices, using: &random)].value
            default: change(&fields[index].value, using: &random)
            }
            tree = .object(fields)
        case .array(var items) where goesDown && !items.isEmpty:
            change(&items[Int.random(in: items.indices, using: &random)], using: &random)
            tree = .array(items)
        default:
            tree = odd(using: &random)
        }
    }

    private static func odd(using random: inout some RandomNumberGenerator) -> JSONTree {
        switch Int.random(in: 0..<14, using: &random) {
        case 0: .raw("null")
        case 1: .raw("true")
        case 2: .raw("-0")
        case 3: .raw("1e999")
        case 4: .raw("-9223372036854775809")
        case 5: .raw(String(repeating: "9", count: 40))
        case 6: .raw("\(Int64.random(in: .min ... .max, using: &random))")
        case 7: .raw("0.1e-7")
        case 8: .raw(#""\ud800 \u0000""#)
        case 9: .raw(String(repeating: "[", count: 700) + String(repeating: "]", count: 700))
        case 10: .object([])
        case 11: .array([.string("x"), .raw("1")])
        case 12: .string("")
        default: .string(text(using: &random))
        }
    }

    /// Any code points at all.
    private static func text(using random: inout some RandomNumberGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 1...30, using: &random) {
            let limit: UInt32 = Bool.random(using: &random) ? 0x80 : 0x11_0000
            if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

/// JSON with its fields in order, and room for what is no JSON at all.
indirect enum JSONTree: Decodable {
    case object([(key: String, value: JSONTree)])
    case array([JSONTree])
    case string(String)
    case raw(String)

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    init(from decoder: any Decoder) throws {
        if let fields = try? decoder.container(keyedBy: Key.self) {
            self = .object(
                try fields.allKeys.sorted { $0.stringValue < $1.stringValue }
                    .map { ($0.stringValue, try fields.decode(JSONTree.self, forKey: $0)) })
        } else if var items = try? decoder.unkeyedContainer() {
            var values: [JSONTree] = []
            while !items.isAtEnd { values.append(try items.decode(JSONTree.self)) }
            self = .array(values)
        } else {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                self = .string(text)
            } else if let flag = try? value.decode(Bool.self) {
                self = .raw("\(flag)")
            } else if let number = try? value.decode(Int64.self) {
                self = .raw("\(number)")
            } else if let number = try? value.decode(UInt64.self) {
                self = .raw("\(number)")
            } else if let number = try? value.decode(Double.self) {
                self = .raw("\(number)")
            } else {
                self = .raw("null")
            }
        }
    }

    var text: String {
        switch self {
        case .object(let fields):
            "{" + fields.map { "\(Self.quoted($0.key)):\($0.value.text)" }.joined(separator: ",") + "}"
        case .array(let items): "[" + items.map(\.text).joined(separator: ",") + "]"
        case .string(let text): Self.quoted(text)
        case .raw(let text): text
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\0"..<" ": result += "\\u" + scalar.value.fourDigits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension String {
    /// The same JSON as another serialiser writes it: a space behind each colon and comma, everything beyond ASCII
    /// escaped. It is what Python's `json.dumps` makes of compact JSON (viber.md §4).
    package var reserialisedJSON: String {
        var result = ""
        var isInText = false
        var isEscaped = false
        for scalar in unicodeScalars {
            if scalar.isASCII {
                result.unicodeScalars.append(scalar)
            } else {
                for unit in String(scalar).utf16 { result += "\\u" + UInt32(unit).fourDigits }
            }
            if isEscaped {
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = isInText
            } else if scalar == "\"" {
                isInText.toggle()
            } else if !isInText, scalar == ":" || scalar == "," {
                result += " "
            }
        }
        return result
    }
}

extension UInt32 {
    fileprivate var fourDigits: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Swift.max(0, 4 - digits.count)) + digits
    }
}
