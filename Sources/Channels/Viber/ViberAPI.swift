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
    /// - Parameter method: the last segment of the URL, `send_message`, say.
    /// - Throws: ``ViberCallFailure`` for everything but an answer with the status 0.
    func call(
        _ method: String, _ body: some Encodable, timeout: Duration
    ) async throws(ViberCallFailure) -> ViberReply {
        guard !settings.token.isEmpty else { throw .notReady("this installation has no Viber token") }
        guard
            let request = HTTPRequest(
                .post, url: url(method),
                headers: [.contentType: "application/json", .viberAuthToken: settings.token.reveal()]),
            let body = viberJSON(body)
        else { throw .notReady("\(url(method)) is no address that a request can be sent to") }
        let reply: HTTPReply
        do {
            reply = try await http.send(request, body: body, timeout: timeout)
        } catch {
            throw .transport(error)
        }
        guard reply.status.kind == .successful else { throw .http(reply) }
        guard let answer = try? JSONDecoder().decode(ViberReply.self, from: Data(reply.body)),
            let status = answer.status
        else { throw .unreadable(reply) }
        guard status == 0 else { throw .refused(status: status, message: answer.statusMessage) }
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
struct ViberReply: Decodable {
    /// 0 is success. Decide on this alone: the message that goes with it is unreliable (viber.md §6).
    var status: Int64?
    var statusMessage: String?
    /// Of `send_message`: a number of 64 bits, or a text (viber.md §5.3, §7).
    var messageToken: String?
    /// Of `get_account_info`: the account's name, its address and its webhook (viber.md §2.3).
    var name: String?
    var uri: String?
    var webhook: String?

    private enum CodingKeys: String, CodingKey {
        case status, name, uri, webhook
        case statusMessage = "status_message"
        case messageToken = "message_token"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        status = fields.integer(.status)
        statusMessage = fields.word(.statusMessage)
        messageToken = fields.word(.messageToken)
        name = fields.word(.name)
        uri = fields.word(.uri)
        webhook = fields.word(.webhook)
    }
}

/// The far side's words as they may be shown: without the secrets that they may repeat, and not too long.
func viberWords(_ text: String, hiding secrets: [String]) -> String {
    var text = text
    for secret in secrets where !secret.isEmpty {
        text = text.replacing(secret, with: "••••")
    }
    return text.truncated(to: 300)
}

extension HTTPReply {
    func words(hiding secrets: [String]) -> String {
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
