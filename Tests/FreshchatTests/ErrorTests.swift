import FoundationEssentials
import Freshchat
import HTTPTypes
import RelayCore
import RelayTesting
import Testing

@Suite("What Freshchat's refusals mean")
struct ErrorTests {
    /// The failure of a steady-state post that is answered so.
    private func failure(_ reply: HTTPReply, token: String = theToken) async throws -> DeliveryFailure {
        try await failure([.success(reply)], token: token)
    }

    private func failure(
        _ script: [Result<HTTPReply, TransportFailure>], token: String = theToken
    ) async throws -> DeliveryFailure {
        let sender = RecordingSender(script: script)
        let memory = Memory()
        return try #require(
            await #expect(throws: DeliveryFailure.self) {
                try await FreshchatHelpdesk(now: { noon }).post(
                    memory.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(token: token),
                    over: sender,
                    keeper: memory)
            })
    }

    static let meanings: [(Int, DeliveryFailure.Remedy, Bool)] = [
        (401, DeliveryFailure.Remedy.pause, true), (402, .pause, true), (403, .pause, true), (413, .giveUp, true),
        (415, .giveUp, true), (422, .giveUp, true), (408, .retry(after: nil), false), (500, .retry(after: nil), false),
        (502, .retry(after: nil), false), (503, .retry(after: nil), false), (504, .retry(after: nil), false),
        (301, .retry(after: nil), false), (429, .slowDown(until: noon + 1), true),
    ]

    @Test("Each status is mapped to what helps", arguments: meanings)
    func statuses(status: Int, remedy: DeliveryFailure.Remedy, isCertain: Bool) async throws {
        let failure = try await failure(.error(status, "WORD", "a sentence"))
        #expect(failure.remedy == remedy)
        #expect(failure.isCertain == isCertain)
        #expect(failure.detail.contains("HTTP \(status), WORD: a sentence"))
    }

    @Test("A 503 that names a time is tried again after it")
    func retryAfter() async throws {
        let failure = try await failure(.error(503, "", "", headers: fields(["Retry-After": "7"])))
        #expect(failure.retryAfter == .seconds(7))
    }

    static let waits: [([String: String], Double)] = [
        (["Retry-After": "7"], 7.0), (["retry-after": "2", "X-RateLimit-Reset": "90"], 2),
        (["X-RateLimit-Reset": "30"], 30), (["X-RateLimitReset": "30"], 30), (["x-ratelimit-reset": "1770120042"], 42),
        (["X-RateLimitReset": "1770120042000"], 42), (["X-RateLimit-Reset": "1770119000"], 1), ([:], 1),
        (["Retry-After": "86000"], 300), (["X-RateLimit-Reset": "1779999999"], 300), (["Retry-After": "0"], 1),
        (["X-RateLimit-Reset": "soon"], 1), (["X-RateLimit-Reset": "nan"], 1), (["Retry-After": "-5"], 1),
    ]

    @Test("A 429 is waited for as its headers say, in every spelling and meaning", arguments: waits)
    func rateLimit(headers: [String: String], seconds: Double) async throws {
        let failure = try await failure(.error(429, "TOO_MANY_REQUESTS", "slow down", headers: fields(headers)))
        guard case .slowDown(let until) = failure.remedy else {
            Issue.record("not slowed down: \(failure)")
            return
        }
        #expect(abs(until.timeIntervalSince(noon) - seconds) < 0.001)
        #expect(failure.isCertain)
    }

    static let errorBodies: [(String, String)] = [
        (#"{"success":false,"error_code":4001,"error_message":"template paused"}"#, "4001: template paused"),
        (#"{"code":400,"status":"INVALID_VALUE"}"#, "INVALID_VALUE"), ("just text", "just text"),
        ("<html><body>Bad gateway", "a web page"), ("", "empty body"), (#"["?"]"#, #"["?"]"#), ("{}", "{}"),
    ]

    @Test("The other error shape, bare text, a page and nothing at all are read too", arguments: errorBodies)
    func shapes(body: String, words: String) async throws {
        let failure = try await failure(HTTPReply(status: .init(code: 413), body: Array(body.utf8)))
        #expect(failure.detail.contains(words))
    }

    @Test("The trace id is kept for Freshchat's support")
    func trace() async throws {
        let failure = try await failure(.error(500, "OOPS", "x", headers: fields(["X-Trace-ID": "00-abc-01"])))
        #expect(failure.detail.contains("00-abc-01"))
        #expect(failure.detail.contains("POST /conversations/C1/messages"))
    }

    @Test("No answer is worth a retry, in doubt unless the request never left", arguments: [true, false])
    func transport(isCertain: Bool) async throws {
        let failure = try await failure([.failure(TransportFailure(isCertain: isCertain, "timed out"))])
        #expect(failure.remedy == .retry(after: nil))
        #expect(failure.isCertain == isCertain)
        #expect(failure.reason.contains("Freshchat"))
    }

    @Test("The token stands in no description, not even when Freshchat sends it back")
    func noToken() async throws {
        for status in [400, 401, 403, 429, 500] {
            let reply = HTTPReply.error(status, "X", "Bearer \(theToken) is no good")
            let failure = try await failure([.success(reply), .success(reply), .success(reply), .success(reply)])
            #expect(!"\(failure)\(failure.detail)\(failure.reason)".contains(theToken))
        }
        let sender = RecordingSender(replies: [.error(401, "X", theToken)])
        let refused = await #expect(throws: SetupFailure.self) {
            try await FreshchatHelpdesk().check(makeAccount(), over: sender)
        }
        #expect(refused?.description.contains(theToken) == false)
    }

    @Test("Posts have 20 s and reads 10 s, and carry the token")
    func timeouts() async throws {
        let sender = RecordingSender(replies: [
            .json(#"{"users":[]}"#), .json(#"{"id":"U1"}"#),
            .json(#"{"conversation_id":"C1","messages":[{"id":"M1"}]}"#),
        ])
        let memory = Memory()
        let id = try await FreshchatHelpdesk().post(
            memory.piece("hi"),
            account: makeAccount(baseURL: " https://acme.freshchat.com/v2/ ", token: theToken + "\n"),
            over: sender, keeper: memory)
        #expect(id == "M1")
        #expect(sender.timeouts == [.seconds(10), .seconds(20), .seconds(20)])
        for (request, _) in sender.requests {
            #expect(request.headerFields[.authorization] == "Bearer \(theToken)")
            #expect(request.headerFields[.accept] == "application/json")
        }
        #expect(
            sender.requests.map { "\($0.0.method) \($0.0.loggedURL)" } == [
                "GET https://acme.freshchat.com/v2/users", "POST https://acme.freshchat.com/v2/users",
                "POST https://acme.freshchat.com/v2/conversations",
            ])
        #expect(sender.requests[0].0.path == "/v2/users?reference_id=viber%3A01234567890A%3D")
    }

    @Test(
        "With a base URL that can't be used nothing is sent, and the installation waits for a person",
        arguments: [
            "", "acme.freshchat.com/v2", "http://acme.freshchat.com/v2", "ftp://x/v2", "https://",
        ])
    func unusableURL(url: String) async throws {
        let sender = RecordingSender(replies: [])
        let memory = Memory()
        let failure = await #expect(throws: DeliveryFailure.self) {
            try await FreshchatHelpdesk().post(
                memory.piece("hi", user: "U1", conversation: "C1"), account: makeAccount(baseURL: url), over: sender,
                keeper: memory)
        }
        #expect(failure?.remedy == .pause)
        #expect(sender.requests.isEmpty)
    }
}

func fields(_ values: [String: String]) -> HTTPFields {
    var fields = HTTPFields()
    for (name, value) in values {
        if let name = HTTPField.Name(name) { fields[name] = value }
    }
    return fields
}
