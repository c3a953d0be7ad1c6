import ArgumentParser
import FastCGI
import Foundation

/// The program.
@main
struct Byoc: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "byoc",
        abstract: "Bring your own channel to Freshdesk Messaging (Freshchat).",
        discussion: """
            byoc connects a messaging channel, such as Viber, to Freshchat. Customers' messages become Freshchat \
            conversations, and agents' replies go back to the customers' phones.

            It is a FastCGI responder: run `byoc serve` behind nginx, connect a channel with `byoc install`, and manage \
            undelivered messages with `byoc outbox`. Settings are environment variables; `byoc config` lists them all. \
            Without any settings, every command except `serve` reads /etc/byoc/env if that file is readable.

            Exit codes: 0 success, 1 the command failed, 64 wrong usage, 78 invalid settings. For doctor and store check \
            also: 2 errors found, 3 only warnings found.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Running", subcommands: [Serve.self, RelayCommand.self, ConfigCommand.self, HashPassword.self]),
            CommandGroup(
                name: "Installations",
                subcommands: [
                    Install.self, Installations.self, Accounts.self, Show.self, InstallationCommand.self, SetKey.self,
                    Pause.self, Resume.self, Register.self, Uninstall.self,
                ]),
            CommandGroup(
                name: "Deliveries",
                subcommands: [Outbox.self, DeliveryCommand.self, Retry.self, MarkDelivered.self, Discard.self]),
            CommandGroup(name: "Data store", subcommands: [StoreCommand.self]),
            CommandGroup(name: "Diagnostics", subcommands: [DoctorCommand.self, Tail.self, Trigger.self]),
        ])

    /// Web servers start a FastCGI or CGI program without arguments.
    static func main() async {
        var arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.isEmpty, ListeningSocket.isInherited() || PlainCGI.isCGI { arguments = ["serve"] }
        do {
            var command = try await asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(with: error)
        }
    }

    /// Our own errors are shown in their own words; the parser's with its usage.
    private static func exit(with error: any Error) -> Never {
        if let text = ErrorText.text(of: error) {
            Terminal.note("byoc: \(text)")
            Foundation.exit(ErrorText.exitCode(of: error))
        }
        let message = fullMessage(for: error)
        let code = exitCode(for: error)
        if code.isSuccess || message.isEmpty { exit(withError: error) }
        Terminal.note(message)
        Foundation.exit(code.rawValue)
    }
}
