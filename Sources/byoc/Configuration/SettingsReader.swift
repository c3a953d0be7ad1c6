import Configuration
import FoundationEssentials
import RelayCore

/// Reads settings one by one, and keeps the meaning, value and origin of each, so that `byoc config` shows exactly what the
/// program reads. Mistakes are collected, not thrown, so that all are reported at once.
struct SettingsReader {
    /// A key as `byoc config` shows it.
    struct Entry: Encodable {
        var key: String
        var meaning: String
        var defaultValue: String?
        /// `nil` if it isn't set and has no default. Masked if it is a secret.
        var value: String?
        /// "command line", "environment", a file's path, or "default".
        var origin: String
        var isSecret: Bool
    }

    /// A source of values; the first source that has a key wins.
    struct Source {
        var name: String
        var values: [String: String]
        /// The line of each key, if the source is a file.
        var lines: [String: Int] = [:]
        /// Whether this file was named as byoc's, so that what is nearly a key of ours was meant as one.
        var isNamed = false
        /// Lines that aren't settings.
        var mistakes: [SettingsMistake] = []

        /// Where a key comes from, for an error.
        func origin(of key: String) -> String { lines[key].map { "\(name), line \($0)" } ?? name }
    }

    private let sources: [Source]
    private let reader: ConfigReader
    private(set) var entries: [Entry] = []
    private(set) var mistakes: [SettingsMistake] = []

    init(_ sources: [Source]) {
        self.sources = sources
        mistakes = sources.flatMap(\.mistakes)
        reader = ConfigReader(
            providers: sources.map { EnvironmentVariablesProvider(environmentVariables: $0.values) })
    }

    /// Reads one key. An empty value counts as none.
    ///
    /// - Parameters:
    ///   - expects: what a value looks like, for the error.
    ///   - fault: says what is wrong with a value that is none, where that takes more than what was expected.
    ///   - parse: `nil` for a value that is none.
    /// - Returns: the value, else the default; `nil` without both, or after a mistake.
    mutating func read<Value>(
        _ key: String, _ meaning: String, default defaultValue: String? = nil, isSecret: Bool = false,
        expects: String, fault: (String) -> String? = { _ in nil }, parse: (String) -> Value?
    ) -> Value? {
        let found = reader.string(
            forKey: ConfigKey(key.lowercased().split(separator: "_").map(String.init)), isSecret: isSecret)
        let text = found.flatMap { $0.isEmpty ? nil : $0 }
        let source = sources.first { $0.values[key]?.isEmpty == false }
        entries.append(
            Entry(
                key: key, meaning: meaning, defaultValue: defaultValue,
                value: (text ?? defaultValue).map { isSecret ? Secret($0).masked : $0 },
                origin: source?.name ?? "default",
                isSecret: isSecret))
        guard let text = text ?? defaultValue else { return nil }
        if let value = parse(text) { return value }
        mistakes.append(
            SettingsMistake(
                key: key, value: isSecret ? Secret(text).masked : text, expected: expects,
                origin: source?.origin(of: key) ?? "default", fault: fault(text)))
        return nil
    }

    /// Reads a key that must be there.
    mutating func require<Value>(
        _ key: String, _ meaning: String, isSecret: Bool = false, expects: String, parse: (String) -> Value?
    ) -> Value? {
        let mistakesBefore = mistakes.count
        let value = read(key, meaning, isSecret: isSecret, expects: expects, parse: parse)
        if value == nil, mistakes.count == mistakesBefore {
            mistakes.append(SettingsMistake(key: key, value: nil, expected: expects, origin: ""))
        }
        return value
    }

    mutating func report(_ mistake: SettingsMistake) {
        mistakes.append(mistake)
    }

    /// Reports each key with our prefix that nothing has read, with the key that was probably meant. In a file that was
    /// named, also a key that is nearly one of ours: without the prefix, or with a letter or two wrong. Other keys belong to
    /// other programs.
    mutating func reportUnknownKeys(prefix: String, ignoring ignored: Set<String>) {
        let known = Set(entries.map(\.key))
        for source in sources {
            for key in source.values.keys.sorted() where !known.contains(key) && !ignored.contains(key) {
                let isOurs = key.hasPrefix(prefix)
                guard isOurs || source.isNamed else { continue }
                let nearest =
                    known.contains(prefix + key)
                    ? prefix + key : known.min { ($0.distance(to: key), $0) < ($1.distance(to: key), $1) }
                let meant = nearest.flatMap { nearest in
                    let isMeant =
                        nearest == prefix + key
                        || nearest.distance(to: key) <= (isOurs ? max(3, key.utf8.count / 3) : 2)
                    return isMeant ? nearest : nil
                }
                guard isOurs || meant != nil else { continue }
                mistakes.append(
                    SettingsMistake(
                        key: key, value: nil, expected: "unknown setting", origin: source.origin(of: key),
                        nearest: meant))
            }
        }
    }
}

/// One invalid setting.
struct SettingsMistake: Hashable, CustomStringConvertible {
    var key: String
    /// `nil`: there is none. Masked when it is secret.
    var value: String?
    var expected: String
    var origin: String
    /// The key that was probably meant.
    var nearest: String?
    /// What is wrong with the value, shown instead of what was expected.
    var fault: String?

    var description: String {
        if let nearest { return "\(key) (\(origin)): \(expected); did you mean \(nearest)?" }
        guard let value else {
            return origin.isEmpty ? "\(key) is not set; expected \(expected)" : "\(key) (\(origin)): \(expected)"
        }
        if let fault { return "\(key) is “\(value)” (\(origin)): \(fault)" }
        return "\(key) is “\(value)” (\(origin)); expected \(expected)"
    }
}

/// All invalid settings.
struct SettingsMistakes: Error, CustomStringConvertible {
    var all: [SettingsMistake]
    /// Where the missing ones probably are; `nil` if that isn't the reason.
    var hint: String?

    var description: String {
        let title = all.count == 1 ? "1 setting is invalid:" : "\(all.count) settings are invalid:"
        let remedies = [hint, "To list all settings: byoc config"].compactMap(\.self)
        return ([title] + all.map { "  \($0)".printableOnOneLine } + remedies).joined(separator: "\n")
    }
}

extension String {
    /// How many letters have to be put in, taken out or changed to make the one text of the other.
    func distance(to other: String) -> Int {
        let left = Array(utf8)
        let right = Array(other.utf8)
        var row = Array(0...right.count)
        for i in left.indices {
            var diagonal = row[0]
            row[0] = i + 1
            for j in right.indices {
                let change = left[i] == right[j] ? diagonal : diagonal + 1
                diagonal = row[j + 1]
                row[j + 1] = Swift.min(change, diagonal + 1, row[j] + 1)
            }
        }
        return row[right.count]
    }
}
