package import HTTPTypes

/// A handler's answer. `Content-Length` and `X-Request-Id` are added when it is sent.
package struct ServerResponse: Sendable {
    /// Status and header fields.
    package var head: HTTPResponse
    /// The body; not sent for HEAD, 204 and 304.
    package var body: [UInt8]

    /// An answer with exactly these parts.
    package init(head: HTTPResponse, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }

    /// An answer without a body.
    package static func empty(_ status: HTTPResponse.Status, headerFields: HTTPFields = [:]) -> Self {
        Self(head: HTTPResponse(status: status, headerFields: headerFields))
    }

    /// Plain text in UTF-8.
    package static func text(
        _ text: String, status: HTTPResponse.Status = .ok, headerFields: HTTPFields = [:]
    ) -> Self {
        with(Array(text.utf8), type: "text/plain; charset=utf-8", status: status, headerFields: headerFields)
    }

    /// JSON that is already encoded.
    package static func json(
        _ json: some Sequence<UInt8>, status: HTTPResponse.Status = .ok, headerFields: HTTPFields = [:]
    ) -> Self {
        with(Array(json), type: "application/json", status: status, headerFields: headerFields)
    }

    /// 405 with the `Allow` field that RFC 9110 §15.5.6 requires.
    package static func methodNotAllowed(allowed: [HTTPRequest.Method]) -> Self {
        empty(.methodNotAllowed, headerFields: [.allow: allowed.map(\.rawValue).joined(separator: ", ")])
    }

    /// A small JSON object with the problem and the request's id. `message` has no character that JSON escapes.
    static func problem(_ status: HTTPResponse.Status, message: String, requestID: String) -> Self {
        json(#"{"error":"\#(message)","request_id":"\#(requestID)"}"#.utf8, status: status)
    }

    private static func with(
        _ body: [UInt8], type: String, status: HTTPResponse.Status, headerFields: HTTPFields
    ) -> Self {
        var fields = headerFields
        fields[.contentType] = fields[.contentType] ?? type
        return Self(head: HTTPResponse(status: status, headerFields: fields), body: body)
    }
}
