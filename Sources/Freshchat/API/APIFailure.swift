import FoundationEssentials
import HTTPTypes
import RelayCore

/// A call that Freshchat didn't answer as the call promises: what the flows look at, and what the engine gets to know in the
/// end.
///
/// Certain is only what was certainly not applied (freshchat.md §1.3). Of a call that brings a message, everything else is
/// in doubt and looked up in the conversation; any other call can be repeated without harm.
///
/// | answer | remedy | a message is certainly not there |
/// |---|---|---|
/// | no answer | retry | as far as the connection tells |
/// | 2xx without what the call promises | retry | no |
/// | 2xx with a message that failed | as 400 | yes |
/// | 400 | the ladder of §1.11, then a dead letter | yes |
/// | 401 | pause | yes |
/// | 402, 403 | pause | yes |
/// | 404, 410 | the ladder, then a dead letter | yes |
/// | 409 | the ladder, then retry: the conflict may be with what it did itself | no |
/// | 413, 414, 415, 422, 431 | dead letter: the content is refused | yes |
/// | 429 | nothing goes to the account until the time that it names | yes |
/// | 408, 425 and 500 to 599 | retry | no |
/// | a web page with another 4xx: something else answers | retry | no |
/// | 1xx, 3xx, any other 4xx, 600 and above | retry | no |
struct APIFailure: Error {
    /// The answer's status; `nil` when none came, when something else than Freshchat gave it, or when the failure is one of
    /// ours.
    var status: Int?
    /// Freshchat's own code and sentence.
    var words: String
    /// What answered isn't Freshchat's API, or not as the API does.
    var isUnreadable = false
    var failure: DeliveryFailure

    init(status: Int? = nil, words: String = "", failure: DeliveryFailure) {
        self.status = status
        self.words = words
        self.failure = failure
    }

    /// The statuses with which Freshchat refuses a message that belongs elsewhere by now (freshchat.md §1.11). What it means
    /// by them, the conversation itself tells.
    var maySayMoved: Bool { status == 400 || status == 409 || saysGone }

    /// There is no such conversation, user or agent.
    var saysGone: Bool { status == 404 || status == 410 }

    /// The customer has a newer conversation: this one won't take anything any more.
    var saysNotLatest: Bool { maySayMoved && words.lowercased().contains("latest conversation") }

    /// The content is refused, so that no other conversation would take it either (freshchat.md §1.3).
    var refusesContent: Bool {
        let words = words.lowercased()
        return words.contains("fragment not supported") || words.contains("image_empty_content")
    }
}

/// What Freshchat says when it refuses: the error object, its second shape, or just text (freshchat.md §1.3).
enum Refusal {
    /// More than is shown, so that no token is cut before it is hidden.
    private static let longest = 4000

    static func words(in reply: HTTPReply) -> String {
        if let words = JSONFields(reply.body).flatMap(words(in:)) { return words }
        if reply.body.isEmpty { return "empty body" }
        if reply.looksLikeAPage { return "a web page, not an API response" }
        return reply.excerpt(longest)
    }

    /// - Returns: `nil` for an object that isn't an error's.
    static func words(in fields: JSONFields) -> String? {
        let words = [
            fields.firstID("status", "error_code"), fields.firstID("message", "error_message", "error"),
        ].compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: ": ").truncated(to: longest)
    }

    /// Why Freshchat did not take a message that it answered with 2xx: the message has the status "Failed", or an error's
    /// fields with something in them (freshchat.md §1.3, §1.10).
    ///
    /// - Returns: `nil` for a message that is none the worse.
    static func words(ofMessage fields: JSONFields) -> String? {
        let code = fields.word("error_code").flatMap { $0 == "0" ? nil : $0 }
        let said = [fields.word("error_category"), code, fields.word("error_message")].compactMap(\.self)
        let hasFailed = fields.text("status")?.lowercased() == "failed"
        guard hasFailed || !said.isEmpty else { return nil }
        return said.isEmpty ? "Failed" : said.joined(separator: ": ").truncated(to: longest)
    }
}

extension HTTPReply {
    /// A page for people, as a wrong address or a gateway in between gives.
    var looksLikeAPage: Bool {
        let type = headers[.contentType]?.lowercased() ?? ""
        if type.hasPrefix("text/html") { return true }
        return excerpt(200).trimmingWhiteSpace().hasPrefix("<")
    }

    fileprivate var trace: String {
        let id = HTTPField.Name("X-Trace-ID").flatMap { headers[$0] }
        return id.map { " (trace \($0.truncated(to: 100)))" } ?? ""
    }
}

