import Foundation
import HTTPTypes
import Testing

@testable import FastCGI

extension OverTheWire {
    @Suite struct PropertyTests {
        private let configuration = ResponderConfiguration(
            threads: 2, peerTimeout: .seconds(5), greetingTimeout: .seconds(5))
        private let echo: Handler = { ServerResponse(head: HTTPResponse(status: .ok), body: $0.body) }

        /// Sends, says that no more will come, and waits until the responder has no more to say either.
        private func provoke(_ bench: Bench, _ bytes: [UInt8]) throws {
            let client = try bench.client()
            client.send(bytes)
            shutdown(client.descriptor, Int32(SHUT_WR))
            while let answer = try? client.receive(), answer.isEnded {}
        }

        @Test("Random parameters and bodies are answered with 200 or 400", arguments: [1, 2, 3])
        func parameters(seed: UInt64) async throws {
            var random = Xorshift(seed: seed)
            let names = [
                "REQUEST_METHOD", "REQUEST_URI", "CONTENT_LENGTH", "HTTP_HOST", "HTTP_", "HTTP_X", "", "=", "HTTPS",
                "QUERY_STRING", "REMOTE_ADDR", "CONTENT_TYPE", "HTTP_X_REQUEST_ID", "PATH_INFO",
            ]
            try await withResponder(configuration, handler: echo) { bench in
                let client = try bench.client()
                for _ in 0..<700 {
                    let pairs = (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                        var name = Array((names.randomElement(using: &random) ?? "").utf8)
                        var value = Array(["GET", "/", "12", "h", "on", "é"].randomElement(using: &random)!.utf8)
                        if Bool.random(using: &random) { random.mutate(&value) }
                        if Int.random(in: 0..<8, using: &random) == 0 { random.mutate(&name) }
                        // Zeros are turned away before there can be an answer: RequestGuardTests.
                        return (name.filter { $0 != 0 }, value.filter { $0 != 0 })
                    }
                    var records = Records()
                    records.begin(keep: true)
                    records.parameters([(Array("REQUEST_METHOD".utf8), Array("GET".utf8))] + pairs)
                    records.input([UInt8](repeating: 7, count: Int.random(in: 0..<30, using: &random)))
                    let answer = try client.exchange(records)
                    #expect(answer.isEnded)
                    #expect([200, 400].contains(answer.status))
                }
                #expect(try client.exchange(.request(body: [65])).body == "A")
            }
        }

        @Test("Mutated records never bring the responder down", arguments: [1, 2, 3, 4])
        func mutations(seed: UInt64) async throws {
            var random = Xorshift(seed: seed)
            try await withResponder(configuration, handler: echo) { bench in
                for _ in 0..<600 {
                    var bytes = Records.request(
                        method: "POST", uri: "/x?y=z",
                        parameters: [("HTTP_X_LONG", String(repeating: "v", count: 200))],
                        body: Array("a body of some length".utf8), keep: Bool.random(using: &random)
                    ).bytes
                    random.mutate(&bytes)
                    try provoke(bench, bytes)
                }
                let answer = try bench.client().exchange(.request(body: [65]))
                #expect(answer.body == "A")
                #expect(await bench.responder.drain(within: .seconds(10)))
                // The listening one.
                #expect(try bench.openSockets() == 1)
            }
        }

        @Test("Garbage, wrong versions, aborts, and heads that are cut off or too large close the connection only")
        func strange() async throws {
            try await withResponder(configuration, handler: echo) { bench in
                var random = Xorshift(seed: 9)
                var aborted = Records()
                aborted.begin()
                aborted.record(2, [])
                var huge = Records()
                huge.begin()
                huge.parameters([("HTTP_HUGE", String(repeating: "h", count: 300_000))])
                var promised = Records()
                promised.begin()
                promised.record(4, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0])
                promised.record(4, [])
                var values = Records()
                values.record(9, (0..<40).flatMap { _ in [14, 0] + Array("FCGI_MAX_CONNS".utf8) }, id: 0)
                var version = Records.request().bytes
                version[0] = 9
                let noise = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }
                let whole = Records.request(parameters: [("HTTP_A", "b")]).bytes
                let cases = [
                    aborted.bytes, huge.bytes, promised.bytes, values.bytes, version, noise, [0],
                    Array("GET / HTTP/1.0\r\n\r\n".utf8), Array(whole.prefix(20)), Array(whole.prefix(9)),
                ]
                for bytes in cases {
                    try provoke(bench, bytes)
                    let answer = try bench.client().exchange(.request(body: [65]))
                    #expect(answer.body == "A")
                }
            }
        }
    }
}
