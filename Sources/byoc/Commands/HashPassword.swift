import ArgumentParser
import Console
import Foundation
import Glibc
import RelayCore

/// `byoc hash-password`
struct HashPassword: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hash the admin password for BYOC_ADMIN_PASSWORD.",
        discussion: """
            Asks for the password, or reads one line from standard input, and prints a value for BYOC_ADMIN_PASSWORD \
            (scrypt, N = 32768, r = 8, p = 1). byoc serve applies it at its next start or reload.
            """)

    func run() throws {
        let isTyped = isatty(STDIN_FILENO) == 1
        let password = (isTyped ? Terminal.ask("Admin password", isSecret: true) : readLine()) ?? ""
        guard password.count >= AdminPassword.shortest else {
            throw CommandFailure(
                "The password is too short: \(Terminal.count(password.count, "character", "characters")).",
                remedy: "Use at least \(AdminPassword.shortest) characters.")
        }
        if isTyped, Terminal.ask("Repeat the password", isSecret: true) != password {
            throw CommandFailure("The passwords don't match.", remedy: "Try again.")
        }
        Terminal.print(try AdminPassword.hash(password))
    }
}
