import Foundation
import Glibc
import HTTPTypes
import Testing

@testable import FastCGI

extension OverTheWire {
    @Suite struct PlainCGITests {
        /// Plays the web server of CGI: variables, a pipe with the body, which stays open, and a pipe for the answer.
        private func run(
            _ variables: [(String, String)], body: [UInt8], limit: Int = 1000, closing: Bool = false,
            handler: @escaping Handler = { ServerResponse(head: HTTPResponse(status: .ok), body: $0.body) }
        ) throws -> Answer {
            var input: [Int32] = [0, 0]
            var output: [Int32] = [0, 0]
            #expect(pipe(&input) == 0)
            #expect(pipe(&output) == 0)
            _ = body.withUnsafeBytes { write(input[1], $0.baseAddress, $0.count) }
            if closing { close(input[1]) }
            let exchange = Exchange(
                configuration: ResponderConfiguration(bodyLimit: limit), logger: LogRecorder().logger, handler: handler)
            var strings = variables.map { strdup("\($0.0)=\($0.1)") }
            strings.append(nil)
            defer { for string in strings { free(string) } }
            let parameters = RequestParameters(strings)
            #expect(PlainCGI.respond(exchange, parameters, input: input[0], output: output[1]))
            // As the process does with its own: the server sees the end though the process goes on.
            PlainCGI.letGo(of: [input[0], output[1]])
            let answer = FileHandle(fileDescriptor: output[0]).readDataToEndOfFile()
            for descriptor in input + output { close(descriptor) }
            return Answer(output: Array(answer))
        }

        private let post = [("REQUEST_METHOD", "POST"), ("SCRIPT_NAME", "/byoc.cgi"), ("PATH_INFO", "/in/tok en")]

        @Test("A request in the environment is answered on the output")
        func answered() throws {
            let answer = try run(
                post + [("CONTENT_LENGTH", "5"), ("HTTP_X_REQUEST_ID", "cgi-1")], body: Array("hello".utf8)
            ) {
                .text(
                    "\($0.head.method) \($0.head.path ?? "") \($0.pathInfo) \(String(decoding: $0.body, as: UTF8.self))"
                )
            }
            #expect(answer.lines.first == "Status: 200 OK")
            #expect(answer["X-Request-Id"] == "cgi-1")
            #expect(answer.body == "POST /byoc.cgi/in/tok%20en /in/tok en hello")
            #expect(answer["Content-Length"] == String(answer.body.utf8.count))
        }

        @Test("Exactly CONTENT_LENGTH bytes are read, with no wait for an end that need not come")
        func exact() throws {
            #expect(try run(post + [("CONTENT_LENGTH", "3")], body: Array("abcdef".utf8)).body == "abc")
            #expect(try run(post, body: Array("abc".utf8)).body == "")
            #expect(try run([("REQUEST_METHOD", "GET"), ("CONTENT_LENGTH", "")], body: []).status == 200)
        }

        @Test("Nonsense, a body that is cut off, and one that is too large are answered like over FastCGI")
        func refused() throws {
            #expect(try run([], body: []).status == 400)
            #expect(try run(post + [("CONTENT_LENGTH", "x")], body: []).status == 400)
            #expect(try run(post + [("CONTENT_LENGTH", "9")], body: [1], closing: true).status == 400)
            #expect(
                try run(post + [("CONTENT_LENGTH", "9")], body: [1, 2, 3, 4, 5, 6, 7, 8, 9], limit: 8).status == 413)
            struct Odd: Error {}
            #expect(try run(post, body: []) { _ in throw Odd() }.status == 500)
        }
    }
}
