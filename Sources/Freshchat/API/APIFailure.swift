import FoundationEssentials
import HTTPTypes
import RelayCore

/// A call that wasn't answered with 2xx: what the flows look at, and what the engine gets to know in the end.
struct APIFailure: Error {
    /// The answer's status; `nil` when none came, or when the failure is one of ours.
    var status: Int?
    /// Freshchat's own code and sentence.
    var words: String
    /// The answer was 2xx, but not what the API gives.
    var isUnreadable = false
    var failure: DeliveryFailure

    init(status: Int? = nil, words: String = "", failure: DeliveryFailure) {
        self.status = status
        self.words = words
        self.failure = failure
    }

    /// The statuses with which Freshchat refuses a message that belongs elsewhere by now (freshchat.md §1.11).
    var maySayMoved: Bool { status == 400 || status == 404 || status == 409 }

    /// The customer has a newer conversation: this one won't take anything any more.
    var saysNotLatest: Bool { words.lowercased().contains("latest conversation") }

    /// The content is refused, so that no other conversation would take it either (freshchat.md §1.3).
    var refusesContent: Bool {
        let words = words.lowercased()
        return words.contains("fragment not supported") || words.contains("image_empty_content")
    }
}

/// What Freshchat says when it refuses: the error object, its second shape, or just text (freshchat.md §1.3).
private struct Refusal: Decodable {
    var status: String?
    var message: String?

    init(from decoder: any Decoder) throws {
        let object = try decoder.object()
        status = object.id("status") ?? object.id("error_code")
        message = object.id("message") ?? object.id("error_message") ?? object.id("error")
    }

    static func words(in reply: HTTPReply) -> String {
        if let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(reply.body)) {
            let words = [refusal.status, refusal.message].compactMap(\.self)
            if !words.isEmpty { return words.joined(separator: ": ").truncated(to: 500) }
        }
        if reply.body.isEmpty { return "no words" }
        if reply.looksLikeAPage { return "a web page, not an answer of the API" }
        return reply.excerpt()
    }
}

extension HTTPReply {
    /// A page for people, as a wrong address or a gateway in between gives.
    var looksLikeAPage: Bool {
        let type = headers[.contentType]?.lowercased() ?? ""
        if type.hasPrefix("text/html") { return true }
        return excerpt(200).trimmingWhiteSpace().hasPrefix("<")
    }

    fileprivate var traceID: String? {
        HTTPField.Name("X-Trace-ID").flatMap { headers[$0] }.map { $0.truncated(to: 100) }
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
        var words = Refusal.words(in: reply)
        let secret = token.reveal()
        if !secret.isEmpty { words = words.replacing(secret, with: token.masked) }
        let trace = reply.traceID.map { " (trace \($0))" } ?? ""
        let detail = "\(call): HTTP \(status), \(words)\(trace)"
        // A gateway that doesn't know the way, perhaps in passing. Were it taken for the API's own 404, a user or a
        // conversation would count as gone.
        let isStranger = status == 404 && reply.looksLikeAPage
        let failure: DeliveryFailure =
            switch status {
            case 404 where isStranger:
                DeliveryFailure(
                    .retry(after: nil), isCertain: !carriesMessage,
                    reason: "Something else answers in the place of Freshchat's API; look at the base URL",
                    detail: detail)
            case 401:
                DeliveryFailure(
                    .pause, reason: "Freshchat doesn't take the API token: it was replaced, deleted or has expired",
                    detail: detail)
            case 402, 403:
                DeliveryFailure(
                    .pause, reason: "Freshchat's API token has no right to do this", detail: detail)
            case 429:
                DeliveryFailure(
                    .slowDown(until: now.addingTimeInterval(reply.headers.rateLimitWait(now: now))),
                    reason: "Freshchat asks us to slow down", detail: detail)
            case 408, 425, 500...599:
                DeliveryFailure(
                    .retry(after: reply.headers.retryAfter(now: now)), isCertain: !carriesMessage,
                    reason: "Freshchat has a problem of its own", detail: detail)
            case 300...399:
                // Never followed, for the token would go along. It is repeated, because gateways redirect in passing.
                DeliveryFailure(
                    .retry(after: nil), reason: "Freshchat's API is at another address; look at the base URL",
                    detail: detail)
            default:
                DeliveryFailure(.giveUp, reason: "Freshchat refused it", detail: detail)
            }
        self.init(status: isStranger ? nil : status, words: words, failure: failure)
    }
}
