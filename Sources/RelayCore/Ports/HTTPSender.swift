import FoundationEssentials
package import HTTPTypes

/// The way out to the far sides' APIs.
package protocol HTTPSender: Sendable {
    /// Sends one request and reads the whole answer. Redirects are not followed: an API call that is redirected would
    /// carry its credential to another host.
    ///
    /// - Parameter timeout: for everything from connecting to the last byte.
    /// - Throws: ``TransportFailure`` when no whole answer came. An answer of any status is not a failure here.
    func send(_ request: HTTPRequest, body: [UInt8], timeout: Duration) async throws(TransportFailure) -> HTTPReply
}

/// The far side's whole answer.
package struct HTTPReply: Hashable, Sendable {
    package var status: HTTPResponse.Status
    package var headers: HTTPFields
    package var body: [UInt8]

    package init(status: HTTPResponse.Status, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The body as text, at most `limit` bytes of it, for a log or an error: bytes that aren't UTF-8 are replaced.
    package func excerpt(_ limit: Int = 300) -> String {
        let text = String(decoding: body.prefix(limit), as: UTF8.self)
        return body.count > limit ? text + "…" : text
    }
}

/// No answer came.
package struct TransportFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// True when the request certainly didn't reach the application: name look-up, connecting or TLS failed.
    /// False leaves it in doubt: it was sent, at least in part, and then the time ran out or the connection broke.
    package var isCertain: Bool
    package var description: String

    package init(isCertain: Bool, _ description: String) {
        self.isCertain = isCertain
        self.description = description
    }
}

extension HTTPRequest {
    /// A request to a complete URL.
    ///
    /// - Returns: `nil` when the text is not an absolute http or https URL with a host, or names a port that isn't from 1
    ///   to 65535.
    package init?(_ method: Method, url: String, headers: HTTPFields = [:]) {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            scheme == "https" || scheme == "http", let host = parts.percentEncodedHost, !host.isEmpty,
            url.hasUsablePort
        else { return nil }
        let authority = parts.port.map { "\(host):\($0)" } ?? host
        var path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        if let query = parts.percentEncodedQuery { path += "?" + query }
        self.init(method: method, scheme: scheme, authority: authority, path: path, headerFields: headers)
    }

    /// The URL that the request goes to, without its query, for logs.
    package var loggedURL: String {
        let path = (path ?? "").prefix { $0 != "?" }
        return "\(scheme ?? "")://\(authority ?? "")\(path)"
    }
}

extension String {
    /// Of a URL: whether it names no port, or one from 1 to 65535. A socket's address has sixteen bits for it, and the
    /// libraries that make one trap on more. Foundation's `port` is no help: it is `nil` for a number too long for it.
    package var hasUsablePort: Bool {
        let start = utf8.firstRange(of: "://".utf8)?.upperBound ?? utf8.startIndex
        let authority = utf8[start...].prefix { !"/?#".utf8.contains($0) }
        let host =
            authority.lastIndex(of: UInt8(ascii: "@")).map { authority[authority.index(after: $0)...] } ?? authority
        // The colons of an address in brackets are its own.
        let rest = host[(host.firstIndex(of: UInt8(ascii: "]")) ?? host.startIndex)...]
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")) else { return true }
        let digits = rest[rest.index(after: colon)...]
        // `http://host:/` is the scheme's own port (RFC 3986 §3.2.3).
        if digits.isEmpty { return true }
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return false }
        return UInt16(String(decoding: digits, as: UTF8.self)).map { $0 > 0 } ?? false
    }
}

extension String {
    /// Percent-encoded so that it stands for itself as one path segment or as one query value: everything but the
    /// unreserved characters of RFC 3986 is encoded, `+` too.
    package var percentEncoded: String {
        var result = ""
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0" + digits : "%" + digits
            }
        }
        return result
    }
}
