import ArgumentParser
import Channels
import Foundation
import HTTPTypes
import Relay
import RelayCore

/// `byoc trigger`
struct Trigger: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Send a webhook to your own endpoint, as the channel would.",
        discussion: """
            Makes a webhook of the given kind, signs it with the installation's own credential, and sends it to the \
            target URL; then says what came back. Nothing tells it from a real one: a message goes on to Freshchat, \
            where a contact is made for the made-up customer.

            Kinds for viber: \(Self.kinds("viber")).

            Examples:
              byoc trigger viber message --text "Is anybody there?"
              byoc trigger viber picture --url https://example.com/cat.jpg --from Olena/u1
              byoc trigger viber seen --message 4912661846655238145
              byoc trigger viber message --repeat 2      the same webhook three times: only one arrives
              byoc trigger viber message --print         only prints the curl line

            Freshchat's webhooks can't be made here: they are signed with a private key that Freshchat keeps. To try \
            that way out, answer in Freshchat's inbox and watch with byoc tail.
            """)

    @OptionGroup var options: StoreOptions
    @Argument(help: "The channel: \(ChannelRegistry.all.map(\.descriptor.kind.rawValue).joined(separator: ", ")).")
    var channel: String
    @Argument(help: "The kind of event.") var kind: String
    @Option(help: "What is written.") var text: String?
    @Option(help: "The address of a picture, a file, a link.") var url: String?
    @Option(
        help: "Which installation; not needed when there is only one of the channel.", completion: .installation)
    var installation: String?
    @Option(help: "Who writes: a name, or NAME/ID with the id on the channel.") var from = "Trigger"
    @Option(help: "The message's id; a receipt is about it. A new one when left out.") var message: Int64?
    @Option(name: .customLong("repeat"), help: "Send the same webhook so many times again.") var repetitions = 0
    @Option(help: "Send it to this base URL instead of the public one: one's own nginx, say.") var to: String?
    @Flag(name: .customLong("print"), help: "Send nothing; print the curl line that would.") var printsOnly = false

    static func kinds(_ channel: ChannelKind) -> String {
        let imitating = ChannelRegistry.channel(channel) as? any WebhookImitating
        return (imitating?.imitations ?? []).map(\.kind).joined(separator: ", ")
    }

    func validate() throws {
        guard (0...1000).contains(repetitions) else { throw ValidationError("--repeat takes 0 to 1000.") }
    }

    func run() async throws {
        guard channel != "freshchat" else {
            throw CommandFailure(
                "Freshchat signs its webhooks with a private key that only Freshchat has, so byoc can't make one.",
                remedy: "Answer in Freshchat's inbox, or send a private note there, and watch with: byoc tail")
        }
        let app = try options.open(.baseURL)
        defer { app.close() }
        let chosen = try await choose(app)
        guard let imitating = App.channel(chosen.channel.kind) as? any WebhookImitating else {
            throw CommandFailure("byoc can't make webhooks of “\(channel)”.")
        }
        var profile = ContactProfile(userID: "byoc-trigger", name: from)
        if let slash = from.firstIndex(of: "/") {
            profile.name = String(from[..<slash])
            profile.userID = ChannelUserID(String(from[from.index(after: slash)...]))
        }
        let now = Date()
        let id = message ?? Int64(now.timeIntervalSince1970 * 1000) * 1_000_000 + .random(in: 0..<1_000_000)
        let wish = ImitationWish(from: profile, text: text, url: url, messageID: id, at: now)
        guard let webhook = imitating.imitate(kind, wish, account: chosen.channel) else {
            throw CommandFailure(
                "\(imitating.descriptor.name) has no event “\(kind)”.",
                remedy: "There are: \(Self.kinds(chosen.channel.kind))")
        }
        let target = to.map { Endpoints(baseURL: $0) } ?? app.endpoints
        let address = target.targetURL(of: chosen)
        // As it is, for the signature is of these bytes; all in it is the operator's own.
        if printsOnly { return print(Self.curl(webhook, to: address)) }
        try await App.withHTTP { http in
            for round in 0...repetitions {
                let answer = try await Self.send(webhook, to: address, over: http)
                if options.json {
                    try Terminal.printJSON(answer)
                } else {
                    Terminal.print((round == 0 ? "" : "Again: ") + answer.words.printableOnOneLine)
                }
                if round == repetitions, !answer.isAccepted { throw ExitCode(1) }
            }
        }
    }

    private func choose(_ app: App) async throws -> Installation {
        if let installation {
            let found = try await app.installation(installation)
            guard found.channel.kind.rawValue == channel else {
                throw CommandFailure("\(installation) is an installation of \(found.channel.kind), not of \(channel).")
            }
            return found
        }
        guard App.channel(ChannelKind(channel)) != nil else {
            let known = ChannelRegistry.all.map(\.descriptor.kind.rawValue).joined(separator: ", ")
            throw CommandFailure("There is no channel “\(channel)”.", remedy: "There are: \(known)")
        }
        let all = try await app.store.installations().filter {
            $0.channel.kind.rawValue == channel && $0.state != .removed
        }
        guard let first = all.first, all.count == 1 else {
            throw CommandFailure(
                all.isEmpty ? "No \(channel) account is connected." : "There are \(all.count) of \(channel).",
                remedy: all.isEmpty
                    ? "Connect one with: byoc install \(channel)"
                    : "Say which with --installation: \(all.map(\.id.rawValue).joined(separator: ", "))")
        }
        return first
    }
}

