import ArgumentParser
import Configuration
import Foundation
import RelayCore

/// Finds the sources of the configuration: the command line's own options, the environment, an optional file.
struct SettingsLoader {
    /// What a command can't do without.
    enum Need: String {
        case baseURL = "BYOC_BASE_URL"
        case socket = "BYOC_SOCKET"
    }

    /// Options of the command line that stand for keys.
    var overrides: [String: String] = [:]
    /// The file to read besides the environment; `nil`: `BYOC_ENV_FILE`, else `.env` here when there is one.
    var file: String?

    struct Loaded {
        var settings: Settings
        var entries: [SettingsReader.Entry]
        var mistakes: [SettingsMistake]
    }

    /// - Throws: ``SettingsMistakes``, with all of them.
    func load(needing needs: Need...) throws -> Settings {
        var loaded = try read()
        for need in needs {
            guard let entry = loaded.entries.first(where: { $0.key == need.rawValue }), entry.value == nil else {
                continue
            }
            loaded.mistakes.append(SettingsMistake(key: need.rawValue, value: nil, expected: entry.meaning, origin: ""))
        }
        guard loaded.mistakes.isEmpty else { throw SettingsMistakes(all: loaded.mistakes) }
        return loaded.settings
    }

    /// Reads all keys, mistakes and all.
    func read() throws -> Loaded {
        let environment = ProcessInfo.processInfo.environment
        var sources = [
            SettingsReader.Source(name: "command line", values: overrides),
            SettingsReader.Source(name: "environment", values: environment),
        ]
        if let path = file ?? environment["BYOC_ENV_FILE"] {
            sources.append(try Self.source(path, isOptional: false))
        } else {
            sources.append(try Self.source(".env", isOptional: true))
        }
        var reader = SettingsReader(sources)
        var settings = Settings(from: &reader)
        if let path = sources.last?.name { settings.cautions += Self.cautions(about: path, reader.entries) }
        reader.reportUnknownKeys(prefix: "BYOC_", ignoring: Self.foreignKeys)
        return Loaded(settings: settings, entries: reader.entries, mistakes: reader.mistakes)
    }

    /// Keys that are no settings: read elsewhere, before or beside these.
    private static var foreignKeys: Set<String> {
        #if BYOC_NAMED_POINTS
            ["BYOC_ENV_FILE", NamedPoints.key]
        #else
            ["BYOC_ENV_FILE"]
        #endif
    }

    /// Reads a settings file with ``SettingLines``, because swift-configuration's reader of such files passes over what it
    /// doesn't understand, and tells no names and lines, which the errors need.
    ///
    /// - Parameter isOptional: it is read because it lies in the working folder, and not because somebody has named it. Then
    ///   it has to be this user's: in a folder such as `/tmp` anybody can leave one.
    private static func source(_ path: String, isOptional: Bool) throws -> SettingsReader.Source {
        if isOptional, let problem = FileTrust.problem(of: path) {
            throw CommandFailure(
                "The settings file \(path) in the working folder isn't read: it \(problem).",
                remedy: "Move it away, give it to this user with `chown` and `chmod go-w`, or name it with --env-file.")
        }
        guard let data = WholeFile.contents(of: path) else {
            if isOptional { return SettingsReader.Source(name: path, values: [:]) }
            throw CommandFailure(
                "The settings file \(path) can't be read.", remedy: "Check BYOC_ENV_FILE or --env-file.")
        }
        let lines = SettingLines(try WholeFile.text(data, name: "The settings file \(path)"))
        var source = SettingsReader.Source(name: path, values: [:], isNamed: !isOptional)
        for setting in lines.settings {
            // Lower case is understood, because no other program could mean these.
            let key = setting.key.lowercased().hasPrefix("byoc_") ? setting.key.uppercased() : setting.key
            source.values[key] = setting.value
            source.lines[key] = setting.line
        }
        source.mistakes = lines.faults.map { fault in
            SettingsMistake(key: "line \(fault.line)", value: nil, expected: fault.problem, origin: path)
        }
        return source
    }
}

extension SettingsLoader {
    /// What there is to say of a settings file that holds secrets.
    fileprivate static func cautions(about path: String, _ entries: [SettingsReader.Entry]) -> [Settings.Caution] {
        let secrets = entries.filter { $0.isSecret && $0.value != nil && $0.origin == path }.map(\.key)
        guard !secrets.isEmpty, FileTrust.isReadableByAll(path) else { return [] }
        return [
            Settings.Caution(
                problem:
                    "\(path) can be read by every user of this machine, and holds \(secrets.joined(separator: ", "))",
                reason: "Whoever reads it can sign in, or act as byoc at Freshchat and the channels.",
                remedy: "chmod 600 \(path) (or 640, with byoc's group)")
        ]
    }
}

/// What every command takes.
struct SettingsOptions: ParsableArguments {
    @Option(name: .customLong("env-file"), help: "A file of KEY=value lines to read besides the environment.")
    var file: String?

    @Option(name: .customLong("data-dir"), help: "The data folder (BYOC_DATA_DIR).")
    var dataDirectory: String?

    func loader(_ overrides: [String: String?] = [:]) -> SettingsLoader {
        var values = overrides.compactMapValues(\.self)
        if let dataDirectory { values["BYOC_DATA_DIR"] = dataDirectory }
        return SettingsLoader(overrides: values, file: file)
    }
}
