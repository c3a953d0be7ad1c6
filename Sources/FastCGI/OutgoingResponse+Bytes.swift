import HTTPTypes

extension OutgoingResponse {
    /// The answer in the form of CGI (RFC 3875 §6.2): `Status:`, the header fields, an empty line, the body.
    ///
    /// Line breaks can't get in from a value or a reason phrase: swift-http-types replaces them when they are set.
    /// Fields that speak of the connection, and those that a web server would take for its own orders, stay out.
    func bytes(method: HTTPRequest.Method?, requestID: String) -> [UInt8] {
        let status = head.status
        let isBodiless = status.code == 204 || status.code == 304
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + body.count)
        bytes += "Status: \(status.code)".utf8
        if !status.reasonPhrase.isEmpty { bytes += " \(status.reasonPhrase)".utf8 }
        bytes += "\r\n".utf8
        for field in head.headerFields where !Self.isOurs(field.name) {
            bytes += field.name.rawName.utf8
            bytes += ": ".utf8
            field.withUnsafeBytesOfValue { bytes += $0 }
            bytes += "\r\n".utf8
        }
        bytes += "X-Request-Id: \(requestID)\r\n".utf8
        // RFC 9110 §8.6: a 204 must not have it, and for a 304 it would have to be the length of the missing body.
        if !isBodiless { bytes += "Content-Length: \(body.count)\r\n".utf8 }
        bytes += "\r\n".utf8
        if !isBodiless, method != .head { bytes += body }
        return bytes
    }

    private static func isOurs(_ name: HTTPField.Name) -> Bool {
        switch name.canonicalName {
        case "content-length", "x-request-id", "status", "connection", "keep-alive", "transfer-encoding", "upgrade",
            "trailer":
            true
        default:
            false
        }
    }
}
