import Foundation
import HTTPTypes
import Logging
import Testing

@testable import FastCGI

extension OverTheWire {
    @Suite struct KeepAliveTests {
        private let path: Handler = { .text($0.head.path ?? "") }

        @Test("A kept connection carries one request after the other")
        func kept() async throws {
            try await withResponder(handler: path) { bench in
                let client = try bench.client()
                for number in 1...200 {
                    let request = Records.request(
                        uri: "/\(number)", body: number.isMultiple(of: 3) ? [1, 2] : nil, keep: true,
                        id: UInt16(number))
                    #expect(try client.exchange(request).body == "/\(number)")
                }
            }
        }

        @Test("A connection that is not to be kept is closed after the answer")
        func closed() async throws {
            try await withResponder(handler: path) { bench in
                let client = try bench.client()
                #expect(try client.exchange(.request()).isEnded)
                #expect(client.isClosedByPeer())
            }
        }

        @Test("Idle kept connections hold no thread")
        func unpinned() async throws {
            try await withResponder(ResponderConfiguration(threads: 1), handler: path) { bench in
                let first = try bench.client()
                #expect(try first.exchange(.request(uri: "/1", keep: true)).body == "/1")
                let second = try bench.client()
                #expect(try second.exchange(.request(uri: "/2", keep: true)).body == "/2")
                #expect(try bench.client().exchange(.request(uri: "/3")).body == "/3")
                #expect(try first.exchange(.request(uri: "/4", keep: true)).body == "/4")
                #expect(try second.exchange(.request(uri: "/5", keep: true)).body == "/5")
            }
        }

        @Test("A connection that says nothing holds no thread, and is closed after a while")
        func silent() async throws {
            let configuration = ResponderConfiguration(
                threads: 1, greetingTimeout: .milliseconds(50), idleTimeout: .milliseconds(50))
            try await withResponder(configuration, handler: path) { bench in
                let silent = try bench.client()
                let kept = try bench.client()
                #expect(try kept.exchange(.request(uri: "/1", keep: true)).body == "/1")
                #expect(silent.isClosedByPeer())
                #expect(kept.isClosedByPeer())
            }
        }

        @Test("A request that comes in pieces is put together")
        func pieces() async throws {
            try await withResponder(ResponderConfiguration(threads: 1), handler: path) { bench in
                let client = try bench.client()
                for byte in Records.request(uri: "/pieces", body: [1, 2, 3]).bytes { client.send([byte]) }
                #expect(try client.receive().body == "/pieces")
            }
        }

        @Test("Two requests on one connection at once are not mixed up: the connection is closed")
        func multiplexed() async throws {
            try await withResponder(handler: path) { bench in
                var records = Records()
                records.begin(id: 1)
                records.begin(id: 2)
                let client = try bench.client()
                client.send(records.bytes)
                #expect(client.isClosedByPeer())
                #expect(bench.log.all.contains { $0.level == .warning })
            }
        }

        @Test("Thousands of requests, good, bad and broken off, leave no memory behind")
        func memory() async throws {
            try await withResponder(handler: path) { bench in
                let good = Records.request(body: [UInt8](repeating: 1, count: 5000), keep: true)
                let bad = Records.request(method: nil, body: [UInt8](repeating: 1, count: 5000), keep: true)
                func some(_ count: Int) throws {
                    for _ in 0..<count {
                        let client = try bench.client()
                        #expect(try client.exchange(good).status == 200)
                        #expect(try client.exchange(bad).status == 400)
                        client.send(Array(good.bytes.prefix(1000)))
                    }
                }
                try some(200)
                let before = try residentBytes()
                try some(2000)
                let grown = try residentBytes() - before
                // One body forgotten for each request would be 20 MB.
                #expect(grown < 10 << 20)
            }
        }

        @Test("A client that hangs up at any point costs neither a descriptor nor the responder")
        func hangUp() async throws {
            let big = [UInt8](repeating: 66, count: 400_000)
            let handler: Handler = { _ in ServerResponse(head: HTTPResponse(status: .ok), body: big) }
            try await withResponder(ResponderConfiguration(threads: 2), handler: handler) { bench in
                let request = Records.request(method: "POST", body: Array("some body".utf8), keep: true)
                for count in 0...request.bytes.count {
                    let client = try bench.client()
                    client.send(Array(request.bytes[..<count]))
                }
                for _ in 0..<20 {
                    let client = try bench.client()
                    client.send(request.bytes)
                    // In the middle of the answer.
                    var some: UInt8 = 0
                    _ = read(client.descriptor, &some, 1)
                }
                #expect(try bench.client().exchange(.request()).bodyBytes == big)
                #expect(await bench.responder.drain(within: .seconds(10)))
                // The listening one.
                #expect(try bench.openSockets() == 1)
            }
        }
    }
}
