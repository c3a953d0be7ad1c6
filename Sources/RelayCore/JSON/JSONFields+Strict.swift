/// A field is missing, or is of another type.
struct UnexpectedField: Error {}

/// Strict, where the other getters are lenient: what isn't as expected is an error.
extension JSONFields {
    func string(_ name: StaticString) throws(UnexpectedField) -> String {
        guard let string = try string(ifAny: name) else { throw UnexpectedField() }
        return string
    }

    /// `nil` for a field that is missing or `null`.
    func string(ifAny name: StaticString) throws(UnexpectedField) -> String? {
        guard let value = present(name) else { return nil }
        guard let string = tape.string(value) else { throw UnexpectedField() }
        return string
    }

    func double(_ name: StaticString) throws(UnexpectedField) -> Double {
        guard let number = try double(ifAny: name) else { throw UnexpectedField() }
        return number
    }

    /// `nil` for a field that is missing or `null`.
    func double(ifAny name: StaticString) throws(UnexpectedField) -> Double? {
        guard let value = present(name) else { return nil }
        guard let number = tape.number(value) else { throw UnexpectedField() }
        return number
    }

    /// `nil` for a field that is missing or `null`.
    func int64(ifAny name: StaticString) throws(UnexpectedField) -> Int64? {
        guard let value = present(name) else { return nil }
        guard let number = tape.integer(value) else { throw UnexpectedField() }
        return number
    }

    func bool(_ name: StaticString) throws(UnexpectedField) -> Bool {
        switch present(name)?.kind {
        case .yes: true
        case .no: false
        default: throw UnexpectedField()
        }
    }

    func fields(_ name: StaticString) throws(UnexpectedField) -> JSONFields {
        guard let object = object(name) else { throw UnexpectedField() }
        return object
    }

    /// One of an enumeration's words.
    func word<Word: RawRepresentable<String>>(_ name: StaticString) throws(UnexpectedField) -> Word {
        guard let word = Word(rawValue: try string(name)) else { throw UnexpectedField() }
        return word
    }

    /// What is made of each of an array's elements, all of which are objects.
    func list<Element>(
        _ name: StaticString, _ element: (JSONFields) throws(UnexpectedField) -> Element
    ) throws(UnexpectedField) -> [Element] {
        guard let array = find(name), tape.values[array].kind == .array else { throw UnexpectedField() }
        var elements: [Element] = []
        var index = array + 1
        while index < tape.values[array].next {
            guard let fields = JSONFields(tape, index) else { throw UnexpectedField() }
            elements.append(try element(fields))
            index = Int(tape.values[index].next)
        }
        return elements
    }

    /// The key and the value of an object with no other field than this object: a case of an enumeration.
    func onlyField() throws(UnexpectedField) -> (name: String, content: JSONFields) {
        let end = Int(tape.values[index].next)
        guard index + 2 < end, tape.values[index + 2].next == end, let key = tape.string(tape.values[index + 1]),
            let value = JSONFields(tape, index + 2)
        else { throw UnexpectedField() }
        return (key, value)
    }

    private func present(_ name: StaticString) -> JSONTape.Value? {
        guard let value = value(name), value.kind != .null else { return nil }
        return value
    }
}
