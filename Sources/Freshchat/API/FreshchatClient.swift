import FoundationEssentials
import HTTPTypes
import RelayCore

/// Freshchat's REST API for one account (freshchat.md §1). Each function is one request, the lists apart.
struct FreshchatClient: Sendable {
    let account: HelpdeskAccount
    let http: any HTTPSender
    let now: @Sendable () -> Date
    let serverClock: ServerClock

    /// For requests that change something.
    static let writeTimeout = Duration.seconds(20)
    /// For requests that only read.
    static let readTimeout = Duration.seconds(10)

    /// Makes one call.
    ///
    /// - Parameters:
    ///   - path: below the base URL, percent-encoded.
    ///   - carriesMessage: see ``APIFailure/init(answer:call:carriesMessage:token:now:)``.
    /// - Returns: the answer, whose status is 2xx. Which one says nothing more (freshchat.md §1.3), and neither does it say
    ///   that anything was done: that is for the body to say.
    func call(
        _ method: HTTPRequest.Method, _ path: String, query: String = "", body: [UInt8]? = nil,
        carriesMessage: Bool = false
    ) async throws(APIFailure) -> HTTPReply {
        var headers = HTTPFields()
        headers[.authorization] = "Bearer " + account.token.reveal().trimmingWhiteSpace()
        headers[.accept] = "application/json"
        if body != nil { headers[.contentType] = "application/json" }
        let base: FreshchatBaseURL
        do {
            base = try FreshchatBaseURL(parsing: account.baseURL)
        } catch {
            throw Self.unusable(error.problem)
        }
        guard
            let request = HTTPRequest(
                method, url: base.text + path + (query.isEmpty ? "" : "?" + query), headers: headers)
        else { throw Self.unusable("The Freshchat API address isn't a URL.") }

        let sentAt = now()
        let reply: HTTPReply
        do {
            reply = try await http.send(
                request, body: body ?? [], timeout: method == .get ? Self.readTimeout : Self.writeTimeout)
        } catch {
            var failure = DeliveryFailure(error, to: "Freshchat")
            if !carriesMessage { failure.isCertain = true }
            throw APIFailure(failure: failure)
        }
        serverClock.note(reply, of: account.baseURL, sentAt: sentAt, now: now())
        guard reply.status.kind == .successful else {
            throw APIFailure(
                answer: reply, call: "\(method.rawValue) \(path)", carriesMessage: carriesMessage, token: account.token,
                now: now())
        }
        return reply
    }

    /// Reads an object.
    ///
    /// - Throws: also for an answer that lacks what the call promises.
    func get<Answer: FreshchatAnswer>(
        _ path: String, query: String = "", as type: Answer.Type = Answer.self
    ) async throws(APIFailure) -> Answer {
        let reply = try await call(.get, path, query: query)
        guard let answer = Self.read(Answer.self, from: reply) else {
            throw unkept(reply, call: "GET \(path)")
        }
        return answer
    }

    /// Reads an object that may not be there.
    func find<Answer: FreshchatAnswer>(
        _ path: String, query: String = "", as type: Answer.Type = Answer.self
    ) async throws(APIFailure) -> Answer? {
        do {
            return try await get(path, query: query, as: type)
        } catch {
            guard error.saysGone else { throw error }
            return nil
        }
    }

    static func read<Answer: FreshchatAnswer>(_ type: Answer.Type, from reply: HTTPReply) -> Answer? {
        JSONFields(reply.body).flatMap(Answer.init)
    }

    static func encode(_ body: some Encodable) throws(APIFailure) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try Array(encoder.encode(body))
        } catch {
            throw APIFailure(
                failure: DeliveryFailure(
                    .giveUp, reason: "The message can't be encoded as JSON", detail: String(describing: error)))
        }
    }

    /// A 2xx without what the call promises.
    ///
    /// - Parameters:
    ///   - carriesMessage: see ``APIFailure/init(answer:call:carriesMessage:token:now:)``.
    ///   - found: what the answer is instead; `nil`: its body tells.
    func unkept(
        _ reply: HTTPReply, call: String, carriesMessage: Bool = false, found: String? = nil
    ) -> APIFailure {
        APIFailure(unkept: reply, call: call, carriesMessage: carriesMessage, token: account.token, found: found)
    }

    private static func unusable(_ problem: String) -> APIFailure {
        APIFailure(failure: DeliveryFailure(.pause, reason: "Calls to Freshchat are impossible", detail: problem))
    }
}

/// An object of an answer's, read leniently.
protocol FreshchatAnswer {
    /// - Returns: `nil` if the object lacks what the call promises.
    init?(_ fields: JSONFields)
}

extension OpaqueID {
    /// The id as one segment of a path. Dots alone would be taken for a way up.
    var pathSegment: String {
        rawValue.allSatisfy { $0 == "." } ? rawValue.replacing(".", with: "%2E") : rawValue.percentEncoded
    }
}
