import Glibc
import HTTPTypes

/// The variables of one request, from FastCGI's PARAMS or from the environment of a CGI process: both are
/// `NAME=value` strings and mean the same (RFC 3875 §4.1).
struct RequestParameters {
    /// The bytes of all kept variables, one after the other.
    private var text: [UInt8] = []
    /// The ranges of the variables' values in it.
    private var places = [Range<Int>?](repeating: nil, count: RequestVariable.allCases.count)
    private var contradictory: Set<RequestVariable> = []
    /// The ranges of the header fields in it, their names without `HTTP_`.
    private var fields: [(name: Range<Int>, value: Range<Int>)] = []

    init() {}

    /// Reads `NAME=value` strings up to the null pointer that ends them.
    init(_ strings: UnsafePointer<UnsafeMutablePointer<CChar>?>) {
        // Enough for most requests.
        text.reserveCapacity(1024)
        fields.reserveCapacity(16)
        var next = strings
        while let string = next.pointee {
            next += 1
            guard let equals = strchr(string, CInt(UInt8(ascii: "="))) else { continue }
            let value = equals + 1
            add(
                UnsafeRawBufferPointer(start: string, count: equals - string),
                UnsafeRawBufferPointer(start: value, count: strlen(value)))
        }
    }

    /// Adds one variable. Unused names are dropped at once.
    mutating func add(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if let variable = RequestVariable(name) {
            // A later value replaces an earlier one, as is the habit in nginx configurations …
            if let before = self[variable], !before.elementsEqual(value) {
                // … but not in those that decide where a request ends and what it asks for.
                contradictory.insert(variable)
            }
            places[variable.rawValue] = keep(value)
        } else if name.begins(with: "HTTP_") {
            fields.append((keep(UnsafeRawBufferPointer(rebasing: name[5...])), keep(value)))
        }
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
        let start = text.count
        text.append(contentsOf: bytes)
        return start..<text.count
    }

    /// The request's id, even if everything else is malformed.
    func requestID() -> String {
        RequestID.adopt(fields.first { text[$0.name].elementsEqual("X_REQUEST_ID".utf8) }.map { text[$0.value] })
    }

    /// The method, if it is valid.
    var method: HTTPRequest.Method? {
        string(.requestMethod).flatMap { HTTPRequest.Method($0) }
    }

    /// `CONTENT_LENGTH`; `nil` if it is missing, empty, or -1, which Caddy sends for a chunked body.
    func contentLength() throws(RequestProblem) -> Int? {
        if contradictory.contains(.contentLength) { throw .malformed("CONTENT_LENGTH is given twice.") }
        guard let digits = self[.contentLength], !digits.isEmpty, !digits.elementsEqual("-1".utf8) else { return nil }
        guard digits.count <= 18, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw .malformed("CONTENT_LENGTH is not a number.")
        }
        return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    }

    /// The request without its body.
    func request(id: String) throws(RequestProblem) -> ServerRequest {
        if !contradictory.isEmpty {
            for (variable, name) in Self.singular where contradictory.contains(variable) {
                throw .malformed("\(name) is given twice.")
            }
        }
        guard self[.requestMethod] != nil else { throw .malformed("REQUEST_METHOD is missing.") }
        guard let method else { throw .malformed("REQUEST_METHOD is not a method.") }
        let head = HTTPRequest(
            method: method, scheme: scheme, authority: try authority(), path: try RequestTarget.path(from: self),
            headerFields: try headerFields()
        )
        return ServerRequest(
            head: head,
            scriptName: string(.scriptName) ?? "",
            pathInfo: string(.pathInfo) ?? "",
            remoteAddress: string(.remoteAddress).flatMap { $0.isEmpty ? nil : $0 },
            id: id
        )
    }

    /// The bytes of one variable.
    subscript(variable: RequestVariable) -> ArraySlice<UInt8>? { places[variable.rawValue].map { text[$0] } }

    private func string(_ variable: RequestVariable) -> String? {
        self[variable].map { String(decoding: $0, as: UTF8.self) }
    }

    private var scheme: String {
        if says(.https, "on") || says(.https, "1") || says(.requestScheme, "https") { return "https" }
        return "http"
    }

    /// Whether a variable has this value, in letters of either case.
    private func says(_ variable: RequestVariable, _ word: String) -> Bool {
        self[variable]?.lazy.map(\.lowercasedASCII).elementsEqual(word.utf8) ?? false
    }

    private func authority() throws(RequestProblem) -> String? {
        if let host = self[.host], !host.isEmpty {
            guard host.allSatisfy(RequestTarget.isAuthority) else { throw .malformed("The Host field is malformed.") }
            return String(decoding: host, as: UTF8.self)
        }
        guard let name = self[.serverName], !name.isEmpty, name.allSatisfy(RequestTarget.isAuthority) else {
            return nil
        }
        let host = String(decoding: name, as: UTF8.self)
        guard let port = string(.serverPort).flatMap({ UInt16($0) }), port != (scheme == "https" ? 443 : 80) else {
            return host
        }
        return "\(host):\(port)"
    }

    private func headerFields() throws(RequestProblem) -> HTTPFields {
        var result = HTTPFields()
        result.reserveCapacity(fields.count + 2)
        if let value = self[.contentType], !value.isEmpty { result.append(try Self.field(.contentType, value)) }
        if let value = self[.contentLength], !value.isEmpty { result.append(try Self.field(.contentLength, value)) }
        for (variable, value) in fields {
            guard let name = Self.fieldName(text[variable]) else {
                throw .malformed("The name of a header field is malformed.")
            }
            // nginx sends these both ways; the variables without HTTP_ are the standard's.
            if name == .contentType || name == .contentLength { continue }
            result.append(try Self.field(name, text[value]))
        }
        return result
    }

    /// "x-request-id" for X_REQUEST_ID. Names are bytes: only the letters of ASCII have two cases.
    private static func fieldName(_ variable: ArraySlice<UInt8>) -> HTTPField.Name? {
        HTTPField.Name(
            String(unsafeUninitializedCapacity: variable.count) { name in
                _ = name.initialize(
                    fromContentsOf: variable.lazy.map {
                        $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0.lowercasedASCII
                    })
                return variable.count
            })
    }

    private static func field(
        _ name: HTTPField.Name, _ value: ArraySlice<UInt8>
    ) throws(RequestProblem) -> HTTPField {
        if isPlain(value) { return HTTPField(name: name, value: String(decoding: value, as: UTF8.self)) }
        guard HTTPField.isValidValue(value) else {
            throw .malformed("The value of a header field is malformed.")
        }
        return HTTPField(name: name, value: value)
    }

    /// Whether a value is nothing but visible ASCII, with blanks inside: valid, and a text, as nearly all are.
    private static func isPlain(_ value: ArraySlice<UInt8>) -> Bool {
        value.first != UInt8(ascii: " ") && value.last != UInt8(ascii: " ")
            && value.reduce(0) { $0 | ($1 &- 0x20 < 0x5F ? 0 : 1) } == 0
    }

    private static let singular: [(RequestVariable, String)] = [
        (.requestMethod, "REQUEST_METHOD"), (.requestURI, "REQUEST_URI"), (.host, "HTTP_HOST"),
        (.contentType, "CONTENT_TYPE"),
    ]
}

extension UInt8 {
    fileprivate var lowercasedASCII: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
