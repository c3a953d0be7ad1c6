import HTTPTypes

/// The variables of one request, from FastCGI's PARAMS or from the environment of a CGI process: both are
/// `NAME=value` strings and mean the same (RFC 3875 §4.1).
struct RequestParameters {
    private var variables: [String: [UInt8]] = [:]
    private var contradictory: Set<String> = []
    private var fields: [(name: String, value: [UInt8])] = []

    init() {}

    /// Reads `NAME=value` strings up to the null pointer that ends them.
    init(_ strings: UnsafePointer<UnsafeMutablePointer<CChar>?>) {
        var next = strings
        while let string = next.pointee {
            next += 1
            let bytes = UnsafeRawBufferPointer(start: string, count: string.length)
            guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { continue }
            add(
                String(decoding: bytes[..<equals], as: UTF8.self),
                Array(bytes[bytes.index(after: equals)...])
            )
        }
    }

    /// Adds one variable. Names that matter to nobody here are forgotten at once.
    mutating func add(_ name: String, _ value: [UInt8]) {
        if name.hasPrefix("HTTP_"), name != "HTTP_HOST" {
            fields.append((String(name.dropFirst(5)), value))
        } else if Self.known.contains(name) {
            // A later value replaces an earlier one, as is the habit in nginx configurations …
            if let before = variables.updateValue(value, forKey: name), before != value {
                // … but not in those that decide where a request ends and what it asks for.
                contradictory.insert(name)
            }
        }
    }

    /// The id by which this request goes, also when all the rest of it is nonsense.
    func requestID() -> String {
        RequestID.adopt(fields.first { $0.name == "X_REQUEST_ID" }?.value)
    }

    /// The method, as far as it is one.
    var method: HTTPRequest.Method? {
        variables["REQUEST_METHOD"].flatMap { HTTPRequest.Method(String(decoding: $0, as: UTF8.self)) }
    }

    /// `CONTENT_LENGTH`, nil when it is missing or empty, or -1, which is Caddy's word for a body in chunks.
    func contentLength() throws(RequestProblem) -> Int? {
        if contradictory.contains("CONTENT_LENGTH") { throw .malformed("CONTENT_LENGTH is given twice.") }
        guard let digits = variables["CONTENT_LENGTH"], !digits.isEmpty, !digits.elementsEqual("-1".utf8) else {
            return nil
        }
        guard digits.count <= 18, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw .malformed("CONTENT_LENGTH is not a number.")
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// The request without its body.
    func request(id: String) throws(RequestProblem) -> IncomingRequest {
        for name in Self.singular where contradictory.contains(name) { throw .malformed("\(name) is given twice.") }
        guard variables["REQUEST_METHOD"] != nil else { throw .malformed("REQUEST_METHOD is missing.") }
        guard let method else { throw .malformed("REQUEST_METHOD is not a method.") }
        var head = HTTPRequest(
            method: method, scheme: scheme, authority: try authority(), path: try RequestTarget.path(from: self)
        )
        head.headerFields = try headerFields()
        return IncomingRequest(
            head: head,
            scriptName: text("SCRIPT_NAME") ?? "",
            pathInfo: text("PATH_INFO") ?? "",
            remoteAddress: text("REMOTE_ADDR").flatMap { $0.isEmpty ? nil : $0 },
            id: id
        )
    }

    /// The bytes of one variable.
    subscript(name: String) -> [UInt8]? { variables[name] }

    private func text(_ name: String) -> String? {
        variables[name].map { String(decoding: $0, as: UTF8.self) }
    }

    private var scheme: String {
        switch text("HTTPS")?.lowercased() {
        case .some("on"), .some("1"): "https"
        default: text("REQUEST_SCHEME")?.lowercased() == "https" ? "https" : "http"
        }
    }

    private func authority() throws(RequestProblem) -> String? {
        if let host = variables["HTTP_HOST"], !host.isEmpty {
            guard host.allSatisfy(RequestTarget.isAuthority) else { throw .malformed("The Host field is malformed.") }
            return String(decoding: host, as: UTF8.self)
        }
        guard let name = variables["SERVER_NAME"], !name.isEmpty, name.allSatisfy(RequestTarget.isAuthority) else {
            return nil
        }
        let host = String(decoding: name, as: UTF8.self)
        guard let port = text("SERVER_PORT").flatMap({ UInt16($0) }), port != (scheme == "https" ? 443 : 80) else {
            return host
        }
        return "\(host):\(port)"
    }

    private func headerFields() throws(RequestProblem) -> HTTPFields {
        var result = HTTPFields()
        for (variable, name) in [("CONTENT_TYPE", HTTPField.Name.contentType), ("CONTENT_LENGTH", .contentLength)] {
            if let value = variables[variable], !value.isEmpty { result.append(try Self.field(name, value)) }
        }
        for (variable, value) in fields {
            let spelling = variable.lowercased().split(separator: "_", omittingEmptySubsequences: false)
            guard let name = HTTPField.Name(spelling.joined(separator: "-")) else {
                throw .malformed("The name of a header field is malformed.")
            }
            // nginx sends these both ways; the variables without HTTP_ are the standard's.
            if name == .contentType || name == .contentLength { continue }
            result.append(try Self.field(name, value))
        }
        return result
    }

    private static func field(_ name: HTTPField.Name, _ value: [UInt8]) throws(RequestProblem) -> HTTPField {
        guard HTTPField.isValidValue(value) else {
            throw .malformed("The value of a header field is malformed.")
        }
        return HTTPField(name: name, value: value)
    }

    private static let singular = ["REQUEST_METHOD", "REQUEST_URI", "HTTP_HOST", "CONTENT_TYPE"]
    private static let known: Set<String> = [
        "REQUEST_METHOD", "REQUEST_URI", "REQUEST_SCHEME", "HTTPS", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT",
        "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "CONTENT_TYPE", "CONTENT_LENGTH",
    ]
}

extension UnsafeMutablePointer<CChar> {
    /// The bytes before the terminating zero.
    fileprivate var length: Int {
        var end = self
        while end.pointee != 0 { end += 1 }
        return end - self
    }
}
