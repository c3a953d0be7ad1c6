import HTTPTypes

extension ServerResponse {
    /// The answer in the form of CGI (RFC 3875 §6.2): `Status:`, the header fields, an empty line, the body.
    ///
    /// Line breaks can't get in from a value or a reason phrase: swift-http-types replaces them when they are set.
    /// Fields that speak of the connection, and those that a web server would take for its own orders, stay out.
    func bytes(method: HTTPRequest.Method?, requestID: String) -> [UInt8] {
        let status = head.status
        let isBodiless = status.code == 204 || status.code == 304
        let hasBody = !isBodiless && method != .head
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256 + (hasBody ? body.count : 0))
        bytes += "Status: ".utf8
        bytes.append(decimal: status.code)
        if !status.reasonPhrase.isEmpty {
            bytes.append(UInt8(ascii: " "))
            bytes += status.reasonPhrase.utf8
        }
        bytes += "\r\n".utf8
        for field in head.headerFields where !Self.isOurs(field.name) {
            bytes += field.name.rawName.utf8
            bytes += ": ".utf8
            field.withUnsafeBytesOfValue { bytes += $0 }
            bytes += "\r\n".utf8
        }
        bytes += "X-Request-Id: ".utf8
        bytes += requestID.utf8
        // RFC 9110 §8.6: a 204 must not have it, and for a 304 it would have to be the length of the missing body.
        if !isBodiless {
            bytes += "\r\nContent-Length: ".utf8
            bytes.append(decimal: body.count)
        }
        bytes += "\r\n\r\n".utf8
        if hasBody { bytes += body }
        return bytes
    }

    private static func isOurs(_ name: HTTPField.Name) -> Bool {
        let name = name.canonicalName
        // By its length first, which most names tell apart from all of these.
        return switch name.utf8.count {
        case 6: name == "status"
        case 7: name == "upgrade" || name == "trailer"
        case 10: name == "connection" || name == "keep-alive"
        case 12: name == "x-request-id"
        case 14: name == "content-length"
        case 17: name == "transfer-encoding"
        default: false
        }
    }
}

extension [UInt8] {
    /// Appends the digits of a number that is not below zero.
    fileprivate mutating func append(decimal number: Int) {
        var unit = 1
        while number / unit >= 10 { unit *= 10 }
        while unit > 0 {
            append(UInt8(ascii: "0") + UInt8(number / unit % 10))
            unit /= 10
        }
    }
}
