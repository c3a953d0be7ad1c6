import FoundationEssentials

/// What LIKE is to look for, which knows upper and lower case of ASCII only: other letters are looked for as they are
/// written, all small, all large, and with a large one first. It chooses whom to look at more closely.
enum Pattern {
    /// As it stands in a column.
    static func inText(_ text: String) -> [String] { Set(forms(of: text).map(escaped)).sorted() }

    /// As the text stands within a payload.
    static func inJSON(_ text: String) throws -> [String] {
        let encoder = JSONEncoder()
        return try Set(
            forms(of: text).map { form in
                escaped(String(String(decoding: try encoder.encode(form), as: UTF8.self).dropFirst().dropLast()))
            }
        ).sorted()
    }

    private static func forms(of text: String) -> Set<String> {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return [text] }
        let small = text.lowercased()
        return [text, small, text.uppercased(), small.prefix(1).uppercased() + small.dropFirst()]
    }

    private static func escaped(_ text: String) -> String {
        "%" + text.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_") + "%"
    }
}
