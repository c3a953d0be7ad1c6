import Foundation
import HTTPTypes
import Logging
import Testing

@testable import FastCGI

extension OverTheWire {
    @Suite struct ResponderTests {
        @Test("A request arrives whole and its answer goes back whole")
        func roundTrip() async throws {
            let seen = Seen()
            let handler: Handler = {
                seen.note($0)
                return .json(#"{"ok":true}"#.utf8, status: .accepted)
            }
            try await withResponder(handler: handler) { bench in
                let body = Array("привет".utf8)
                let answer = try bench.client().exchange(
                    .request(
                        method: "POST", uri: "/in/token?x=1",
                        parameters: [
                            ("HTTP_X_REQUEST_ID", "abc-1"), ("REMOTE_ADDR", "192.0.2.1"), ("HTTP_HOST", "h.example"),
                            ("CONTENT_TYPE", "application/json"),
                        ], body: body))
                #expect(answer.isEnded)
                #expect(
                    answer.lines == [
                        "Status: 202 Accepted", "Content-Type: application/json", "X-Request-Id: abc-1",
                        "Content-Length: 11",
                    ])
                #expect(answer.body == #"{"ok":true}"#)
                let request = try #require(seen.last)
                #expect(request.body == body)
                #expect(request.id == "abc-1")
                #expect(request.remoteAddress == "192.0.2.1")
                #expect(request.head.path == "/in/token?x=1")
                #expect(request.head.headerFields[.contentType] == "application/json")
            }
        }

        @Test("As many requests are answered at once as there are threads")
        func threads() async throws {
            let gate = Gate()
            // Each handler waits until all five are in; were there fewer threads, it would wait for ever.
            let handler: Handler = { _ in
                gate.pass(openingAt: 5)
                return .text("all here")
            }
            try await withResponder(ResponderConfiguration(threads: 5), handler: handler) { bench in
                let path = bench.path
                let bodies = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<5 {
                        group.addTask { try await onThread { try FastCGIClient(to: path).exchange(.request()).body } }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(bodies == Array(repeating: "all here", count: 5))
            }
        }

        @Test("The threads carry names for debuggers")
        func names() async throws {
            let handler: Handler = { _ in .text(try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)) }
            try await withResponder(ResponderConfiguration(threads: 1), handler: handler) { bench in
                let answer = try bench.client().exchange(.request())
                #expect(answer.body == "fastcgi-1\n")
            }
        }

        @Test("Nonsense gets 400 with the reason and the request id, never a crash")
        func nonsense() async throws {
            try await withResponder { bench in
                let requests: [Records] = [
                    .request(method: nil), .request(method: "NO SUCH"), .request(uri: "no-slash"),
                    .request(parameters: [("HTTP_BAD NAME", "x")]), .request(parameters: [("HTTP_X", "a\nb")]),
                    .request(parameters: [("HTTP_HOST", "a"), ("HTTP_HOST", "b")]),
                    .request(parameters: [("REQUEST_METHOD", "POST")]),
                    .request(contentLength: "ten"), .request(contentLength: "-5"),
                    .request(parameters: [("CONTENT_LENGTH", "5")], body: [1, 2]),
                    .request(body: [1, 2], contentLength: "3"), .request(body: [1, 2], contentLength: "1"),
                ]
                for request in requests {
                    let answer = try bench.client().exchange(request)
                    #expect(answer.status == 400)
                    let id = try #require(answer["X-Request-Id"])
                    #expect(answer.body.contains(#""request_id":"\#(id)""#))
                    #expect(answer["Content-Length"] == String(answer.body.utf8.count))
                }
                #expect(try bench.client().exchange(.request()).body == "hello")
            }
        }

        @Test("A handler that throws gives 500 with the request id that is in the log, and nothing of the error")
        func failure() async throws {
            struct Secret: Error {}
            try await withResponder(handler: { _ in throw Secret() }) { bench in
                let answer = try bench.client().exchange(.request())
                #expect(answer.status == 500)
                #expect(!answer.body.contains("Secret"))
                let id = try #require(answer["X-Request-Id"])
                #expect(answer.body.contains(id))
                let line = try #require(bench.log.all.first { $0.message == "handler failed" })
                #expect(line.level == .error)
                #expect(line.metadata["request.id"] == .string(id))
                #expect(line.metadata["error.message"].map { "\($0)" }?.contains("Secret") == true)
            }
        }

        @Test("A status that is no answer becomes 500", arguments: [0, 100, 199])
        func notFinal(code: Int) async throws {
            try await withResponder(handler: { _ in .empty(.init(code: code)) }) { bench in
                let answer = try bench.client().exchange(.request())
                #expect(answer.status == 500)
            }
        }

        @Test("HEAD gets the length and no body")
        func head() async throws {
            try await withResponder { bench in
                let answer = try bench.client().exchange(.request(method: "HEAD"))
                #expect(answer.status == 200)
                #expect(answer["Content-Length"] == "5")
                #expect(answer.body.isEmpty)
            }
        }

        @Test("An answer of many records arrives whole")
        func large() async throws {
            let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
            let handler: Handler = { _ in ServerResponse(head: HTTPResponse(status: .ok), body: body) }
            try await withResponder(handler: handler) { bench in
                let answer = try bench.client().exchange(.request())
                #expect(answer.bodyBytes == body)
            }
        }

        @Test("It listens on TCP as well, and only to whom it may")
        func tcp() async throws {
            for (allowed, expected) in [([], 200), (["127.0.0.1"], 200), (["192.0.2.1"], nil)] as [(Set<String>, Int?)]
            {
                let socket = try ListeningSocket.open(at: "127.0.0.1:0")
                defer { socket.close() }
                guard case .tcp(_, let port)? = socket.address else {
                    Issue.record("no port")
                    return
                }
                let responder = FastCGIResponder(
                    listeningOn: socket.descriptor,
                    configuration: ResponderConfiguration(threads: 1, webServerAddresses: allowed),
                    logger: LogRecorder().logger
                ) { _ in .text("tcp") }
                try responder.start()
                #expect(try FastCGIClient(toPort: port).exchange(.request()).status == expected)
                #expect(await responder.drain(within: .seconds(10)))
            }
            #expect(ResponderConfiguration.webServerAddresses(in: "10.0.0.1, 10.0.0.2") == ["10.0.0.1", "10.0.0.2"])
        }

        @Test("Neither SIGTERM nor SIGUSR1 becomes libfcgi's, and SIGPIPE is ignored")
        func signals() async throws {
            try await withResponder { bench in
                _ = try bench.client().exchange(.request())
                let handlers = [SIGTERM, SIGUSR1, SIGPIPE].map { number in
                    var action = sigaction()
                    sigaction(number, nil, &action)
                    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
                }
                #expect(handlers == [0, 0, 1])
            }
        }
    }
}
