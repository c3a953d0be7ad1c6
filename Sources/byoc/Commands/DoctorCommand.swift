import ArgumentParser
import Foundation
import Glibc
import Logging
import RelayCore

/// `byoc doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Diagnose problems and suggest fixes.",
        discussion: """
            Checks the settings, the data folder and its disk, the socket, the web server (does the public URL reach \
            these workers?), its certificate, the clock, and each installation: its credentials with the channel and \
            Freshchat, its webhooks, its outbox. Read-only, and sends no message.

            Exit codes: 0 no problems, 1 the doctor itself failed, 2 errors, 3 warnings only.

            Examples:
              sudo -u byoc byoc doctor --env-file /etc/byoc/env
              byoc doctor viber-x7k2          only this installation, and the server
              byoc doctor --json | jq '.[] | select(.severity == "error")'
            """)

    @OptionGroup var settings: SettingsOptions
    @Flag(help: "Print JSON.") var json = false
    @Argument(help: "Only this installation and the server.", completion: .installation) var id: String?

    func run() async throws {
        var loaded = try settings.loader().read()
        loaded.settings.logLevel = max(loaded.settings.logLevel, .error)
        try loaded.settings.bootstrapLogging()
        let settings = loaded.settings
        let logger = Logger(label: "byoc")
        let doctor = Doctor(settings: settings, mistakes: loaded.mistakes) { try App.open(settings, logger: logger) }
        let findings = await doctor.examine(id.map { InstallationID($0) })
        if let id, !findings.contains(where: { $0.installation?.rawValue == id }),
            !findings.contains(where: { $0.subject == "Installations" || $0.subject == "Data store" })
        {
            throw CommandFailure(
                "There is no installation “\(id)”.", remedy: "To list the installations: byoc installations")
        }
        if json {
            try Terminal.printJSON(findings)
        } else {
            // It contains colours of its own; foreign words were made printable one by one.
            print(Self.text(of: findings, isColoured: Self.isColoured))
        }
        switch findings.map(\.severity).max() ?? .ok {
        case .ok: return
        case .warning: throw ProblemsFound.warnings
        case .error: throw ProblemsFound.errors
        }
    }

    private static var isColoured: Bool {
        isatty(STDOUT_FILENO) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

    /// One line for each check, with reason and fix below it, and the totals at the end.
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
            if !finding.remedy.isEmpty { lines.append(margin + "Fix: " + indented(finding.remedy, by: width + 9)) }
        }
        let errors = findings.count { $0.severity == .error }
        let warnings = findings.count { $0.severity == .warning }
        lines += [
            "",
            Terminal.count(errors, "error", "errors") + ", " + Terminal.count(warnings, "warning", "warnings"),
        ]
        return lines.joined(separator: "\n")
    }

    private static func indented(_ text: String, by count: Int) -> String {
        text.printable.replacing("\n", with: "\n" + String(repeating: " ", count: count))
    }
}
