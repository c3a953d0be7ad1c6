import HTTPTypes

/// Finds the path and query that the client asked for.
enum RequestTarget {
    /// The raw path and query: `REQUEST_URI`, which every web server in use sends, else rebuilt from the three
    /// variables of the standard.
    static func path(from parameters: RequestParameters) throws(RequestProblem) -> String {
        guard let given = parameters[.requestURI], !given.isEmpty else { return try rebuilt(from: parameters) }
        guard given.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), let target = text(of: given)
        else {
            throw .malformed("REQUEST_URI is malformed.")
        }
        if target.utf8.first == UInt8(ascii: "/") { return target }
        if target == "*", parameters.method == .options { return target }
        // The absolute form, which a server has to accept (RFC 9112 §3.2.2).
        let lowercase = target.lowercased()
        for prefix in ["http://", "https://"] where lowercase.hasPrefix(prefix) {
            let rest = target.utf8.dropFirst(prefix.utf8.count)
            guard let end = rest.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }) else {
                return "/"
            }
            return (rest[end] == UInt8(ascii: "?") ? "/" : "") + String(target[end...])
        }
        throw .malformed("REQUEST_URI is malformed.")
    }

    /// Whether a byte may stand in a host name, an address or a port (RFC 3986 §3.2.2).
    static func isAuthority(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || "!$&'()*+,;=%:[]".utf8.contains(byte)
    }

    private static func rebuilt(from parameters: RequestParameters) throws(RequestProblem) -> String {
        var path = ""
        for byte in (parameters[.scriptName] ?? []) + (parameters[.pathInfo] ?? []) {
            if isUnreserved(byte) || "!$&'()*+,;=:@/".utf8.contains(byte) {
                path.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                path += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        if path.utf8.first != UInt8(ascii: "/") { path = "/" + path }
        guard let query = parameters[.queryString], !query.isEmpty else { return path }
        guard query.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), let text = text(of: query) else {
            throw .malformed("QUERY_STRING is malformed.")
        }
        return path + "?" + text
    }

    /// `nil` when the bytes are not UTF-8. What is ASCII needs no look at each of its signs.
    private static func text(of bytes: ArraySlice<UInt8>) -> String? {
        if bytes.reduce(0, |) < 0x80 { return String(decoding: bytes, as: UTF8.self) }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "-._~".utf8.contains(byte)
        }
    }
}
