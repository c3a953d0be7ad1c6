import Foundation
import HTTPTypes
import Testing

@testable import FastCGI

extension OverTheWire {
    @Suite struct BodyTests {
        private let configuration = ResponderConfiguration(threads: 1, bodyLimit: 1000, discardLimit: 30 << 20)
        private let echo: Handler = { ServerResponse(head: HTTPResponse(status: .ok), body: $0.body) }

        @Test(
            "A body of any size up to the limit arrives whole, with its length told or not",
            arguments: [0, 1, 7, 8, 999, 1000], [true, false])
        func sizes(count: Int, isDeclared: Bool) async throws {
            let body = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            try await withResponder(configuration, handler: echo) { bench in
                let request = Records.request(
                    method: "POST", body: body, contentLength: isDeclared ? .some(String(count)) : .some(nil))
                let answer = try bench.client().exchange(request)
                #expect(answer.bodyBytes == body)
            }
        }

        @Test("A body of several megabytes arrives whole")
        func large() async throws {
            let body = (0..<3_500_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
            try await withResponder(handler: echo) { bench in
                let answer = try bench.client().exchange(.request(method: "POST", body: body))
                #expect(answer.bodyBytes == body)
            }
        }

        @Test("One byte over the limit is 413, and the kept connection goes on", arguments: [true, false])
        func tooLarge(isDeclared: Bool) async throws {
            try await withResponder(configuration, handler: echo) { bench in
                let client = try bench.client()
                let body = [UInt8](repeating: 65, count: 1001)
                let answer = try client.exchange(
                    .request(
                        method: "POST", body: body, contentLength: isDeclared ? .some("1001") : .some(nil), keep: true)
                )
                #expect(answer.status == 413)
                #expect(answer.body.contains("1000 bytes"))
                #expect(try client.exchange(.request(body: [66], keep: true)).body == "B")
            }
        }

        @Test("Twenty megabytes are refused with 413 after they were sent, and never held in memory")
        func twentyMegabytes() async throws {
            try await withResponder(configuration, handler: echo) { bench in
                let client = try bench.client()
                var head = Records()
                head.begin()
                head.parameters([("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/"), ("CONTENT_LENGTH", "20971520")])
                let before = try residentBytes()
                #expect(client.send(head.bytes))
                var piece = Records()
                piece.record(5, [UInt8](repeating: 65, count: 32 << 10))
                for _ in 0..<640 { #expect(client.send(piece.bytes)) }
                var end = Records()
                end.record(5, [])
                #expect(client.send(end.bytes))
                #expect(try client.receive().status == 413)
                let grown = try residentBytes() - before
                #expect(grown < 10 << 20)
            }
        }

        @Test("A body that is too long even to throw away is cut off after the answer")
        func endless() async throws {
            let configuration = ResponderConfiguration(threads: 1, bodyLimit: 1000, discardLimit: 100_000)
            try await withResponder(configuration, handler: echo) { bench in
                let client = try bench.client()
                client.send(
                    Records.request(method: "POST", body: [UInt8](repeating: 1, count: 400_000), keep: true).bytes)
                #expect(try client.receive().status == 413)
                #expect(client.isClosedByPeer())
                #expect(try bench.client().exchange(.request(body: [67])).body == "C")
            }
        }

        @Test("A body that ends before its length is 400, whether it is ended, aborted or cut off")
        func truncated() async throws {
            try await withResponder(configuration, handler: echo) { bench in
                var begun = Records()
                begun.begin()
                begun.parameters([("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/"), ("CONTENT_LENGTH", "100")])
                begun.record(5, [1, 2, 3])
                var ended = begun
                ended.record(5, [])
                var aborted = begun
                aborted.record(2, [])
                for records in [ended, aborted] {
                    #expect(try bench.client().exchange(records).status == 400)
                }
                let client = try bench.client()
                client.send(begun.bytes)
                shutdown(client.descriptor, Int32(SHUT_WR))
                #expect(try client.receive().status == 400)
                #expect(try bench.client().exchange(.request(body: [67])).body == "C")
            }
        }
    }
}
