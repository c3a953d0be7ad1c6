import FoundationEssentials
import HTTPTypes
import RelayCore

/// A call that failed, or whose response doesn't have what the call promises.
///
/// A failure is certain only if Freshchat certainly applied nothing (freshchat.md §1.3). If the call posts a message, any
/// other failure is in doubt, and byoc looks the message up. All other calls can be repeated without harm.
///
/// | answer | remedy | a message is certainly not there |
/// |---|---|---|
/// | no response | retry | if the connection shows it |
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
    /// The response's status; `nil` without a response, if it isn't Freshchat's, or if the failure is byoc's own.
    var status: Int?
    /// Freshchat's own code and sentence.
    var words: String
    /// Whether the response isn't one of Freshchat's API.
    var isUnreadable = false
    var failure: DeliveryFailure

    init(status: Int? = nil, words: String = "", failure: DeliveryFailure) {
        self.status = status
        self.words = words
        self.failure = failure
    }

    /// The statuses with which Freshchat rejects a message that belongs to another conversation (freshchat.md §1.11). The
    /// conversation itself shows which case it is.
    var maySayMoved: Bool { status == 400 || status == 409 || saysGone }

    /// There is no such conversation, user or agent.
    var saysGone: Bool { status == 404 || status == 410 }

    /// The customer has a newer conversation, so this one accepts no more messages.
    var saysNotLatest: Bool { maySayMoved && words.lowercased().contains("latest conversation") }

    /// The content is rejected, so every other conversation would reject it too (freshchat.md §1.3).
    var refusesContent: Bool {
        let words = words.lowercased()
        return words.contains("fragment not supported") || words.contains("image_empty_content")
    }
}

/// The words of an error response: the error object, its second shape, or plain text (freshchat.md §1.3).
enum Refusal {
    /// Longer than the shown length, so that a token is masked before the text is cut.
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

    /// The reason why Freshchat rejected a message despite a 2xx: the message has the status "Failed", or an error's
    /// fields with something in them (freshchat.md §1.3, §1.10).
    ///
    /// - Returns: `nil` for an accepted message.
    static func words(ofMessage fields: JSONFields) -> String? {
        let code = fields.word("error_code").flatMap { $0 == "0" ? nil : $0 }
        let said = [fields.word("error_category"), code, fields.word("error_message")].compactMap(\.self)
        let hasFailed = fields.text("status")?.lowercased() == "failed"
        guard hasFailed || !said.isEmpty else { return nil }
        return said.isEmpty ? "Failed" : said.joined(separator: ": ").truncated(to: longest)
    }
}

extension HTTPReply {
    /// Whether the body is a web page, as from a wrong address or a gateway.
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
    /// A response that isn't 2xx.
    ///
    /// - Parameters:
    ///   - carriesMessage: whether the call brings a message. Only then can its outcome be in doubt: looking something up
    ///     twice, or making sure twice that a user is there, does no harm.
    ///   - token: masked if the response repeats it.
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
            // A gateway's page, perhaps temporary. If it counted as the API's own 404, a user or a conversation would count
            // as deleted.
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
            // Never followed, because the token would go along. Retried, because gateways redirect temporarily.
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

    /// A 2xx response without what the call promises.
    ///
    /// - Parameters:
    ///   - carriesMessage: as for an answer that isn't 2xx.
    ///   - found: the content instead; `nil` to read it from the body.
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

    /// A message that Freshchat rejected despite a 2xx. It counts as a 400 (freshchat.md §1.9).
    init(failed words: String, call: String, token: Secret) {
        let words = words.shown(hiding: token)
        self.init(
            status: 400, words: words,
            failure: DeliveryFailure(
                .giveUp, reason: "Freshchat rejected the request", detail: "\(call): the message failed, \(words)"))
    }
}

extension HTTPReply {
    /// A description of an unexpected body.
    fileprivate var instead: String {
        if body.isEmpty { return "an empty body" }
        if looksLikeAPage { return "a web page" }
        guard let fields = JSONFields(body) else { return "an unreadable body of \(body.count) bytes" }
        if let words = Refusal.words(in: fields) { return "other content: \(words)" }
        return "a body of \(body.count) bytes without the expected fields"
    }
}

extension String {
    fileprivate func shown(hiding token: Secret) -> String { masking([token]).truncated(to: 500) }
}
