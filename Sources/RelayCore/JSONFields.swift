import FoundationEssentials

/// A JSON object whose fields are asked for by name, for what is documented badly or in two ways: a field that is missing,
/// `null` or of the wrong type is `nil` and never spoils the rest. Of a key that is there twice the first counts.
///
/// The same words as for a `KeyedDecodingContainer`, and the same answers, at a fraction of its cost.
package struct JSONFields: Sendable {
    private let tape: JSONTape
    /// Of the object in ``JSONTape/values``.
    private let index: Int

    /// - Returns: `nil` for what is no JSON object, or has a key that can't be read.
    package init?(_ json: [UInt8]) {
        guard let tape = JSONTape(json) else { return nil }
        self.init(tape, 0)
    }

    init?(_ tape: JSONTape, _ index: Int) {
        guard tape.values[index].kind == .object else { return nil }
        self.tape = tape
        self.index = index
        guard tape.hasOddKeys else { return }
        var key = index + 1
        while key < tape.values[index].next {
            guard tape.string(tape.values[key]) != nil else { return nil }
            key = Int(tape.values[key + 1].next)
        }
    }

    /// Where the value of a field is; `nil` without the field.
    private func find(_ name: StaticString) -> Int? {
        let end = Int(tape.values[index].next)
        var key = index + 1
        while key < end {
            if tape.isKey(tape.values[key], name) { return key + 1 }
            key = Int(tape.values[key + 1].next)
        }
        return nil
    }

    private func value(_ name: StaticString) -> JSONTape.Value? { find(name).map { tape.values[$0] } }

    /// A text, or an integer in digits: ids come as either (viber.md §12, freshchat.md §1.6). Never by way of a `Double`, which
    /// would lose the last digits of a 64-bit id.
    package func text(_ name: StaticString) -> String? {
        guard let value = value(name) else { return nil }
        return tape.string(value) ?? tape.digits(value)
    }

    /// As ``text(_:)``, with an empty text or one of white space alone as `nil`.
    package func word(_ name: StaticString) -> String? {
        guard let text = text(name), !text.isBlank else { return nil }
        return text
    }

    /// An integer, or a text with one in it.
    package func integer(_ name: StaticString) -> Int64? {
        guard let value = value(name) else { return nil }
        return tape.integer(value) ?? tape.string(value).flatMap { Int64($0.trimmingWhiteSpace()) }
    }

    /// A finite number, or a text with one in it.
    package func number(_ name: StaticString) -> Double? {
        guard let value = value(name),
            let number = tape.number(value) ?? tape.string(value).flatMap({ Double($0.trimmingWhiteSpace()) }),
            number.isFinite
        else { return nil }
        return number
    }

    /// A link that a browser opens; anything else that stands in its place is `nil`.
    package func webURL(_ name: StaticString) -> String? { text(name)?.webURL }

    package func object(_ name: StaticString) -> JSONFields? { find(name).flatMap { JSONFields(tape, $0) } }

    // MARK: What only its own type will do for

    /// Whether there is such a field with anything but `null` in it.
    func has(_ name: StaticString) -> Bool { value(name).map { $0.kind != .null } ?? false }

    func string(at name: StaticString) -> String? { value(name).flatMap(tape.string) }

    func int64(at name: StaticString) -> Int64? { value(name).flatMap(tape.integer) }

    func double(at name: StaticString) -> Double? { value(name).flatMap(tape.number) }

    func flag(at name: StaticString) -> Bool? {
        switch value(name)?.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// An array's elements, if all are objects.
    func objects(_ name: StaticString) -> [JSONFields]? {
        guard let array = find(name), tape.values[array].kind == .array else { return nil }
        var objects: [JSONFields] = []
        var element = array + 1
        while element < tape.values[array].next {
            guard let object = JSONFields(tape, element) else { return nil }
            objects.append(object)
            element = Int(tape.values[element].next)
        }
        return objects
    }

    /// The key and the value of an object with no other field than this object.
    var only: (key: String, value: JSONFields)? {
        let end = Int(tape.values[index].next)
        guard index + 2 < end, tape.values[index + 2].next == end, let key = tape.string(tape.values[index + 1]),
            let value = JSONFields(tape, index + 2)
        else { return nil }
        return (key, value)
    }
}
