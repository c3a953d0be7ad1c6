import ArgumentParser
import Foundation
import Glibc
import Logging
import RelayCore

/// `byoc doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look for whatever is wrong, and say what mends it.",
        discussion: """
            Looks at the settings, the data folder and its disk, the socket, the web server in front (does the public \
            URL lead back to these very workers?), its certificate, the clocks, and at each installation: its \
            credentials with both sides, its webhooks, its outbox. Changes nothing, and sends no message.

            The exit code is 0 when all is well, 1 with warnings, 2 with errors.

            Examples:
              sudo -u byoc byoc doctor --env-file /etc/byoc/env
              byoc doctor viber-x7k2          only this installation, and what concerns all
              byoc doctor --json | jq '.[] | select(.severity == "error")'
            """)

    @OptionGroup var settings: SettingsOptions
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "Only this installation.", completion: .installation) var id: String?

    func run() async throws {
        var loaded = try settings.loader().read()
        loaded.settings.logLevel = max(loaded.settings.logLevel, .error)
        try loaded.settings.bootstrapLogging()
        let settings = loaded.settings
        let logger = Logger(label: "byoc")
        let doctor = Doctor(settings: settings, mistakes: loaded.mistakes) { try App.open(settings, logger: logger) }
        let findings = await doctor.examine(id.map { InstallationID($0) })
        if let id, !findings.contains(where: { $0.installation?.rawValue == id }),
            !findings.contains(where: { $0.subject == "Everything else" || $0.subject == "Data store" })
        {
            throw CommandFailure("There is no installation “\(id)”.", remedy: "See byoc installations")
        }
        if json {
            try Terminal.printJSON(findings)
        } else {
            // Its own colours are in it; the foreign words were made printable one by one.
            print(Self.text(of: findings, isColoured: Self.isColoured))
        }
        switch findings.map(\.severity).max() ?? .ok {
        case .ok: return
        case .warning: throw ExitCode(1)
        case .error: throw ExitCode(2)
        }
    }

    private static var isColoured: Bool {
        isatty(STDOUT_FILENO) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

    /// A line each, with what is wrong explained below it, and the sum at the end.
    static func text(of findings: [Finding], isColoured: Bool) -> String {
        let width = findings.map(\.subject.printableOnOneLine.columns).max() ?? 0
        var lines: [String] = []
        var last: InstallationID?
        for finding in findings {
            if finding.installation != last, let id = finding.installation {
                lines += ["", "\(id)".printableOnOneLine]
            }
            last = finding.installation
            let (mark, code) =
                switch finding.severity {
                case .ok: ("✔", "32")
                case .warning: ("!", "33")
                case .error: ("✘", "31")
                }
            let coloured = isColoured ? "\u{1B}[\(code)m\(mark)\u{1B}[0m" : mark
            lines.append(
                "\(coloured) \(finding.subject.printableOnOneLine.padded(to: width))  \(indented(finding.problem, by: width + 4))"
            )
            let margin = String(repeating: " ", count: width + 4)
            if !finding.reason.isEmpty { lines.append(margin + "Why: " + indented(finding.reason, by: width + 9)) }
            if !finding.remedy.isEmpty { lines.append(margin + "Do:  " + indented(finding.remedy, by: width + 9)) }
        }
        let errors = findings.count { $0.severity == .error }
        let warnings = findings.count { $0.severity == .warning }
        lines += [
            "",
            "\(errors) \(errors == 1 ? "error" : "errors"), \(warnings) \(warnings == 1 ? "warning" : "warnings")",
        ]
        return lines.joined(separator: "\n")
    }

    private static func indented(_ text: String, by count: Int) -> String {
        text.printable.replacing("\n", with: "\n" + String(repeating: " ", count: count))
    }
}
