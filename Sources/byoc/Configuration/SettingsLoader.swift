import ArgumentParser
import Configuration
import Foundation
import Glibc
import RelayCore

/// Finds the sources of the settings: the command line's own options, the environment, and at most one file.
struct SettingsLoader {
    /// A setting that a command can't do without.
    enum Need: String {
        case baseURL = "BYOC_BASE_URL"
        case socket = "BYOC_SOCKET"
    }

    /// Options of the command line that stand for keys.
    var overrides: [String: String] = [:]
    /// The settings file; `nil`: `BYOC_ENV_FILE`, else ``localFile`` if it exists, else ``systemFile``.
    var file: String?
    var environment = ProcessInfo.processInfo.environment
    /// Read from the working folder if it exists.
    var localFile = ".env"
    /// Read if there is no other source of settings at all, so that a command run on a server opens the data store of the
    /// workers there, and not one in the working folder; `nil` for none.
    var systemFile: String?

    struct Loaded {
        var settings: Settings
        var entries: [SettingsReader.Entry]
        var mistakes: [SettingsMistake]
    }

    /// - Throws: ``SettingsMistakes``, with all of them.
    func load(needing needs: Need...) throws -> Settings {
        var loaded = try read()
        var isMissing = false
        for need in needs {
            guard let entry = loaded.entries.first(where: { $0.key == need.rawValue }), entry.value == nil else {
                continue
            }
            loaded.mistakes.append(SettingsMistake(key: need.rawValue, value: nil, expected: entry.meaning, origin: ""))
            isMissing = true
        }
        guard loaded.mistakes.isEmpty else {
            throw SettingsMistakes(all: loaded.mistakes, hint: isMissing ? hint(loaded.settings) : nil)
        }
        return loaded.settings
    }

    /// What to do if a setting is missing; `nil` if a settings file was named.
    private func hint(_ settings: Settings) -> String? {
        if let unread = settings.unreadFile {
            return "This user can't read \(unread). Run the command as the user that byoc runs as: sudo -u byoc byoc …"
        }
        guard file == nil, environment["BYOC_ENV_FILE"] == nil else { return nil }
        return "Run with the workers' settings: --env-file /etc/byoc/env"
    }

    /// Reads all keys, mistakes and all.
    func read() throws -> Loaded {
        var sources = [
            SettingsReader.Source(name: "command line", values: overrides),
            SettingsReader.Source(name: "environment", values: environment),
        ]
        var unreadFile: String?
        if let path = file ?? environment["BYOC_ENV_FILE"] {
            sources.append(try SettingsFile.read(path))
        } else if let local = try SettingsFile.readIfPresent(localFile) {
            sources.append(local)
        } else if let systemFile, isWithoutSettings {
            if access(systemFile, R_OK) == 0 {
                sources.append(try SettingsFile.read(systemFile))
            } else if errno == EACCES {
                unreadFile = systemFile
            }
        }
        var reader = SettingsReader(sources)
        var settings = Settings(from: &reader)
        settings.unreadFile = unreadFile
        if sources.count > 2, let path = sources.last?.name {
            settings.cautions += SettingsFile.cautions(about: path, reader.entries)
        }
        reader.reportUnknownKeys(prefix: "BYOC_", ignoring: Self.foreignKeys)
        return Loaded(settings: settings, entries: reader.entries, mistakes: reader.mistakes)
    }

    private var isWithoutSettings: Bool {
        overrides.isEmpty && !environment.contains { $0.key.hasPrefix("BYOC_") && !$0.value.isEmpty }
    }

    /// Keys that aren't settings: read elsewhere, before or beside these.
    private static var foreignKeys: Set<String> {
        #if BYOC_NAMED_POINTS
            ["BYOC_ENV_FILE", NamedPoints.key]
        #else
            ["BYOC_ENV_FILE"]
        #endif
    }
}

/// The options that every command takes.
struct SettingsOptions: ParsableArguments {
    @Option(
        name: .customLong("env-file"),
        help: "A file of KEY=value lines, read in addition to the environment (BYOC_ENV_FILE).")
    var file: String?

    @Option(name: .customLong("data-dir"), help: "The data folder (BYOC_DATA_DIR).")
    var dataDirectory: String?

    /// Where packages and the installation guide put the settings.
    static let systemFile = "/etc/byoc/env"

    func loader(_ overrides: [String: String?] = [:], systemFile: String? = Self.systemFile) -> SettingsLoader {
        var values = overrides.compactMapValues(\.self)
        if let dataDirectory { values["BYOC_DATA_DIR"] = dataDirectory }
        return SettingsLoader(overrides: values, file: file, systemFile: systemFile)
    }
}
