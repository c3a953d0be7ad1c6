import RelayCore

/// The `KEY=value` lines of a text that a person wrote, read as systemd reads an `EnvironmentFile` (systemd.exec(5)).
///
/// Lines that are blank or begin with `#` or `;` are comments. A key may follow `export`. A value in quotes may span several
/// lines; within double quotes a backslash before `"`, `\`, `$` or a backquote is removed. Every other line is a fault that
/// names it: no line is skipped silently.
struct SettingLines {
    struct Setting: Hashable {
        var key: String
        var value: String
        /// The line of the key, counted from 1.
        var line: Int
    }

    /// A line that isn't a setting. Doesn't show the line's content, because that may be a secret.
    struct Fault: Hashable {
        var line: Int
        var problem: String
    }

    private(set) var settings: [Setting] = []
    private(set) var faults: [Fault] = []

    init(_ text: String) {
        // "\r\n" is one character.
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        var index = 0
        while index < lines.count {
            let line = lines[index].drop { $0.isWhitespace || $0.isInvisible }
            let number = index + 1
            index += 1
            guard let first = line.first, first != "#", first != ";" else { continue }
            guard let equals = line.firstIndex(of: "=") else {
                faults.append(Fault(line: number, problem: "has no “=”; write KEY=value, or begin a comment with #"))
                continue
            }
            guard let key = Self.key(line[..<equals]) else {
                faults.append(
                    Fault(
                        line: number,
                        problem: "has no valid key before its “=”; a key consists of letters, digits and underscores"))
                continue
            }
            var rest = line[line.index(after: equals)...].drop(while: \.isWhitespace)
            guard let quote = rest.first, quote == "\"" || quote == "'" else {
                settings.append(Setting(key: key, value: String(rest).trimmingWhiteSpace(), line: number))
                continue
            }
            rest = rest.dropFirst()
            var value = ""
            while true {
                if let behind = Self.take(&rest, to: quote, into: &value) {
                    if behind.allSatisfy(\.isWhitespace) {
                        settings.append(Setting(key: key, value: value, line: number))
                    } else {
                        faults.append(
                            Fault(
                                line: index, problem: "has text after its closing quote; quote the whole value"))
                    }
                    break
                }
                guard index < lines.count else {
                    faults.append(Fault(line: number, problem: "opens a quote (\(quote)) that is never closed"))
                    break
                }
                value += "\n"
                rest = lines[index]
                index += 1
            }
        }
    }

    /// Moves a line's characters into the value.
    ///
    /// - Returns: the characters after the closing quote; `nil` if the line ends before it.
    private static func take(
        _ rest: inout Substring, to quote: Character, into value: inout String
    ) -> Substring? {
        while let character = rest.popFirst() {
            if character == quote { return rest }
            if quote == "\"", character == "\\", let next = rest.first, "\"\\$`".contains(next) {
                value.append(rest.removeFirst())
            } else {
                value.append(character)
            }
        }
        return nil
    }

    /// The name of a key, without `export` and invisible characters around it.
    private static func key(_ text: Substring) -> String? {
        var words = text.split { $0.isWhitespace || $0.isInvisible }
        if words.count == 2, words[0] == "export" { words.removeFirst() }
        guard words.count == 1, let key = words.first, let first = key.utf8.first,
            !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first), key.utf8.allSatisfy(\.isOfAKey)
        else { return nil }
        return String(key)
    }
}

extension UInt8 {
    fileprivate var isOfAKey: Bool {
        switch self {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension Character {
    /// Whether it shows nothing, as a byte order mark or a zero-width space does.
    fileprivate var isInvisible: Bool { unicodeScalars.allSatisfy(\.properties.isDefaultIgnorableCodePoint) }
}
