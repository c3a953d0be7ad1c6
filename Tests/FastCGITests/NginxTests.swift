import Foundation
import HTTPTypes
import Testing

@testable import FastCGI

extension OverTheWire {
    @Suite struct NginxTests {
        @Test("nginx and the responder understand each other", arguments: [0, 4])
        func understanding(keepalive: Int) async throws {
            let seen = Seen()
            let handler: Handler = {
                seen.note($0)
                switch $0.pathInfo {
                case "/echo": return ServerResponse(head: HTTPResponse(status: .ok), body: $0.body)
                case "/odd": return .empty(.init(code: 799, reasonPhrase: "Unheard Of"))
                case "/nothing": return .empty(.noContent)
                case "/throw": throw RequestProblem.bodyTooLong
                case "/only-post": return .methodNotAllowed(allowed: [.post])
                default: return .empty(.notFound)
                }
            }
            try await withResponder(handler: handler) { bench in
                let nginx = try Nginx(passingTo: bench.path, keepalive: keepalive)
                let client = try nginx.connection()
                let echo = client.request(
                    "POST", "/echo?a=%D0%B6",
                    fields: "X-Viber-Content-Signature: ab\r\nContent-Type: application/json\r\n",
                    body: Array("мир".utf8))
                #expect(echo.status == 200)
                #expect(echo.body == "мир")
                let request = try #require(seen.last)
                #expect(request.head.path == "/echo?a=%D0%B6")
                #expect(request.head.method == .post)
                #expect(request.head.authority == "relay.example")
                #expect(request.head.headerFields[.contentType] == "application/json")
                #expect(request.head.headerFields[.contentLength] == "6")
                let signature = try #require(HTTPField.Name("X-Viber-Content-Signature"))
                #expect(request.head.headerFields[fields: signature].map(\.value) == ["ab"])
                #expect(request.remoteAddress == "127.0.0.1")

                #expect(client.request("GET", "/odd").head.hasPrefix("HTTP/1.1 799 Unheard Of\r\n"))
                #expect(client.request("GET", "/nothing").status == 204)
                #expect(client.request("GET", "/missing").status == 404)
                let refused = client.request("GET", "/only-post")
                #expect(refused.status == 405)
                #expect(refused.head.contains("Allow: POST\r\n"))
                let failed = client.request("GET", "/throw")
                #expect(failed.status == 500)
                #expect(failed.body.contains("request_id"))

                #expect(client.request("POST", "/echo", body: []).status == 200)
                let head = client.request("HEAD", "/throw")
                #expect(head.status == 500)
                #expect(head.head.contains("Content-Length: \(failed.body.utf8.count)\r\n"))
                #expect(nginx.errors == "")
            }
        }

        @Test("A body of 20 MB gets 413 and not 502", arguments: [0, 4])
        func large(keepalive: Int) async throws {
            try await withResponder { bench in
                let nginx = try Nginx(passingTo: bench.path, keepalive: keepalive)
                let client = try nginx.connection()
                let body = [UInt8](repeating: 65, count: 20 << 20)
                for _ in 0..<3 {
                    let reply = client.request("POST", "/", body: body)
                    #expect(reply.status == 413)
                    #expect(reply.body.contains("4194304 bytes"))
                }
                #expect(client.request("POST", "/", body: Array(body.prefix(4 << 20))).status == 200)
            }
        }

        @Test("A body of 20 MB that nginx passes on while it comes gets 413 as well", arguments: [0, 4])
        func unbuffered(keepalive: Int) async throws {
            try await withResponder { bench in
                let nginx = try Nginx(
                    passingTo: bench.path, keepalive: keepalive, server: "fastcgi_request_buffering off;")
                let client = try nginx.connection()
                let reply = client.request("POST", "/", body: [UInt8](repeating: 65, count: 20 << 20))
                #expect(reply.status == 413)
            }
        }

