package import HTTPTypes

/// An HTTP request from the web server, complete with its body.
package struct ServerRequest: Sendable {
    /// Method, scheme, authority, path and header fields.
    ///
    /// The path is raw, with its query, as the client sent it (`REQUEST_URI`); for a server that doesn't send it, it is
    /// rebuilt from `SCRIPT_NAME`, `PATH_INFO` and `QUERY_STRING` (RFC 3875 §4.1).
    package var head: HTTPRequest
    /// `SCRIPT_NAME`: the part of the path that led the web server to this program. Empty if missing.
    package var scriptName: String
    /// `PATH_INFO`: the rest of the path, already decoded by the web server. Empty if missing.
    ///
    /// Bytes that are not UTF-8 become U+FFFD, which equals no route.
    package var pathInfo: String
    /// `REMOTE_ADDR`: the client's address as the web server saw it.
    package var remoteAddress: String?
    /// The whole body, at most the configured limit.
    package var body: [UInt8]
    /// Names this request in the log and in the `X-Request-Id` of the answer.
    ///
    /// Taken from the client's `X-Request-Id` when that has 1 to 64 characters of `A–Z a–z 0–9 . _ -`, else random.
    package var id: String

    /// A request built by hand, for testing handlers.
    package init(
        head: HTTPRequest,
        scriptName: String = "",
        pathInfo: String = "",
        remoteAddress: String? = nil,
        body: [UInt8] = [],
        id: String = RequestID.make()
    ) {
        self.head = head
        self.scriptName = scriptName
        self.pathInfo = pathInfo
        self.remoteAddress = remoteAddress
        self.body = body
        self.id = id
    }
}
