import ArgumentParser
import Console
import Foundation
import RelayCore

/// `byoc hash-password`
struct HashPassword: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a hash of the admin password, so that the password itself need not lie in the environment.",
        discussion: """
            Asks for the password, or reads one line from the standard input, and prints a value for \
            BYOC_ADMIN_PASSWORD (scrypt, N = 32768, r = 8, p = 1). byoc serve takes it at its next start or reload.
            """)

    func run() throws {
        let password = Terminal.ask("Admin password", isSecret: Terminal.isInteractive) ?? ""
        guard password.count >= AdminPassword.shortest else {
            throw CommandFailure(
                "The password has \(password.count) characters.",
                remedy: "Choose one of at least \(AdminPassword.shortest).")
        }
        if Terminal.isInteractive, Terminal.ask("Once more", isSecret: true) != password {
            throw CommandFailure("The two passwords differ.", remedy: "Try again.")
        }
        Terminal.print(try AdminPassword.hash(password))
    }
}
