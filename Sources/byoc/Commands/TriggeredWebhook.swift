import Foundation
import HTTPTypes
import RelayCore

/// A test webhook on its way to a target URL.
struct TriggeredWebhook {
    private let webhook: SampleWebhook
    private let address: String
    private let request: HTTPRequest

    /// - Throws: ``CommandFailure`` if the address isn't one that can be called.
    init(_ webhook: SampleWebhook, to address: String) throws(CommandFailure) {
        guard let request = HTTPRequest(webhook.method, url: address, headers: webhook.headers) else {
            throw CommandFailure(
                "“\(address)” isn't an http or https URL with a valid host and port.",
                remedy: "Check --to, or BYOC_BASE_URL.")
        }
        self.webhook = webhook
        self.address = address
        self.request = request
    }

    /// The same as a command for a shell.
    var curl: String {
        var words = ["curl", "-sS", "-i", "-X", webhook.method.rawValue]
        for field in webhook.headers { words += ["-H", Self.quoted("\(field.name.rawName): \(field.value)")] }
        words += ["--data-binary", Self.quoted(String(decoding: webhook.body, as: UTF8.self)), Self.quoted(address)]
        return words.joined(separator: " ")
    }

    func send(over http: any HTTPSender) async throws(CommandFailure) -> TriggerAnswer {
        let host = "\(request.scheme ?? "")://\(request.authority ?? "")"
        let start = ContinuousClock.now
        do {
            let reply = try await http.send(request, body: webhook.body, timeout: .seconds(20))
            return TriggerAnswer(reply, from: host, after: ContinuousClock.now - start)
        } catch {
            throw CommandFailure(
                "\(host) doesn't respond: \(error)",
                remedy: "Check that nginx is running there and that BYOC_BASE_URL is right. To diagnose: byoc doctor")
        }
    }

    private static func quoted(_ text: String) -> String { "'" + text.replacing("'", with: "'\\''") + "'" }
}

/// The response to a test webhook, and what became of it.
struct TriggerAnswer: Encodable {
    var status: Int
    var ms: Double
    var body: String
    var words: String
    /// The message's delivery; `nil` if the event isn't a message, or if it can't be found here.
    var delivery: Int64?
    /// Whether the message was known already; `nil` if that can't be known here.
    var isRepeat: Bool?
    private let figures: String

    private enum CodingKeys: String, CodingKey {
        case status, ms, body, words, delivery
        case isRepeat = "repeat"
    }

    var isAccepted: Bool { (200..<300).contains(status) }

    init(_ reply: HTTPReply, from host: String, after time: Duration) {
        status = reply.status.code
        ms = Double(time.microseconds) / 1000
        body = reply.excerpt()
        figures = "(HTTP \(reply.status.code), \(String(format: "%.1f", ms)) ms)"
        words = "\(Self.words(for: reply, from: host)) \(figures)"
    }

    /// Says what became of an accepted message.
    ///
    /// - Parameters:
    ///   - earlier: its delivery before it was sent.
    ///   - delivery: its delivery now.
    ///   - wait: what keeps it from being sent, up to the pause's reason; `nil` if nothing does.
    mutating func note(earlier: DeliveryID?, delivery: DeliveryID?, wait: String?) {
        guard let delivery else { return }
        self.delivery = delivery.rawValue
        isRepeat = earlier != nil
        let outcome = earlier == nil ? "Accepted as #\(delivery)" : "Absorbed as a repeat of #\(delivery)"
        let next = wait.map { "\($0): #\(delivery) waits until it is resumed." } ?? "Follow: byoc tail"
        words = "\(outcome) \(figures). \(next)"
    }

    private static func words(for reply: HTTPReply, from host: String) -> String {
        let said = reply.excerpt(200).trimmingCharacters(in: .whitespacesAndNewlines)
        switch reply.status.code {
        case 200..<300: return "Accepted by \(host)"
        case 300..<400: return "\(host) redirects, and no channel follows redirects. Use the final URL"
        case 403: return "Refused: \(said). Check that the workers use the same data folder and credential"
        case 404 where said.contains("no such installation"):
            return "byoc responds at \(host) but doesn't know this installation: it uses another data folder"
        case 404: return "Nothing found at \(host): it isn't byoc, or nginx doesn't pass /hook/ to byoc"
        case 502, 504: return "nginx responds at \(host) but reaches no byoc worker. Check that byoc serve is running"
        case 503: return "Not accepted now; the channel would retry: \(said)"
        default: return "Not accepted: \(said)"
        }
    }
}
