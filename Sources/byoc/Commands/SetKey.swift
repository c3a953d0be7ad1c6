import ArgumentParser
import Foundation
import RelayCore

/// `byoc set-key ID`
struct SetKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Set the public key of Freshchat's webhooks, or a new token.",
        discussion: """
            Freshchat shows the key only once its webhook is set, and allows only one API token at a time, so both are \
            set or replaced after the installation was made. They are read from --file, or from the standard input.
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case webhookKey = "webhook-key"
        case freshchatToken = "freshchat-token"
        case channelSecret = "channel-secret"
    }

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's id.") var id: String
    @Option(help: "Which: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).") var kind = Kind.webhookKey
    @Option(help: "The channel's setting, for a channel secret.") var field = "auth_token"
    @Option(help: "The file to read; - or nothing reads the standard input.") var file = "-"

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        var installation = try await app.installation(id)
        if installation.origin == .environment {
            throw CommandFailure("\(id) comes from the environment.", remedy: "Change its keys there and reload byoc.")
        }
        let value = try read()
        switch kind {
        case .webhookKey:
            if let problem = Install.keyProblem(value) { throw CommandFailure("This is no public key: \(problem)") }
            installation.helpdesk.webhookPublicKey = value
        case .freshchatToken:
            installation.helpdesk.token = Secret(value)
            _ = try await App.withHTTP { [installation] in try await app.helpdesk.check(installation.helpdesk, over: $0)
            }
        case .channelSecret:
            guard let channel = App.channel(installation.channel.kind), installation.channel.secrets[field] != nil
            else {
                let fields = installation.channel.secrets.keys.sorted().joined(separator: ", ")
                throw CommandFailure("The channel has no secret “\(field)”.", remedy: "It has: \(fields)")
            }
            installation.channel.secrets[field] = Secret(value)
            _ = try await App.withHTTP { [installation] in try await channel.check(installation.channel, over: $0) }
        }
        try await app.store.save(installation, now: Date())
        // A credential that was refused is what pauses an installation; with a good one it goes on.
        if kind != .webhookKey, case .paused = installation.state {
            try await app.store.resume(installation.id, now: Date())
        }
        if options.json { return try Terminal.printJSON(InstallationView(try await app.installation(id))) }
        print("Set.")
    }

    private func read() throws -> String {
        let data =
            file == "-" ? FileHandle.standardInput.readDataToEndOfFile() : WholeFile.contents(of: file)
        guard let data, !data.isEmpty else { throw CommandFailure("There is nothing to read in \(file).") }
        return String(decoding: data, as: UTF8.self).trimmingWhiteSpace()
    }
}
