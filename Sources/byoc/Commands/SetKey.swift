import ArgumentParser
import Foundation
import Freshchat
import Relay
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
    @Argument(help: "The installation's id.", completion: .installation) var id: String
    @Option(help: "Which: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).") var kind = Kind.webhookKey
    @Option(help: "The channel's setting, for a channel secret.") var field = "auth_token"
    @Option(help: "The file to read; - or nothing reads the standard input.") var file = "-"

    func run() async throws {
        let app = try options.open()
        defer { app.close() }
        let installation = try await app.installation(id)
        let credential: Credential
        switch kind {
        case .webhookKey: credential = .helpdeskKey
        case .freshchatToken: credential = .helpdeskToken
        case .channelSecret: credential = .channel(field)
        }
        let value = try read()
        if kind == .webhookKey, let problem = FreshchatFields.webhookKey.problem(value) {
            throw CommandFailure("This is no public key: \(problem)")
        }
        try await App.withHTTP { http in
            try await app.installer(over: http).replace(
                credential, of: installation, on: App.channel(installation.channel.kind), with: value)
        }
        if options.json { return try Terminal.printJSON(InstallationView(try await app.installation(id))) }
        Terminal.print("Set.")
    }

    private func read() throws -> String {
        let text = try WholeFile.text(of: file, remedy: "Check --file.").trimmingWhiteSpace()
        guard !text.isEmpty else { throw CommandFailure("There is nothing to read in \(file).") }
        return text
    }
}