        @Test("A body larger than can be thrown away gets its 413 too")
        func endless() async throws {
            let configuration = ResponderConfiguration(threads: 2, bodyLimit: 1000, discardLimit: 1 << 20)
            try await withResponder(configuration) { bench in
                let nginx = try Nginx(passingTo: bench.path, keepalive: 4)
                for _ in 0..<3 {
                    let reply = try nginx.connection().request(
                        "POST", "/", body: [UInt8](repeating: 65, count: 20 << 20))
                    #expect(reply.status == 413)
                }
            }
        }

        @Test("A slow client holds no thread, and one that leaves in the middle does no harm")
        func slow() async throws {
            try await withResponder(ResponderConfiguration(threads: 1)) { bench in
                let nginx = try Nginx(passingTo: bench.path, keepalive: 2)
                let slow = try (0..<5).map { _ in try nginx.connection() }
                for client in slow {
                    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf")
                }
                let client = try nginx.connection()
                #expect(client.request("GET", "/").body == "hello")
                slow[0].send(String(repeating: "x", count: 96))
                #expect(slow[0].receive().body == "hello")
                for _ in 0..<20 {
                    let leaver = try nginx.connection()
                    leaver.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")
                }
                #expect(client.request("GET", "/").body == "hello")
            }
        }

        @Test("Header nonsense from a client never reaches a crash")
        func nonsense() async throws {
            try await withResponder { bench in
                let nginx = try Nginx(
                    passingTo: bench.path, keepalive: 4,
                    server: "ignore_invalid_headers off; underscores_in_headers on;")
                let odd = [
                    "X Y: a", "X\u{1}: b", "x_y: c", "X\"Q: d", "X=Z: e", "Host: other",
                    "Content-Length: -1", "X: \u{2}\u{7F}", "X: \(String(repeating: "y", count: 7000))", ": empty",
                    "X-Request-Id: <b>",
                ]
                for field in odd {
                    let reply = try nginx.connection().request("GET", "/", fields: field + "\r\n")
                    #expect([200, 400].contains(reply.status), "\(field)")
                }
                #expect(try nginx.connection().request("GET", "/").body == "hello")
            }
        }

        @Test(
            "Under load, one of two responders is drained and replaced again and again without one failed request",
            arguments: [0, 8])
        func drainUnderLoad(keepalive: Int) async throws {
            let configuration = ResponderConfiguration(threads: 6)
            let echo: Handler = { ServerResponse(head: HTTPResponse(status: .ok), body: $0.body) }
            try await withResponder(configuration, handler: echo) { bench in
                // Only a kept connection can be closed on a request that is on its way; a new one never is.
                let nginx = try Nginx(passingTo: bench.path, keepalive: keepalive, triesAgain: keepalive > 0)
                let isOver = Shared(false)
                let answered = Shared(0)
                let failures = try await withThrowingTaskGroup(of: [String].self) { group in
                    for number in 0..<6 {
                        group.addTask {
                            try await onThread {
                                let client = try nginx.connection()
                                let body = [UInt8](
                                    repeating: UInt8(ascii: "a") + UInt8(number), count: 300 * (number + 1))
                                let expected = String(decoding: body, as: UTF8.self)
                                var failures: [String] = []
                                while !isOver.now {
                                    let reply = client.request("POST", "/\(number)", body: body)
                                    if reply.status == 200, reply.body == expected {
                                        answered.change { $0 += 1 }
                                    } else {
                                        failures.append(reply.head)
                                    }
                                }
                                return failures
                            }
                        }
                    }
                    for round in 1...20 {
                        let other = try bench.another(configuration, handler: echo)
                        // Each of them gets its share of the load before it goes.
                        while answered.now < round * 100 { await Task.yield() }
                        #expect(await other.drain(within: .seconds(20)))
                    }
                    isOver.change { $0 = true }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(failures == [])
                #expect(answered.now >= 2000)
            }
        }
    }
}
