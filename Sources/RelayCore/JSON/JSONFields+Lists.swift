/// Lists, flags, and whether there is anything at all. Lenient, as the other getters are: an element of another kind is
/// skipped and never spoils the rest.
extension JSONFields {
    /// Reads a JSON array of objects that stands alone, as some answers do.
    ///
    /// - Returns: its objects, without the elements of other kinds; `nil` if the bytes are no JSON array.
    package static func list(_ json: [UInt8]) -> [JSONFields]? {
        guard let tape = JSONTape(json), tape.values[0].kind == .array else { return nil }
        return elements(of: 0, in: tape).compactMap { JSONFields(tape, $0) }
    }

    /// An array's objects, without the elements of other kinds; none if there is no array.
    package func objects(_ name: StaticString) -> [JSONFields] {
        elements(name).compactMap { JSONFields(tape, $0) }
    }

    /// An array's texts, and its integers in digits as in ``text(_:)``, without the elements of other kinds; none if there
    /// is no array.
    package func texts(_ name: StaticString) -> [String] {
        elements(name).compactMap { text(at: $0) }
    }

    /// One element of an array, if it is a text or an integer.
    ///
    /// - Parameter place: counted from 0, elements of other kinds included.
    package func text(_ name: StaticString, at place: Int) -> String? {
        let elements = elements(name)
        return elements.indices.contains(place) ? text(at: elements[place]) : nil
    }

    /// How many elements an array has, whatever their kind; 0 if there is no array.
    package func count(of name: StaticString) -> Int { elements(name).count }

    /// Whether a field is an array, an empty one too.
    package func isList(_ name: StaticString) -> Bool { value(name)?.kind == .array }

    /// `true` and `false`, also as texts of either case and as 1 and 0; `nil` for anything else.
    package func flag(_ name: StaticString) -> Bool? {
        guard let value = value(name) else { return nil }
        switch value.kind {
        case .yes: return true
        case .no: return false
        default: break
        }
        switch text(name)?.trimmingWhiteSpace().lowercased() {
        case "true", "1": return true
        case "false", "0": return false
        default: return nil
        }
    }

    /// Whether a field is there and not `null`, whatever its kind.
    package func has(_ name: StaticString) -> Bool {
        guard let value = value(name) else { return false }
        return value.kind != .null
    }

    /// Whether a field has anything in it: `false` without the field, and for `null`, `false`, a blank text, and an object or
    /// an array in which nothing has content.
    package func hasContent(_ name: StaticString) -> Bool { find(name).map { Self.hasContent($0, in: tape) } ?? false }

    /// Whether any of the object's fields has content; see ``hasContent(_:)``.
    package var hasContent: Bool { Self.hasContent(index, in: tape) }

    private static func hasContent(_ index: Int, in tape: JSONTape) -> Bool {
        var index = index
        let end = Int(tape.values[index].next)
        // An object's values stand behind it as an array's do, each behind its key.
        var keys: Set<Int> = []
        while index < end {
            let value = tape.values[index]
            switch value.kind {
            case .null, .no, .array: break
            case .object:
                var key = index + 1
                while key < value.next {
                    keys.insert(key)
                    key = Int(tape.values[key + 1].next)
                }
            case .plainText, .text:
                if !keys.contains(index), tape.string(value)?.isBlank == false { return true }
            case .number, .yes: return true
            }
            index += 1
        }
        return false
    }

    /// Whether the object has no field.
    package var isEmpty: Bool { tape.values[index].next == index + 1 }

    /// The names of the fields that are not `null`, in their order. A name that is there twice is given twice.
    package var names: [String] {
        var names: [String] = []
        var key = index + 1
        while key < tape.values[index].next {
            if tape.values[key + 1].kind != .null, let name = tape.string(tape.values[key]) { names.append(name) }
            key = Int(tape.values[key + 1].next)
        }
        return names
    }

    private func text(at index: Int) -> String? {
        tape.string(tape.values[index]) ?? tape.digits(tape.values[index])
    }

    /// Where an array's elements are.
    private func elements(_ name: StaticString) -> [Int] {
        guard let index = find(name), tape.values[index].kind == .array else { return [] }
        return Self.elements(of: index, in: tape)
    }

    private static func elements(of array: Int, in tape: JSONTape) -> [Int] {
        var elements: [Int] = []
        var index = array + 1
        while index < tape.values[array].next {
            elements.append(index)
            index = Int(tape.values[index].next)
        }
        return elements
    }
}
