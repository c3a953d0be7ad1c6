import FoundationEssentials

/// A JSON object whose fields are asked for by name, for what is documented badly or in two ways: a field that is missing,
/// `null` or of the wrong type is `nil` and never spoils the rest. Of a key that is there twice the first counts.
///
/// A text or a name of a field is always read, with U+FFFD where a character can't be.
package struct JSONFields: Sendable {
    let tape: JSONTape
    /// Of the object in ``JSONTape/values``.
    let index: Int

    /// - Returns: `nil` if the bytes are no JSON object.
    package init?(_ json: [UInt8]) {
        guard let tape = JSONTape(json) else { return nil }
        self.init(tape, 0)
    }

    init?(_ tape: JSONTape, _ index: Int) {
        guard tape.values[index].kind == .object else { return nil }
        self.tape = tape
        self.index = index
    }

    /// Where the value of a field is; `nil` without the field.
    func find(_ name: StaticString) -> Int? {
        let end = Int(tape.values[index].next)
        var key = index + 1
        while key < end {
            if tape.isKey(tape.values[key], name) { return key + 1 }
            key = Int(tape.values[key + 1].next)
        }
        return nil
    }

    func value(_ name: StaticString) -> JSONTape.Value? { find(name).map { tape.values[$0] } }

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
}
