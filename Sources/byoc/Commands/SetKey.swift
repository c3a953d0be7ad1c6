import ArgumentParser
import Foundation
import Freshchat
import Relay
import RelayCore

/// `byoc set-key ID`
struct SetKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Set Freshchat's public key, or replace a token.",
        discussion: """
            Freshchat shows its public key only after its webhook is set, so the key is set after the installation. \
            The value is read from --file, or from standard input. A replaced token is checked before it is saved. If the \
            old one was refused, all installations of the account then resume; one that an operator has paused stays paused.

            Examples:
              byoc set-key viber-x7k2 --file key.pem
              byoc set-key viber-x7k2 --kind channel-secret < token.txt
            """)

    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case webhookKey = "webhook-key"
        case freshchatToken = "freshchat-token"
        case channelSecret = "channel-secret"

        /// What a service refuses when it pauses the account.
        init(of side: Side) { self = side == .helpdesk ? .freshchatToken : .channelSecret }
    }

    @OptionGroup var options: StoreOptions
    @Argument(help: "The installation's ID.", completion: .installation) var id: String
    @Option(help: "The credential to set: \(Kind.allCases.map(\.rawValue).joined(separator: ", ")).") var kind = Kind
        .webhookKey
    @Option(help: "The name of the channel's secret, with --kind channel-secret.") var field = "auth_token"
    @Option(help: "The file to read; - reads standard input.") var file = "-"

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
            throw CommandFailure(
                problem, remedy: "Copy the whole key from Freshchat, including the BEGIN and END lines.")
        }
        try await App.withHTTP { http in
            try await app.installer(over: http).replace(
                credential, of: installation, on: App.channel(installation.channel.kind), with: value)
        }
        let after = try await app.installation(id)
        if options.json { return try Terminal.printJSON(InstallationView(after)) }
        switch (installation.isActive, after.state) {
        case (false, .active): Terminal.print("Saved for \(id). Resumed \(id): queued messages are sent now.")
        case (_, .paused(let reason, _, _)):
            Terminal.print(
                "Saved for \(id). It is still paused: \(reason) To resume: byoc resume \(id)".printableOnOneLine)
        case (true, .active), (_, .draining), (_, .removed): Terminal.print("Saved for \(id).")
        }
    }

    private func read() throws -> String {
        let text = try WholeFile.text(of: file, remedy: "Check --file.").trimmingWhiteSpace()
        guard !text.isEmpty else {
            throw CommandFailure(
                "\(file == "-" ? "Standard input" : file) is empty.",
                remedy: "Pass the value with --file or on standard input.")
        }
        return text
    }
}
