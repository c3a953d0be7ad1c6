import AsyncHTTPClient
import Glibc
import HTTPTypes
import Outbound
import RelayCore
import RelayTesting
import Synchronization
import Testing

/// Runs with a sender as the program has it.
func withSender(_ body: (HTTPClientSender) async throws -> Void) async throws {
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: HTTPClientSender.configuration)
    do {
        try await body(HTTPClientSender(client))
        try await client.shutdown()
    } catch {
        try await client.shutdown()
        throw error
    }
}

extension HTTPSender {
    func post(_ url: String, within timeout: Duration = .seconds(10)) async throws -> Result<
        HTTPReply, TransportFailure
    > {
        let request = try #require(HTTPRequest(.post, url: url))
        do throws(TransportFailure) {
            return .success(try await send(request, body: Array("{}".utf8), timeout: timeout))
        } catch {
            return .failure(error)
        }
    }
}

extension Result where Failure == TransportFailure {
    var failure: TransportFailure? {
        guard case .failure(let failure) = self else { return nil }
        return failure
    }
}

@Suite("Time and size of an answer", .timeLimit(.minutes(1)))
struct AnswerLimitTests {
    private static let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"

    @Test(
        "A call ends within its time-out, however little of the answer comes, and its connection is closed",
        arguments: [
            ("nothing", "", "", 0), ("half of a head", "HTTP/1.1 200 OK\r\nContent-", "", 0),
            ("a head that never ends", "HTTP/1.1 200 OK\r\n", "X-A: b\r\n", 20),
            ("announcements only", "", "HTTP/1.1 100 Continue\r\n\r\n", 40), ("half of a body", head + "half", "", 0),
            ("a body that trickles", head, "x", 20),
            ("chunks that trickle", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", 20),
            ("a body without an end", "HTTP/1.1 200 OK\r\n\r\n", "x", 20),
            ("an error that stalls", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nbusy", "", 0),
        ] as [(String, String, String, UInt32)])
    func timeLimit(_ what: String, first: String, then: String, every milliseconds: UInt32) async throws {
        let server = try RawServer { connection in
            guard connection.readHead() else { return }
            connection.write(first)
            if !then.isEmpty { connection.repeatEndlessly(then, every: milliseconds) }
            connection.waitForEnd()
        }
        try await withSender { sender in
            let failure = try #require(try await sender.post(server.url, within: .milliseconds(400)).failure)
            #expect(failure == TransportFailure(isCertain: false, "no response within the time-out"))
            await server.wait { begun, ended in begun == 1 && ended == 1 }
        }
    }

    @Test("Answers that stall don't use up the connections: the next call is made")
    func pool() async throws {
        let server = try RawServer { connection in
            guard connection.readHead() else { return }
            connection.write(Self.head + "half")
            connection.waitForEnd()
        }
        let good = try RawServer { connection in
            guard connection.readHead() else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
        try await withSender { sender in
            let stalled = try await withThrowingTaskGroup(of: TransportFailure?.self) { group in
                for _ in 0..<40 {
                    group.addTask { try await sender.post(server.url, within: .milliseconds(700)).failure }
                }
                return try await group.reduce(into: 0) { $0 += $1 == nil ? 0 : 1 }
            }
            #expect(stalled == 40)
            await server.wait { begun, ended in begun >= 32 && begun == ended }
            // Only a place in the pool that was given back lets this one get as far as the server.
            let another = try await sender.post(server.url, within: .milliseconds(300))
            #expect(another.failure != nil)
            await server.wait { begun, ended in begun >= 33 && begun == ended }
            let found = try await sender.post(good.url).get()
            #expect(found.body == Array("ok".utf8))
        }
    }

    @Test(
        "An answer that is too long is cut off",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        ])
    func tooLong(head: String) async throws {
        let server = try RawServer { connection in
            guard connection.readHead() else { return }
            connection.write(head)
            connection.repeatEndlessly(String(repeating: "x", count: 65_536))
        }
        try await withSender { sender in
            let failure = try #require(try await sender.post(server.url).failure)
            #expect(failure == TransportFailure(isCertain: false, "the response exceeds 4 MiB"))
            await server.wait { begun, ended in begun == ended }
        }
    }

    @Test("A head without an end is cut off, and so are announcements")
    func endlessHeads() async throws {
        for text in ["X-A: \(String(repeating: "b", count: 1000))\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n"] {
            let server = try RawServer { connection in
                guard connection.readHead() else { return }
                if !text.hasPrefix("HTTP") { connection.write("HTTP/1.1 200 OK\r\n") }
                connection.repeatEndlessly(text)
            }
            try await withSender { sender in
                let found = try await sender.post(server.url, within: .seconds(30))
                #expect(found.failure?.isCertain == false)
                await server.wait { begun, ended in begun == ended }
            }
        }
    }

    @Test("A call that is cancelled closes its connection, before and in the middle of the answer")
    func cancelled() async throws {
        for text in ["", Self.head + "half"] {
            let server = try RawServer { connection in
                guard connection.readHead() else { return }
                connection.write(text)
                connection.waitForEnd()
            }
            try await withSender { sender in
                let call = Task { try await sender.post(server.url, within: .seconds(600)) }
                await server.wait { begun, _ in begun == 1 }
                call.cancel()
                let found = try await call.value
                #expect(found.failure?.isCertain == false)
                await server.wait { _, ended in ended == 1 }
            }
        }
    }
}

@Suite("Form of an answer", .timeLimit(.minutes(1)))
struct AnswerFormTests {
    private func server(_ answer: String) throws -> RawServer {
        try RawServer { connection in
            guard connection.readHead() else { return }
            connection.write(answer)
        }
    }

    @Test("A status below 100 is no answer, and the process lives", arguments: [0, 1, 42, 99])
    func noStatus(_ code: Int) async throws {
        let digits = String(repeating: "0", count: 3 - String(code).count) + String(code)
        for rest in [
            "Content-Length: 2\r\n\r\n{}", "Content-Length: 0\r\n\r\n", "\r\n{}",
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let server = try server("HTTP/1.1 \(digits) Odd\r\n\(rest)")
            try await withSender { sender in
                let failure = try #require(try await sender.post(server.url).failure)
                #expect(
                    failure
                        == TransportFailure(
                            isCertain: false, "the response's status \(code) isn't between 100 and 999"))
                let good = try self.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                let found = try await sender.post(good.url).get()
                #expect(found.status == .ok)
            }
        }
    }

    @Test("Any other status is given as it is", arguments: [101, 200, 204, 299, 304, 399, 451, 599, 600, 777, 999])
    func status(_ code: Int) async throws {
        let server = try server("HTTP/1.1 \(code) Any\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        try await withSender { sender in
            let reply = try await sender.post(server.url).get()
            #expect(reply.status.code == code)
        }
    }

    @Test("Announcements before an answer don't matter")
    func announcements() async throws {
        let server = try server(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        try await withSender { sender in
            let reply = try await sender.post(server.url).get()
            #expect(reply.body == Array("ok".utf8))
        }
    }

    @Test(
        "An answer that is cut off or in no right form is in doubt",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n", "HTTP/3.0 200 OK\r\n\r\n", "HTTP/1.1 -10 OK\r\n\r\n", "\u{0}\u{1}\u{2}", "",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\nx",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab", "<html>", "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200",
        ])
    func malformed(_ answer: String) async throws {
        let server = try server(answer)
        try await withSender { sender in
            let failure = try await sender.post(server.url).failure
            #expect(failure?.isCertain == false)
        }
    }

    @Test("Whatever bytes come as an answer, the call ends and the process lives")
    func anything() async throws {
        let samples = [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nmore",
            "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.0 503 Busy\r\nRetry-After: 9\r\n\r\nbusy",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n1;a=b\r\nx\r\n0\r\nX: y\r\n\r\n",
        ].map { Array($0.utf8) }
        var random = Seeded(state: 20_261_130)
        let pieces = [" ", "\r\n", "\r\n\r\n", ":", "0", "9", "099", "HTTP/1.1 ", "\u{0}", "é", "-"].map {
            Array($0.utf8)
        }
        let answers = (0..<600).map { _ in
            var bytes = samples[Int.random(in: 0..<samples.count, using: &random)]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                let end = min(bytes.count, place + Int.random(in: 0...4, using: &random))
                bytes.replaceSubrange(
                    place..<end, with: pieces[Int.random(in: 0..<pieces.count, using: &random)])
            }
            return bytes
        }
        let taken = Mutex(0)
        let server = try RawServer { connection in
            guard connection.readHead() else { return }
            let number = taken.withLock { number in
                defer { number += 1 }
                return number
            }
            connection.write(answers[number % answers.count])
            connection.endWriting()
            connection.waitForEnd()
        }
        try await withSender { sender in
            for _ in answers { _ = try await sender.post(server.url, within: .seconds(5)) }
        }
        // A connection that the server has closed may turn out to be closed only when a request is written to it.
        #expect(taken.withLock { $0 } > answers.count * 9 / 10)
    }
}

/// The same numbers each time (Vigna's splitmix64).
private struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
