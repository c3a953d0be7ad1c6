package import HTTPTypes

/// A request as the routes of a simulator see it: decoded, and with the whole body.
package struct APIRequest: Sendable {
    package var method: HTTPRequest.Method
    /// The path without its query, as sent.
    package var path: String
    /// The decoded values of the route's placeholders.
    package var parameters: [String: String] = [:]
    /// The query, decoded as a form: `+` is a space, as servers in Java read it (freshchat.md §1.7).
    package var query: [(name: String, value: String)]
    package var headers: HTTPFields
    package var body: [UInt8]
    /// What the request calls this server: name and port of its `Host`.
    package var authority: String?

    package init(
        method: HTTPRequest.Method, target: String, headers: HTTPFields, body: [UInt8], authority: String? = nil
    ) {
        self.method = method
        self.authority = authority
        self.headers = headers
        self.body = body
        let pieces = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(pieces.first ?? "/")
        query = (pieces.count > 1 ? pieces[1] : "").split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                Self.decode(sides[0], plusIsSpace: true),
                Self.decode(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            )
        }
    }

    /// The last value of a query item, nil when there is none.
    package func item(_ name: String) -> String? {
        query.last { $0.name == name }?.value
    }

    package func parameter(_ name: String) -> String { parameters[name] ?? "" }

    /// Undoes percent encoding; a broken escape stays as it is.
    package static func decode(_ text: Substring, plusIsSpace: Bool = false) -> String {
        var output: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                output.append(value)
                rest = rest.dropFirst(2)
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                output.append(UInt8(ascii: " "))
            } else {
                output.append(byte)
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Percent-encodes all but the unreserved characters.
    package static func encode(_ text: String) -> String {
        var output = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                output.unicodeScalars.append(Unicode.Scalar(byte))
            default: output += "%" + [byte].lowercaseHex.uppercased()
            }
        }
        return output
    }
}

/// What a simulator answers.
package struct APIResponse: Sendable {
    package var status: Int
    package var headers: HTTPFields
    package var body: [UInt8]
    /// Cut the connection instead of answering.
    package var cutsConnection = false
    /// What is written instead of all else, where that is no HTTP answer.
    package var raw: RawAnswer?
    /// The body where it is told piece by piece; `body` counts for nothing then.
    package var stream: AsyncStream<[UInt8]>?

    package init(status: Int = 200, headers: HTTPFields = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(status: Int = 200, json: JSON) {
        self.init(status: status, headers: [.contentType: "application/json;charset=UTF-8"], body: json.bytes)
    }

    package static var reset: APIResponse {
        var response = APIResponse(status: 0)
        response.cutsConnection = true
        return response
    }
}
