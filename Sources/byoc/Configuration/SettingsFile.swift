import Foundation

/// A file of `KEY=value` lines, with what to check about who can read and write it.
///
/// Read with ``SettingLines``, because swift-configuration's reader of such files skips what it doesn't understand and
/// reports neither names nor lines, which the errors need.
enum SettingsFile {
    /// Reads a file that was named as byoc's.
    static func read(_ path: String) throws -> SettingsReader.Source {
        guard let data = WholeFile.contents(of: path) else {
            throw CommandFailure(
                "The settings file \(path) \(WholeFile.problem(of: path)).",
                remedy: "Check --env-file or BYOC_ENV_FILE.",
                exitCode: CommandFailure.configuration)
        }
        return try source(path, data, isNamed: true)
    }

    /// Reads a file because it is in the working folder, and not because anyone has named it. It has to be this user's own:
    /// in a folder such as `/tmp` any user can leave one.
    static func readIfPresent(_ path: String) throws -> SettingsReader.Source? {
        if let problem = FileTrust.problem(of: path) ?? FileTrust.writabilityProblem(of: path) {
            throw CommandFailure(
                "The settings file \(path) in the working folder isn't read because it \(problem).",
                remedy:
                    "Run `chmod go-w \(path)` and make this user its owner, name it with --env-file, or move it away.",
                exitCode: CommandFailure.configuration)
        }
        return try WholeFile.contents(of: path).map { try source(path, $0, isNamed: false) }
    }

    private static func source(_ path: String, _ data: Data, isNamed: Bool) throws -> SettingsReader.Source {
        let text: String
        do {
            text = try WholeFile.text(data, name: "The settings file \(path)")
        } catch {
            var failure = error
            failure.exitCode = CommandFailure.configuration
            throw failure
        }
        let lines = SettingLines(text)
        var source = SettingsReader.Source(name: path, values: [:], isNamed: isNamed)
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

    /// Warnings about a file that other users can write, or that holds secrets and that all can read.
    static func cautions(about path: String, _ entries: [SettingsReader.Entry]) -> [Settings.Caution] {
        var cautions: [Settings.Caution] = []
        if let problem = FileTrust.writabilityProblem(of: path) {
            cautions.append(
                Settings.Caution(
                    problem: "The settings file \(path) \(problem)",
                    reason: "Anyone who can change it controls byoc and can redirect its messages.",
                    remedy: "chmod go-w \(path)"))
        }
        let secrets = entries.filter { $0.isSecret && $0.value != nil && $0.origin == path }.map(\.key)
        if !secrets.isEmpty, FileTrust.isReadableByAll(path) {
            cautions.append(
                Settings.Caution(
                    problem:
                        "Every user of this machine can read \(path), which holds \(secrets.joined(separator: ", "))",
                    reason: "Anyone who reads it can sign in, or act as byoc at Freshchat and the channels.",
                    remedy: "chmod 640 \(path) with byoc's group, or chmod 600 \(path) if byoc's user owns it"))
        }
        return cautions
    }
}
