import ArgumentParser

/// `byoc config`
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "List every setting: its value and origin, meaning and default.",
        discussion: "Secrets are masked. Invalid settings are listed at the end, and the exit code is 78 then.")

    @OptionGroup var options: SettingsOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let loaded = try options.loader().read()
        if json {
            try Terminal.printJSON(loaded.entries)
        } else {
            for entry in loaded.entries {
                Terminal.print("\(entry.key)=\(entry.value ?? "")".printableOnOneLine)
                Terminal.print("    \(entry.meaning)")
                let defaultText = entry.defaultValue.map { "default: \($0)" } ?? "no default"
                Terminal.print("    \(entry.value == nil ? "not set" : "from: \(entry.origin)"); \(defaultText)")
            }
        }
        if !loaded.mistakes.isEmpty { throw SettingsMistakes(all: loaded.mistakes) }
    }
}