extension APIFailure {
    /// An answer that isn't 2xx.
    ///
    /// - Parameters:
    ///   - carriesMessage: whether the call brings a message. Only then can its outcome be in doubt: looking something up
    ///     twice, or making sure twice that a user is there, does no harm.
    ///   - token: is masked should it stand in the answer.
    init(answer reply: HTTPReply, call: String, carriesMessage: Bool, token: Secret, now: Date) {
        let status = reply.status.code
        let words = Refusal.words(in: reply).shown(hiding: token)
        let detail = "\(call): HTTP \(status), \(words)\(reply.trace)"
        let isInDoubt = carriesMessage
        var isStranger = false
        let failure: DeliveryFailure
        switch status {
        case 401:
            failure = DeliveryFailure(
                .pause, reason: "Freshchat rejected the API token: it was replaced or deleted, or it has expired",
                detail: detail)
        case 413:
            failure = DeliveryFailure(.giveUp, reason: "Freshchat rejected the request", detail: detail)
        case 429:
            failure = DeliveryFailure(
                .slowDown(until: now.addingTimeInterval(reply.headers.rateLimitWait(now: now))),
                reason: "Freshchat's rate limit is reached", detail: detail)
        case 408, 425:
            failure = DeliveryFailure(
                .retry(after: reply.headers.retryAfter(now: now)), isCertain: !isInDoubt,
                reason: "Freshchat timed out (HTTP \(status))", detail: detail)
        case 400...499 where reply.looksLikeAPage:
            // A gateway that doesn't know the way, perhaps in passing. Were it taken for the API's own 404, a user or a
            // conversation would count as gone.
            isStranger = true
            failure = DeliveryFailure(
                .retry(after: nil), isCertain: !isInDoubt,
                reason: "The response isn't from Freshchat's API; check the API address", detail: detail)
        case 402, 403:
            failure = DeliveryFailure(
                .pause, reason: "Freshchat's API token lacks permission for this", detail: detail)
        case 409:
            failure = DeliveryFailure(
                .retry(after: nil), isCertain: !isInDoubt, reason: "Freshchat reported a conflict", detail: detail)
        case 400, 404, 410, 414, 415, 422, 431:
            failure = DeliveryFailure(.giveUp, reason: "Freshchat rejected the request", detail: detail)
        case 500...599:
            failure = DeliveryFailure(
                ServiceFault(service: "Freshchat", status: status), after: reply.headers.retryAfter(now: now),
                isCertain: !isInDoubt, detail: detail)
        case 300...399:
            // Never followed, for the token would go along. It is repeated, because gateways redirect in passing.
            failure = DeliveryFailure(
                .retry(after: nil), isCertain: !isInDoubt,
                reason: "Freshchat's API redirects to another address; check the API address", detail: detail)
        default:
            failure = DeliveryFailure(
                .retry(after: nil), isCertain: !isInDoubt,
                reason: "Freshchat answered HTTP \(status); it may or may not have acted", detail: detail)
        }
        self.init(status: isStranger ? nil : status, words: words, failure: failure)
        isUnreadable = isStranger
    }

    /// An answer that is 2xx and doesn't carry what the call promises.
    ///
    /// - Parameters:
    ///   - carriesMessage: as for an answer that isn't 2xx.
    ///   - found: what it carries instead; `nil`: the body tells.
    init(unkept reply: HTTPReply, call: String, carriesMessage: Bool, token: Secret, found: String? = nil) {
        let found = found ?? reply.instead.shown(hiding: token)
        self.init(
            failure: DeliveryFailure(
                .retry(after: nil), isCertain: !carriesMessage,
                reason: carriesMessage
                    ? "Freshchat's response doesn't confirm the message" : "Freshchat's response is unreadable",
                detail: "\(call): HTTP \(reply.status.code) with \(found)\(reply.trace)"))
        isUnreadable = true
    }

    /// A message that Freshchat answered with 2xx and didn't take. It counts as refused with 400 (freshchat.md §1.9).
    init(failed words: String, call: String, token: Secret) {
        let words = words.shown(hiding: token)
        self.init(
            status: 400, words: words,
            failure: DeliveryFailure(
                .giveUp, reason: "Freshchat rejected the request", detail: "\(call): the message failed, \(words)"))
    }
}

extension HTTPReply {
    /// What the body is, where another one was expected.
    fileprivate var instead: String {
        if body.isEmpty { return "an empty body" }
        if looksLikeAPage { return "a web page" }
        guard let fields = JSONFields(body) else { return "an unreadable body of \(body.count) bytes" }
        if let words = Refusal.words(in: fields) { return "other content: \(words)" }
        return "a body of \(body.count) bytes without the expected fields"
    }
}

extension String {
    fileprivate func shown(hiding token: Secret) -> String {
        let secret = token.reveal()
        return (secret.isEmpty ? self : replacing(secret, with: token.masked)).truncated(to: 500)
    }
}
