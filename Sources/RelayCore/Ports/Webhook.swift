package import FoundationEssentials
package import HTTPTypes

/// A request from outside, as the adapters see it.
package struct WebhookRequest: Sendable {
    package var method: HTTPRequest.Method
    /// The path below our own prefix, percent-encoded as it came, without the query.
    package var path: String
    /// What stood behind the `?`, percent-encoded as it came; empty without one.
    package var query: String
    package var headers: HTTPFields
    /// The bytes exactly as they came: signatures are over these.
    package var body: [UInt8]
    package var remoteAddress: String?
    /// Names the request in our log and in our answer.
    package var id: String
    package var receivedAt: Date

    package init(
        method: HTTPRequest.Method, path: String, query: String = "", headers: HTTPFields = [:], body: [UInt8] = [],
        remoteAddress: String? = nil, id: String, receivedAt: Date
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
        self.id = id
        self.receivedAt = receivedAt
    }
}

/// What we answer.
package struct WebhookResponse: Hashable, Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: [UInt8]

    package init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A short sentence as `text/plain`.
    package static func text(_ status: HTTPResponse.Status, _ sentence: String, headers: HTTPFields = [:]) -> Self {
        var headers = headers
        headers[.contentType] = "text/plain; charset=utf-8"
        return WebhookResponse(status: status, headers: headers, body: Array((sentence + "\n").utf8))
    }

    package static func json(_ status: HTTPResponse.Status, _ body: [UInt8]) -> Self {
        WebhookResponse(status: status, headers: [.contentType: "application/json"], body: body)
    }
}

/// What an adapter read out of a request that it found genuine.
package struct WebhookReading<Event: Sendable>: Sendable {
    package var events: [Event]
    /// The body that the far side expects in our answer, sent only after the events are durable: a welcome message, a
    /// challenge. `nil`: an empty 200.
    package var response: WebhookResponse?

    package init(events: [Event], response: WebhookResponse? = nil) {
        self.events = events
        self.response = response
    }
}

/// Why a request is refused. The status goes to the caller; the reason too, so it names nothing secret.
package struct WebhookRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The signature is missing or wrong: 403. Nothing of the body was looked at.
        case notGenuine
        /// Genuine, or not signed at all by its kind, but not what the API sends: 400.
        case malformed
        /// We can't tell, for a setting is missing on our side: 503, so that it is sent again.
        case notReady
    }

    package var kind: Kind
    package var reason: String

    package init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    package var description: String { reason }

    package var status: HTTPResponse.Status {
        switch kind {
        case .notGenuine: .forbidden
        case .malformed: .badRequest
        case .notReady: .serviceUnavailable
        }
    }
}
