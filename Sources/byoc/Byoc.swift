import ArgumentParser
import FastCGI
import Foundation
import RelayCore

/// The program.
@main
struct Byoc: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "byoc",
        abstract: "Bring your own channel to Freshdesk Messaging (Freshchat).",
        discussion: """
            byoc stands between a messaging channel such as Viber and Freshchat: what a customer writes on the channel \
            becomes a conversation, and what an agent answers goes back to the customer's phone.

            It is a FastCGI responder: run `byoc serve` behind nginx, connect a channel with `byoc install`, and look \
            after what waits with `byoc outbox`. Configuration is by environment; `byoc config` lists every key.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(
                name: "Running", subcommands: [Serve.self, RelayCommand.self, ConfigCommand.self, HashPassword.self]),
            CommandGroup(
                name: "Installations",
                subcommands: [
                    Install.self, Installations.self, Show.self, SetKey.self, Pause.self, Resume.self, Register.self,
                    Uninstall.self,
                ]),
            CommandGroup(
                name: "Deliveries", subcommands: [Outbox.self, DeliveryCommand.self, Retry.self, Discard.self]),
            CommandGroup(name: "Data store", subcommands: [StoreCommand.self]),
            CommandGroup(name: "Looking closer", subcommands: [DoctorCommand.self, Tail.self, Trigger.self]),
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

    /// Our own errors are told in their own words; the parser's with its usage.
    private static func exit(with error: any Error) -> Never {
        switch error {
        case is CommandFailure, is SettingsMistakes, is SetupFailure, is StoreFailure,
            is ListeningSocket.Failure:
            Terminal.note("byoc: \(error)")
            Foundation.exit(error is SettingsMistakes ? 78 : 1)
        default:
            let message = fullMessage(for: error)
            let code = exitCode(for: error)
            if code.isSuccess || message.isEmpty { exit(withError: error) }
            Terminal.note(message)
            Foundation.exit(code.rawValue)
        }
    }
}
