import HTTPTypes
import Testing

@testable import FastCGI

@Suite struct ServerResponseTests {
    private func text(_ response: ServerResponse, method: HTTPRequest.Method = .get) -> String {
        String(decoding: response.bytes(method: method, requestID: "id1"), as: UTF8.self)
    }

    @Test("An answer is a status, header fields, an empty line and a body")
    func whole() {
        #expect(
            text(.text("hé", headerFields: [.cacheControl: "no-store"])) == """
                Status: 200 OK\r
                Cache-Control: no-store\r
                Content-Type: text/plain; charset=utf-8\r
                X-Request-Id: id1\r
                Content-Length: 3\r
                \r
                hé
                """)
    }

    @Test("HEAD gets the same header fields and no body")
    func head() {
        let get = text(.json(#"{"a":1}"#.utf8))
        #expect(text(.json(#"{"a":1}"#.utf8), method: .head) == get.dropLast(7))
    }

    @Test(
        "The status line is right for any code",
        arguments: [
            (HTTPResponse.Status(code: 200, reasonPhrase: "OK"), "Status: 200 OK\r\n"),
            (.init(code: 418), "Status: 418\r\n"),
            (.init(code: 799, reasonPhrase: "Unheard Of"), "Status: 799 Unheard Of\r\n"),
            (.init(code: 599, reasonPhrase: "a\r\nSet-Cookie: b"), "Status: 599 a  Set-Cookie: b\r\n"),
        ])
    func status(status: HTTPResponse.Status, line: String) {
        #expect(text(.empty(status)).hasPrefix(line))
    }

    @Test("Neither a value nor a name can smuggle a header field in")
    func injection() throws {
        let name = try #require(HTTPField.Name("X-Echo"))
        var response = ServerResponse.text("")
        response.head.headerFields[name] = "a\r\nSet-Cookie: stolen=1\r\n\r\n<b>"
        response.head.headerFields.append(HTTPField(name: name, value: Array("x\ny\0z".utf8)))
        let lines = text(response).split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.contains("X-Echo: a  Set-Cookie: stolen=1    <b>"))
        #expect(lines.contains("X-Echo: x y z"))
        #expect(!lines.contains { $0.hasPrefix("Set-Cookie") })
        for bad in ["X\r\nY", "X: Y", "", "X Y"] { #expect(HTTPField.Name(bad) == nil) }
    }

    @Test("Fields that are the responder's or the web server's own are not the handler's to set")
    func reserved() throws {
        var fields: HTTPFields = [.contentLength: "999", .transferEncoding: "chunked", .connection: "close"]
        fields[try #require(HTTPField.Name("Status"))] = "500"
        fields[try #require(HTTPField.Name("X-Request-ID"))] = "forged"
        let text = text(.empty(.ok, headerFields: fields))
        #expect(text == "Status: 200 OK\r\nX-Request-Id: id1\r\nContent-Length: 0\r\n\r\n")
    }

    @Test(
        "All of those names are known, and none that is like them",
        arguments: [
            ("status", true), ("upgrade", true), ("trailer", true), ("connection", true), ("keep-alive", true),
            ("x-request-id", true), ("content-length", true), ("transfer-encoding", true), ("statut", false),
            ("trailed", false), ("content-type", false), ("x-request-ids", false), ("retry-after", false),
        ])
    func reservedNames(name: String, isReserved: Bool) throws {
        let text = text(.empty(.ok, headerFields: [try #require(HTTPField.Name(name)): "mine"]))
        #expect(text.contains("\(name): mine\r\n") != isReserved)
    }

    @Test("The length is written with all its digits", arguments: [0, 1, 9, 10, 99, 100, 101, 65_536, 1_000_000])
    func length(count: Int) {
        let response = ServerResponse(head: HTTPResponse(status: .ok), body: [UInt8](repeating: 65, count: count))
        #expect(
            text(response)
                == "Status: 200 OK\r\nX-Request-Id: id1\r\nContent-Length: \(count)\r\n\r\n"
                + String(repeating: "A", count: count))
    }

    @Test("204 and 304 have neither a body nor its length", arguments: [204, 304])
    func bodiless(code: Int) {
        let text = text(ServerResponse(head: HTTPResponse(status: .init(code: code)), body: [1, 2]))
        #expect(text == "Status: \(code)\r\nX-Request-Id: id1\r\n\r\n")
    }

    @Test("405 says what is allowed")
    func methodNotAllowed() {
        let response = ServerResponse.methodNotAllowed(allowed: [.get, .post])
        #expect(response.head.status == .methodNotAllowed)
        #expect(response.head.headerFields[.allow] == "GET, POST")
    }
}
