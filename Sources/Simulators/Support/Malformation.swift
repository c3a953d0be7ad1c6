/// The ways in which an answer can be wrong that no server means to be right.
package enum Malformation: String, Codable, Sendable, CaseIterable {
    // MARK: The status

    case status000, status099, status1000, status999
    /// 101, without any protocol to switch to.
    case switchingProtocols
    /// 304, to a request that asked for no such thing.
    case notModified
    /// Bytes in place of a status line.
    case statusLine

    // MARK: The frame

    /// `Content-Length` is more than what comes before the connection is closed.
    case lengthTooLong
    /// `Content-Length` is less than what comes.
    case lengthTooShort
    /// `Content-Length` is no length.
    case lengthNonsense
    /// The size of a chunk is no number.
    case chunkSize
    /// Header after header, without an end.
    case endlessHeaders

    // MARK: The body of a 200

    /// A web page, as a proxy or a captive portal has it.
    case html
    /// An error object (freshchat.md §1.3).
    case errorObject
    /// JSON that ends in the middle, in a frame that is right.
    case truncatedJSON
    /// A string in the JSON isn't UTF-8. Everything else is there.
    case invalidUTF8
    /// A string in the JSON has half of a surrogate pair. Everything else is there.
    case loneSurrogate
    case noBody
}

extension Malformation {
    /// What becomes of an answer with this body.
    func answer(insteadOf body: [UInt8]) -> RawAnswer {
        switch self {
        case .status000: Self.answer("000 Nothing", body)
        case .status099: Self.answer("099 Too Low", body)
        case .status1000: Self.answer("1000 Too High", body)
        case .status999: Self.answer("999 Unknown", body)
        case .switchingProtocols:
            RawAnswer(["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: nothing"])
        case .notModified: RawAnswer(["HTTP/1.1 304 Not Modified", "Connection: close"])
        case .statusLine: RawAnswer([0x16, 0x03, 0x01, 0x00, 0xFF] + Array("yes\r\n\r\n".utf8) + body)
        case .lengthTooLong: Self.answer("200 OK", body, length: "\(body.count + 1000)")
        case .lengthTooShort: Self.answer("200 OK", body, length: "\(body.count / 2)")
        case .lengthNonsense: Self.answer("200 OK", body, length: "-1")
        case .chunkSize:
            RawAnswer(
                ["HTTP/1.1 200 OK", Self.json, "Transfer-Encoding: chunked"], Array("many\r\n".utf8) + body)
        case .endlessHeaders:
            RawAnswer(
                Array("HTTP/1.1 200 OK\r\n".utf8),
                then: .repeated(Self.headers, every: .milliseconds(5), times: 4096))
        case .html:
            RawAnswer(
                [
                    "HTTP/1.1 200 OK", "Content-Type: text/html", "Connection: close",
                    "Content-Length: \(Self.page.count)",
                ],
                Self.page)
        case .errorObject: Self.answer("200 OK", Self.error)
        case .truncatedJSON: Self.answer("200 OK", Array(body.prefix(body.count / 2)))
        case .invalidUTF8: Self.answer("200 OK", Self.with([0xC3, 0x28, 0xFF], in: body))
        case .loneSurrogate: Self.answer("200 OK", Self.with(Array(#"\ud83d"#.utf8), in: body))
        case .noBody: Self.answer("200 OK", [])
        }
    }

    private static let json = "Content-Type: application/json;charset=UTF-8"
    private static let page = Array("<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>".utf8)
    private static let error = Array(#"{"code":500,"status":"INTERNAL_SERVER_ERROR","message":"injected"}"#.utf8)
    /// Sixteen kilobytes of them.
    private static let headers = Array(
        String(repeating: "X-Filler: \(String(repeating: "a", count: 1012))\r\n", count: 16).utf8)

    /// An answer that is whole, but for what its caller has put in.
    private static func answer(_ status: String, _ body: [UInt8], length: String? = nil) -> RawAnswer {
        RawAnswer(
            ["HTTP/1.1 \(status)", json, "Connection: close", "Content-Length: \(length ?? "\(body.count)")"], body)
    }

    /// The JSON with one string more, of these bytes, at its beginning.
    private static func with(_ bytes: [UInt8], in body: [UInt8]) -> [UInt8] {
        let string = Array("\"x".utf8) + bytes + Array("\"".utf8)
        // An empty object, or no JSON at all, has nothing that could follow.
        guard body.count > 2, let first = body.first else {
            return Array(#"{"x_note":"#.utf8) + string + Array("}".utf8)
        }
        let key = first == UInt8(ascii: "{") ? Array(#""x_note":"#.utf8) : []
        return [first] + key + string + [UInt8(ascii: ",")] + body.dropFirst()
    }
}
