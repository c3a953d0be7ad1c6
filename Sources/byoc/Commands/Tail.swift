import ArgumentParser
import Foundation
import Glibc
import RelayCore

/// `byoc tail`
struct Tail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Follow live what the bridge does with each message.",
        discussion: """
            Shows each step of every worker as it happens, until Ctrl-C: a webhook received, verified, committed, or \
            refused and why; a delivery claimed, each call to a far side and its answer, delivered, or retried, in doubt, \
            dead. → goes from the customer to the agent, ← from the agent to the customer. The workers need not be \
            told: they see that somebody listens within a second. Nobody is slowed down by it; when lines come faster \
            than they can be shown, some are left out, and it says how many.

            Examples:
              byoc tail                           everything
              byoc tail --installation viber-x7k2 one installation
              byoc tail --text                    with the beginnings of the messages
              byoc tail --json | jq 'select(.step == "retrying")'
            """)

    @OptionGroup var settings: SettingsOptions

    @Flag(help: "One JSON object a line, with all there is, the messages' beginnings among it.") var json = false
    @Flag(help: "Show the beginnings of the messages too.") var text = false
    @Option(help: "Only this installation, by its id.", completion: .installation) var installation: String?

    func run() async throws {
        let listener = try TailListener(dataDirectory: settings.loader().load().dataDirectory)
        let isColoured =
            isatty(STDOUT_FILENO) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
        if isatty(STDERR_FILENO) == 1, !json { Terminal.note("Listening; Ctrl-C ends it.") }
        listener.run { step, missed in
            if missed > 0 {
                let words = "\(missed) \(missed == 1 ? "step was" : "steps were") missed of worker \(step.worker)"
                guard json ? Self.write("{\"missed\":\(missed),\"worker\":\(step.worker)}") : Self.write(words) else {
                    return false
                }
            }
            // What belongs to no installation concerns them all.
            if let installation, let other = step.installation, other != installation { return true }
            if json {
                guard let line = try? TailLine.encode(step) else { return true }
                return Self.write(PrintableJSON(line).text)
            }
            return Self.write(TailLine.text(step, showsText: text, isColoured: isColoured))
        }
    }

    /// Each line at once: whoever reads them from a pipe is to see them as they come.
    ///
    /// - Returns: whether anybody still reads.
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
