import ArgumentParser
import Channels
import Foundation
import HTTPTypes
import Relay
import RelayCore

/// `byoc trigger`
struct Trigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send a test webhook to your own endpoint, as the channel would.",
        discussion: """
            Creates a webhook of the given kind, signs it with the installation's credential, sends it to the target URL, \
            and shows the response. byoc treats it like a real one: a message reaches Freshchat, where a contact is created \
            for the made-up customer.

            Kinds for viber: \(Self.kinds("viber")).

            Examples:
              byoc trigger viber message --text "Is anybody there?"
              byoc trigger viber picture --url https://example.com/cat.jpg --from Olena/u1
              byoc trigger viber seen --message 4912661846655238145
              byoc trigger viber message --repeat 2      the same webhook three times: only one arrives
              byoc trigger viber message --print         only print the curl command

            byoc can't create Freshchat's webhooks, because Freshchat signs them with a private key. To test that \
            direction, reply in Freshchat's inbox and follow with byoc tail.
            """)

    @OptionGroup var options: StoreOptions
    @Argument(help: "The channel: \(ChannelRegistry.all.map(\.descriptor.kind.rawValue).joined(separator: ", ")).")
    var channel: String
    @Argument(help: "The kind of event.") var kind: String
    @Option(help: "The message's text.") var text: String?
    @Option(help: "The URL of a picture, a file or a link.") var url: String?
    @Option(help: "The installation; only needed if the channel has several.", completion: .installation)
    var installation: String?
    @Option(help: "The customer: a name, or NAME/ID with the ID on the channel.") var from = "Trigger"
    @Option(help: "The message's ID; the message that a receipt is about. A new ID by default.")
    var message: Int64?
    @Option(name: .customLong("repeat"), parsing: .unconditional, help: "Send the same webhook this many more times.")
    var repetitions = 0
    @Option(help: "Send to this base URL instead of the public one, e.g. a local nginx.") var to: String?
    @Flag(name: .customLong("print"), help: "Send nothing; print the curl command instead.") var printsOnly = false

    static func kinds(_ channel: ChannelKind) -> String {
        let maker = ChannelRegistry.channel(channel) as? any SampleEventMaking
        return (maker?.sampleEvents ?? []).map(\.kind).joined(separator: ", ")
    }

    func validate() throws {
        guard (0...1000).contains(repetitions) else {
            throw ValidationError("--repeat takes 0 to 1000, not \(repetitions).")
        }
    }

    func run() async throws {
        guard channel != "freshchat" else {
            throw CommandFailure(
                "byoc can't create Freshchat's webhooks, because Freshchat signs them with a private key.",
                remedy: "Reply, or add a private note, in Freshchat's inbox, and follow with: byoc tail")
        }
        let app = try options.open(.baseURL)
        defer { app.close() }
        let chosen = try await choose(app)
        guard let maker = App.channel(chosen.channel.kind) as? any SampleEventMaking else {
            throw CommandFailure("byoc can't create webhooks for the channel “\(channel)”.")
        }
        var profile = ContactProfile(userID: "byoc-trigger", name: from)
        if let slash = from.firstIndex(of: "/") {
            profile.name = String(from[..<slash])
            profile.userID = ChannelUserID(String(from[from.index(after: slash)...]))
        }
        let now = Date()
        let id = message ?? Int64(now.timeIntervalSince1970 * 1000) * 1_000_000 + .random(in: 0..<1_000_000)
        let event = SampleEvent(from: profile, text: text, url: url, messageID: id, at: now)
        guard let webhook = maker.sampleWebhook(kind, event, account: chosen.channel) else {
            throw CommandFailure(
                "\(maker.descriptor.name) has no event “\(kind)”.",
                remedy: "Kinds: \(Self.kinds(chosen.channel.kind))", exitCode: CommandFailure.usage)
        }
        let target = to.map { Endpoints(baseURL: $0) } ?? app.endpoints
        let shot = try TriggeredWebhook(webhook, to: target.targetURL(of: chosen))
        // Unescaped, because the signature covers these bytes; all of it is the operator's own input.
        if printsOnly { return print(shot.curl) }
        var wait: String?
        if case .paused(let reason, _, _) = chosen.state(towards: .helpdesk) {
            let isOwn = chosen.ownState != .active
            wait = isOwn ? "The installation is paused" : "The \(app.helpdesk.name) account is paused"
            let paused = isOwn ? "\(chosen.id)" : "The \(app.helpdesk.name) account of \(chosen.id)"
            Terminal.note("\(paused) is paused: \(reason)".printableOnOneLine)
        }
        let history = TriggeredMessage(
            store: app.store, installation: chosen.id, user: profile.userID, id: ChannelMessageID(String(id)))
        try await App.withHTTP { http in
            for round in 0...repetitions {
                let earlier = try await history.delivery()
                var answer = try await shot.send(over: http)
                if answer.isAccepted {
                    answer.note(earlier: earlier, delivery: try await history.delivery(), wait: wait)
                }
                if options.json {
                    try Terminal.printJSON(answer)
                } else {
                    Terminal.print((round == 0 ? "" : "Repeat \(round): ") + answer.words.printableOnOneLine)
                }
                if round == repetitions, !answer.isAccepted { throw ExitCode(1) }
            }
        }
    }

    private func choose(_ app: App) async throws -> Installation {
        if let installation {
            let found = try await app.installation(installation)
            guard found.channel.kind.rawValue == channel else {
                throw CommandFailure(
                    "\(installation) is a \(found.channel.kind) installation, not a \(channel) one.",
                    remedy: "Run: byoc trigger \(found.channel.kind) \(kind) --installation \(installation)")
            }
            return found
        }
        guard App.channel(ChannelKind(channel)) != nil else {
            let known = ChannelRegistry.all.map(\.descriptor.kind.rawValue).joined(separator: ", ")
            throw CommandFailure(
                "There is no channel “\(channel)”.", remedy: "Channels: \(known)", exitCode: CommandFailure.usage)
        }
        let all = try await app.store.installations().filter {
            $0.channel.kind.rawValue == channel && $0.state != .removed
        }
        let name = App.channel(ChannelKind(channel))?.descriptor.name ?? channel
        guard let first = all.first, all.count == 1 else {
            throw CommandFailure(
                all.isEmpty ? "There is no \(name) installation." : "There are \(all.count) \(name) installations.",
                remedy: all.isEmpty
                    ? "Connect one: byoc install \(channel)"
                    : "Choose one with --installation: \(all.map(\.id.rawValue).joined(separator: ", "))")
        }
        return first
    }
}