extension Trigger {
    /// What came back.
    struct Answer: Encodable {
        var status: Int
        var ms: Double
        var body: String
        var words: String
        var isAccepted: Bool { (200..<300).contains(status) }
    }

    private static func send(
        _ webhook: ImitatedWebhook, to address: String, over http: any HTTPSender
    ) async throws -> Answer {
        guard let request = HTTPRequest(webhook.method, url: address, headers: webhook.headers) else {
            throw CommandFailure("“\(address)” is no http or https URL.", remedy: "Check BYOC_BASE_URL, or --to.")
        }
        let host = "\(request.scheme ?? "")://\(request.authority ?? "")"
        let start = ContinuousClock.now
        do {
            let reply = try await http.send(request, body: webhook.body, timeout: .seconds(20))
            let taken = Double((ContinuousClock.now - start).microseconds) / 1000
            let words = words(for: reply, from: host)
            return Answer(
                status: reply.status.code, ms: taken, body: reply.excerpt(),
                words: "\(words) (HTTP \(reply.status.code), \(String(format: "%.1f", taken)) ms)")
        } catch {
            throw CommandFailure(
                "\(host) gave no answer: \(error)",
                remedy: "Is nginx running there, and is BYOC_BASE_URL right? byoc doctor finds out.")
        }
    }

    private static func words(for reply: HTTPReply, from host: String) -> String {
        let said = reply.excerpt(200).trimmingCharacters(in: .whitespacesAndNewlines)
        switch reply.status.code {
        case 200..<300: return "Accepted by \(host): it is on disk and on its way; byoc tail shows it"
        case 300..<400: return "\(host) redirects elsewhere; no channel follows that. Give the right address"
        case 403: return "Refused: \(said). Does the credential in this data folder differ from the workers'?"
        case 404 where said.contains("no such installation"):
            return "byoc answers at \(host), but doesn't know this installation: it has another data folder"
        case 404: return "\(host) has nothing there: it isn't byoc, or nginx doesn't pass /hook/ on to it"
        case 502, 504: return "nginx answers at \(host), but reaches no worker of byoc. Is byoc serve running?"
        case 503: return "Not accepted now; the channel would send it again: \(said)"
        default: return "Not accepted: \(said)"
        }
    }

    private static func curl(_ webhook: ImitatedWebhook, to address: String) -> String {
        var words = ["curl", "-sS", "-i", "-X", webhook.method.rawValue]
        for field in webhook.headers { words += ["-H", quoted("\(field.name.rawName): \(field.value)")] }
        words += ["--data-binary", quoted(String(decoding: webhook.body, as: UTF8.self)), quoted(address)]
        return words.joined(separator: " ")
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}
