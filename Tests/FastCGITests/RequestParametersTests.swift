import HTTPTypes
import Testing

@testable import FastCGI

@Suite struct RequestParametersTests {
    private func parameters(_ pairs: [(String, String)]) -> RequestParameters {
        var parameters = RequestParameters()
        for (name, value) in pairs { parameters.add(name, Array(value.utf8)) }
        return parameters
    }

    private func request(_ pairs: [(String, String)]) throws -> ServerRequest {
        try parameters(pairs).request(id: "x")
    }

    @Test("Every variable finds its place in the request")
    func everyVariable() throws {
        let request = try request([
            ("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/in/b%2Fc?q=1&r=%20"), ("SCRIPT_NAME", "/in"),
            ("PATH_INFO", "/b/c"), ("QUERY_STRING", "q=1&r=%20"), ("HTTPS", "on"), ("HTTP_HOST", "relay.example:8443"),
            ("REMOTE_ADDR", "203.0.113.9"), ("CONTENT_TYPE", "application/json"), ("CONTENT_LENGTH", "12"),
            ("HTTP_X_VIBER_CONTENT_SIGNATURE", "abc"), ("HTTP_ACCEPT", "a"), ("HTTP_ACCEPT", "b"),
            ("HTTP_CONTENT_TYPE", "text/evil"), ("HTTP_CONTENT_LENGTH", "999"), ("PATH", "/usr/bin"),
            ("FCGI_ROLE", "RESPONDER"),
        ])
        #expect(request.head.method == .post)
        #expect(request.head.path == "/in/b%2Fc?q=1&r=%20")
        #expect(request.head.scheme == "https")
        #expect(request.head.authority == "relay.example:8443")
        #expect(request.scriptName == "/in")
        #expect(request.pathInfo == "/b/c")
        #expect(request.remoteAddress == "203.0.113.9")
        #expect(
            request.head.headerFields.map { "\($0.name.canonicalName): \($0.value)" } == [
                "content-type: application/json", "content-length: 12", "x-viber-content-signature: abc", "accept: a",
                "accept: b",
            ])
    }

    @Test(
        "The path is what the client sent, else it is put together",
        arguments: [
            ([("REQUEST_URI", "/a?b=%41")], "/a?b=%41"),
            ([("REQUEST_URI", "http://h.example/a?b")], "/a?b"),
            ([("REQUEST_URI", "HTTPS://h.example")], "/"),
            ([("REQUEST_URI", "http://h.example?x=/y")], "/?x=/y"),
            ([("REQUEST_URI", "/ж")], "/ж"),
            ([("SCRIPT_NAME", "/s"), ("PATH_INFO", "/p q/ж%"), ("QUERY_STRING", "a=b")], "/s/p%20q/%D0%B6%25?a=b"),
            ([("PATH_INFO", "/only")], "/only"),
            ([("SCRIPT_NAME", ""), ("QUERY_STRING", "a")], "/?a"),
            ([], "/"),
        ] as [([(String, String)], String)])
    func path(pairs: [(String, String)], expected: String) throws {
        #expect(try request([("REQUEST_METHOD", "GET")] + pairs).head.path == expected)
    }

    @Test(
        "The scheme and the authority come from what the web server knows",
        arguments: [
            ([("HTTPS", "off"), ("SERVER_NAME", "n"), ("SERVER_PORT", "80")], "http", "n"),
            ([("HTTPS", "on"), ("SERVER_NAME", "n"), ("SERVER_PORT", "443")], "https", "n"),
            ([("REQUEST_SCHEME", "https"), ("SERVER_NAME", "n"), ("SERVER_PORT", "8443")], "https", "n:8443"),
            ([("HTTP_HOST", "[::1]:80"), ("SERVER_NAME", "n")], "http", "[::1]:80"),
            ([("SERVER_NAME", "n"), ("SERVER_PORT", "80 81")], "http", "n"),
        ] as [([(String, String)], String, String)])
    func origin(pairs: [(String, String)], scheme: String, authority: String) throws {
        let head = try request([("REQUEST_METHOD", "GET")] + pairs).head
        #expect(head.scheme == scheme)
        #expect(head.authority == authority)
    }

    @Test(
        "Nonsense is refused with a reason",
        arguments: [
            [("REQUEST_URI", "/")],
            [("REQUEST_METHOD", ""), ("REQUEST_URI", "/")],
            [("REQUEST_METHOD", "GE T")],
            [("REQUEST_METHOD", "GET"), ("REQUEST_METHOD", "POST")],
            [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "a")],
            [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "*")],
            [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/a b")],
            [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/a\r\nX: y")],
            [("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/a"), ("REQUEST_URI", "/b")],
            [("REQUEST_METHOD", "GET"), ("QUERY_STRING", "a b")],
            [("REQUEST_METHOD", "GET"), ("HTTP_HOST", "a b")],
            [("REQUEST_METHOD", "GET"), ("HTTP_HOST", "a/../b")],
            [("REQUEST_METHOD", "GET"), ("HTTP_HOST", "a"), ("HTTP_HOST", "b")],
            [("REQUEST_METHOD", "GET"), ("HTTP_", "a")],
            [("REQUEST_METHOD", "GET"), ("HTTP_A B", "a")],
            [("REQUEST_METHOD", "GET"), ("HTTP_A:", "a")],
            [("REQUEST_METHOD", "GET"), ("HTTP_Ж", "a")],
            [("REQUEST_METHOD", "GET"), ("HTTP_\u{301}", "a")],
            [("REQUEST_METHOD", "GET"), ("HTTP_TO\u{212A}EN", "a")],
            [("REQUEST_METHOD", "GET"), ("HTTP_A", "a\r\nb: c")],
            [("REQUEST_METHOD", "GET"), ("HTTP_A", "\u{1}")],
            [("REQUEST_METHOD", "GET"), ("HTTP_A", " a")],
            [("REQUEST_METHOD", "GET"), ("HTTP_A", "a ")],
            [("REQUEST_METHOD", "GET"), ("HTTP_A", "é\u{7F}")],
            [("REQUEST_METHOD", "GET"), ("HTTP_A", "\u{7F}")],
            [("REQUEST_METHOD", "GET"), ("CONTENT_TYPE", "a\nb")],
        ] as [[(String, String)]])
    func nonsense(pairs: [(String, String)]) throws {
        let problem = try #require(throws: RequestProblem.self) { try request(pairs) }
        #expect(problem.status == .badRequest)
        #expect(!problem.message.isEmpty)
    }

    @Test("A path that is not UTF-8 is refused, and a header value that is not is kept byte by byte")
    func bytes() throws {
        var parameters = parameters([("REQUEST_METHOD", "GET")])
        parameters.add("HTTP_X_NAME", [0x4A, 0xFC, 0x72])
        let name = try #require(HTTPField.Name("X-Name"))
        let fields = try parameters.request(id: "x").head.headerFields
        #expect(fields[fields: name].first?.withUnsafeBytesOfValue { Array($0) } == [0x4A, 0xFC, 0x72])
        parameters.add("REQUEST_URI", [0x2F, 0xFF])
        #expect(throws: RequestProblem.self) { try parameters.request(id: "x") }
    }

    @Test("A variable said twice in the same words is said once; in others the last one counts where that does no harm")
    func repeated() throws {
        let request = try request([
            ("REQUEST_METHOD", "GET"), ("REQUEST_METHOD", "GET"), ("SCRIPT_NAME", "/a"), ("SCRIPT_NAME", ""),
        ])
        #expect(request.scriptName.isEmpty)
    }

    @Test(
        "CONTENT_LENGTH is a plain number or nothing, which Caddy calls -1",
        arguments: [("0", 0), ("", nil), ("-1", nil), ("00012", 12), ("999999999999999999", 999_999_999_999_999_999)]
            as [(String, Int?)])
    func contentLength(text: String, expected: Int?) throws {
        #expect(try parameters([("CONTENT_LENGTH", text)]).contentLength() == expected)
    }

    @Test(
        "A CONTENT_LENGTH that is no number is refused",
        arguments: ["-2", "-01", "+1", "1 ", "1,1", "0x10", "ten", "1e3", "9999999999999999999", "١"])
    func badContentLength(text: String) {
        #expect(throws: RequestProblem.malformed("CONTENT_LENGTH is not a number.")) {
            try parameters([("CONTENT_LENGTH", text)]).contentLength()
        }
        #expect(throws: RequestProblem.malformed("CONTENT_LENGTH is given twice.")) {
            try parameters([("CONTENT_LENGTH", "1"), ("CONTENT_LENGTH", "2")]).contentLength()
        }
    }

    @Test("A value is kept as it is", arguments: ["", "~", "a b", "a\tb", "!\"#%&", "é ж", "\u{80}", "e\u{301}"])
    func value(text: String) throws {
        let fields = try request([("REQUEST_METHOD", "GET"), ("HTTP_ACCEPT", text)]).head.headerFields
        #expect(fields[.accept].map { Array($0.utf8) } == Array(text.utf8))
    }

    @Test("Each variable is known by its whole name alone")
    func names() throws {
        let request = try request([
            ("REQUEST_METHOD", "GET"), ("REQUEST_METHODS", "POST"), ("REQUEST_METHOX", "POST"),
            ("request_method", "POST"),
            ("REQUEST_URI", "/a"), ("REQUEST_URL", "/b"), ("SCRIPT_NAM", "/c"), ("PATH_INFO2", "/d"), ("HTTP", "e"),
            ("HTTPx", "f"), ("XHTTP_A", "g"), ("", "h"),
        ])
        #expect(request.head.method == .get)
        #expect(request.head.path == "/a")
        #expect(request.scriptName.isEmpty)
        #expect(request.pathInfo.isEmpty)
        #expect(request.head.scheme == "http")
        #expect(request.head.headerFields.isEmpty)
    }

    @Test(
        "The words for https are known in letters of either case, and no others are",
        arguments: [
            ("HTTPS", "ON", true), ("HTTPS", "1", true), ("REQUEST_SCHEME", "HttpS", true), ("HTTPS", "\u{11}", false),
            ("HTTPS", "onn", false), ("HTTPS", "", false), ("REQUEST_SCHEME", "on", false),
        ])
    func scheme(name: String, value: String, isSecure: Bool) throws {
        let head = try request([("REQUEST_METHOD", "GET"), (name, value)]).head
        #expect(head.scheme == (isSecure ? "https" : "http"))
    }

    @Test(
        "A sane X-Request-Id is adopted, any other is replaced by a random one",
        arguments: [
            ("7f3a-b.c_D", true), (String(repeating: "a", count: 64), true), (String(repeating: "a", count: 65), false),
            ("", false), ("a b", false), ("a\"b", false), ("ж", false), ("a\nb", false),
        ])
    func requestID(given: String, isAdopted: Bool) {
        let parameters = parameters([("HTTP_X_REQUEST_ID", given)])
        #expect((parameters.requestID() == given) == isAdopted)
        if !isAdopted {
            #expect(parameters.requestID() != parameters.requestID())
            #expect(parameters.requestID().utf8.count == 16)
        }
    }
}

extension RequestParameters {
    fileprivate mutating func add(_ name: String, _ value: [UInt8]) {
        Array(name.utf8).withUnsafeBytes { name in value.withUnsafeBytes { add(name, $0) } }
    }
}
