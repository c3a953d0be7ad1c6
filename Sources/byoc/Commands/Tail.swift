import ArgumentParser
import Foundation
import Glibc
import Logging
import RelayCore

/// `byoc tail`
struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow each message live.",
        discussion: """
            Shows each worker's steps as they happen, until Ctrl-C: a webhook received, verified, committed, or refused \
            with the reason; a delivery claimed, each call to Viber or Freshchat with its answer, and then delivered, \
            retried, in doubt or dead. → is from the customer to the agent, ← from the agent to the customer. Workers \
            notice a listener within a second and are never slowed down: steps that come too fast are dropped and counted.

            Examples:
              byoc tail                           everything
              byoc tail --installation viber-x7k2 one installation
              byoc tail --text                    with the beginning of each message
              byoc tail --json | jq 'select(.step == "retrying")'
            """)

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "Print one JSON object per line, including the beginning of each message.") var json = false
    @Flag(help: "Show the beginning of each message.") var text = false
    @Option(help: "Only this installation.", completion: .installation) var installation: String?

    func run() async throws {
        let settings = try settings.loader().load()
        try App.checkStore(of: settings)
        if let installation { try await Self.check(installation, settings) }
        let listener = try TailListener(dataDirectory: settings.dataDirectory)
        let isColoured =
            isatty(STDOUT_FILENO) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
        if isatty(STDERR_FILENO) == 1, !json { Terminal.note("Listening. Press Ctrl-C to stop.") }
        listener.run { step, missed in
            if missed > 0 {
                let words = "missed \(missed) \(missed == 1 ? "step" : "steps") of worker \(step.worker)"
                guard json ? Self.write("{\"missed\":\(missed),\"worker\":\(step.worker)}") : Self.write(words) else {
                    return false
                }
            }
            // A step without an installation concerns all of them.
            if let installation, let other = step.installation, other != installation { return true }
            if json {
                guard let line = try? TailLine.encode(step) else { return true }
                return Self.write(PrintableJSON(line).text)
            }
            return Self.write(TailLine.text(step, showsText: text, isColoured: isColoured))
        }
    }

    /// Makes sure that there is such an installation: of another, nothing would ever be shown.
    private static func check(_ installation: String, _ settings: Settings) async throws {
        var quiet = settings
        quiet.logLevel = max(settings.logLevel, .warning)
        try quiet.bootstrapLogging()
        let app = try App.open(settings, mustExist: true, logger: Logger(label: "byoc"))
        defer { app.close() }
        _ = try await app.installation(installation)
    }

    /// Writes each line at once, so that a reader of a pipe sees it immediately.
    ///
    /// - Returns: whether the output is still read.
    private static func write(_ line: String) -> Bool {
        var rest = Array((line + "\n").utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return false }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }
}
