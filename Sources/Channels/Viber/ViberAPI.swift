import FoundationEssentials
import HTTPTypes
import RelayCore

extension HTTPField.Name {
    // A constant of letters and dashes is always a field name.
    static let viberAuthToken = HTTPField.Name("X-Viber-Auth-Token")!
}

/// Calls of Viber's API (viber.md §1).
struct ViberAPI {
    var settings: ViberSettings
    var http: any HTTPSender

    /// Makes one call.
    ///
    /// - Parameters:
    ///   - method: the last segment of the URL, `send_message`, say.
    ///   - keeps: whether an answer carries what the call promises besides the status. A send promises no more: its
    ///     `message_token` may be missed, for Viber's own 0 says that it took the message (viber.md §6).
    /// - Throws: ``ViberCallFailure`` for everything but an answer with the status 0 that keeps its promise.
    func call(
        _ method: String, _ body: some Encodable, timeout: Duration, keeps: (ViberReply) -> Bool = { _ in true }
    ) async throws(ViberCallFailure) -> ViberReply {
        guard !settings.token.isEmpty else { throw .notReady("this installation has no Viber token") }
        guard
            let request = HTTPRequest(
                .post, url: url(method),
                headers: [.contentType: "application/json", .viberAuthToken: settings.token.reveal()]),
            let body = viberJSON(body)
        else { throw .notReady("\(url(method)) isn't a valid address") }
        let reply: HTTPReply
        do {
            reply = try await http.send(request, body: body, timeout: timeout)
        } catch {
            throw .transport(error)
        }
        guard reply.status.kind == .successful else { throw .http(reply) }
        guard let answer = ViberReply(reply.body) else { throw .unreadable(reply) }
        guard answer.status == 0 else { throw .refused(status: answer.status, message: answer.statusMessage) }
        guard keeps(answer) else { throw .unreadable(reply) }
        return answer
    }

    func url(_ method: String) -> String { "\(settings.baseURL)/\(method)" }
}

/// Why a call brought nothing.
enum ViberCallFailure: Error {
    /// A setting is missing or wrong.
    case notReady(String)
    /// No answer came.
    case transport(TransportFailure)
    /// An HTTP status that Viber itself doesn't use: it answers 200 to everything (viber.md §1).
    case http(HTTPReply)
    /// An answer without Viber's status in it.
    case unreadable(HTTPReply)
    /// Viber's own status (viber.md §6).
    case refused(status: Int64, message: String?)
}

/// Viber's answer to any call: the status, and of the rest what we use.
struct ViberReply {
    /// 0 is success. Decide on this alone: the message that goes with it is unreliable (viber.md §6).
    var status: Int64
    var statusMessage: String?
    /// Of `send_message`: a number of 64 bits, or a text (viber.md §5.3, §7).
    var messageToken: String?
    /// Of `get_account_info`: the account's id, its name, its address and its webhook (viber.md §2.3).
    var id: String?
    var name: String?
    var uri: String?
    var webhook: String?

    /// - Returns: `nil` for what is no answer of Viber's: it has no status, or one that is an HTTP status and none of
    ///   Viber's numbers (viber.md §6), as gateways and frameworks write it.
    init?(_ json: [UInt8]) {
        guard let fields = JSONFields(json), let status = fields.integer("status"), !(100...599 ~= status) else {
            return nil
        }
        self.status = status
        statusMessage = fields.word("status_message")
        messageToken = fields.word("message_token")
        id = fields.word("id")
        name = fields.word("name")
        uri = fields.word("uri")
        webhook = fields.word("webhook")
    }
}

/// Viber's words as they may be shown: without secrets that they may repeat, and cut to a length.
func viberWords(_ text: String, hiding secrets: [Secret]) -> String { text.masking(secrets).truncated(to: 300) }

extension HTTPReply {
    func words(hiding secrets: [Secret]) -> String {
        // More than is shown, so that no secret is cut before it is hidden.
        let text = viberWords(excerpt(4000), hiding: secrets)
        return text.isEmpty ? "HTTP \(status.code)" : "HTTP \(status.code): \(text)"
    }
}

/// - Returns: `nil` for values that JSON has no form for, which none of ours has.
func viberJSON(_ value: some Encodable) -> [UInt8]? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map(Array.init)
}
