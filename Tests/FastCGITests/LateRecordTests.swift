import Glibc
import HTTPTypes
import Testing

@testable import FastCGI

extension OverTheWire {
    @Suite("Records at a time when they don't belong there")
    struct LateRecords {
        private let echo: Handler = { ServerResponse(head: HTTPResponse(status: .ok), body: $0.body) }

        /// A record that no web server sends within a request.
        struct Stranger: Sendable, CustomTestStringConvertible {
            var name: String
            var bytes: [UInt8]

            var testDescription: String { name }

            init(_ name: String, _ type: UInt8, _ content: [UInt8] = [], id: UInt16 = 1, version: UInt8 = 1) {
                self.name = name
                var records = Records()
                records.record(type, content, id: id, version: version)
                bytes = records.bytes
            }
        }

        /// Where in a request it comes.
        enum Place: String, CaseIterable, Sendable {
            case afterBegin, amidParameters, afterParameters, amidBody, afterRequest
        }

        private static let value = [14, 0] + Array("FCGI_MAX_CONNS".utf8)
        private static let role: [UInt8] = [0, 1, 1, 0, 0, 0, 0, 0]

        static let strangers = [
            Stranger("GET_VALUES", 9, value, id: 0),
            // The buffer for the answer has room for a few (fcgiapp.c, ProcessManagementRecord).
            Stranger("GET_VALUES with a name many times", 9, (0..<400).flatMap { _ in value }, id: 0),
            Stranger("GET_VALUES with no end of a name", 9, [0xFF, 0xFF, 0xFF, 0xFF, 0], id: 0),
            Stranger("GET_VALUES, empty", 9, id: 0),
            Stranger("GET_VALUES of the request", 9, value),
            Stranger("GET_VALUES_RESULT", 10, value, id: 0),
            Stranger("UNKNOWN_TYPE", 11, [9, 0, 0, 0, 0, 0, 0, 0], id: 0),
            Stranger("BEGIN_REQUEST", 1, role),
            Stranger("BEGIN_REQUEST of another", 1, role, id: 2),
            Stranger("PARAMS of another", 4, [1, 1, 65, 66], id: 2),
            Stranger("STDIN of another", 5, [65], id: 2),
            Stranger("STDIN of the connection", 5, [65], id: 0),
            Stranger("STDIN of another version", 5, [65], version: 2),
            Stranger("ABORT_REQUEST of another", 2, id: 2),
            Stranger("ABORT_REQUEST with a content", 2, [1]),
            Stranger("END_REQUEST", 3, [0, 0, 0, 0, 0, 0, 0, 0]),
            Stranger("STDOUT", 6, [65]), Stranger("STDERR", 7, [65]), Stranger("DATA", 8, [65]),
            Stranger("the type 0", 0, [65]), Stranger("the type 0 of the connection", 0, [65], id: 0),
            Stranger("the type 12", 12, [65]), Stranger("the type 255 of the connection", 255, [65], id: 0),
        ]

        @Test(
            "Whatever comes instead of the next piece of a request ends the connection, at once or later",
            arguments: strangers, Place.allCases)
        func strange(stranger: Stranger, place: Place) async throws {
            // A request may begin there.
            if place == .afterRequest, stranger.bytes[1] == 1 { return }
            try await withResponder(ResponderConfiguration(threads: 1), handler: echo) { bench in
                let (before, after) = Self.request(around: place)
                for isLate in [false, true] {
                    let client = try bench.client()
                    if isLate {
                        client.send(before)
                        // A head that isn't whole stays where it is.
                        if place != .afterBegin, place != .amidParameters { await Self.waitUntilRead(client) }
                        client.send(stranger.bytes + after)
                    } else {
                        client.send(before + stranger.bytes + after)
                    }
                    if place == .afterRequest { #expect(try client.receive().body == "body") }
                    let answer = try client.receive()
                    #expect(!answer.isEnded)
                    #expect(answer.output.isEmpty && answer.errors.isEmpty)
                    #expect(client.isClosedByPeer())
                    #expect(try bench.client().exchange(.request(body: [65])).body == "A")
                }
                #expect(bench.log.all.contains { $0.message == "non-FastCGI connection closed" })
            }
        }

        /// The bytes of a request before and behind a place in it.
        private static func request(around place: Place) -> ([UInt8], [UInt8]) {
            var pieces: [[UInt8]] = []
            func piece(_ fill: (inout Records) -> Void) {
                var records = Records()
                fill(&records)
                pieces.append(records.bytes)
            }
            piece { $0.begin(keep: true) }
            piece { $0.record(4, [14, 4] + Array("REQUEST_METHODPOST".utf8)) }
            piece { $0.parameters([("REQUEST_URI", "/"), ("CONTENT_LENGTH", "4")]) }
            piece { $0.record(5, Array("bo".utf8)) }
            piece { $0.input(Array("dy".utf8)) }
            let count = 1 + (Place.allCases.firstIndex(of: place) ?? 0)
            return (Array(pieces[..<count].joined()), Array(pieces[count...].joined()))
        }

        /// Until the responder has taken what was sent (unix(7): SIOCOUTQ).
        private static func waitUntilRead(_ client: FastCGIClient) async {
            var unread: Int32 = 1
            while ioctl(client.descriptor, UInt(TIOCOUTQ), &unread) == 0, unread > 0 { await Task.yield() }
        }

        @Test("A body comes in whole, however it is cut into records, padded, and sent")
        func pieces() async throws {
            try await withResponder(ResponderConfiguration(threads: 1), handler: echo) { bench in
                let body = (0..<3000).map { UInt8(truncatingIfNeeded: $0 * 7) }
                for (piece, padding) in [(1, 0), (1, 255), (7, 3), (255, 1), (3000, 0), (3000, 255)] {
                    var records = Records()
                    records.begin(keep: true)
                    records.parameters([
                        ("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/"), ("CONTENT_LENGTH", "\(body.count)"),
                    ])
                    let start = records.bytes.count
                    for first in stride(from: 0, to: body.count, by: piece) {
                        let part = body[first..<min(first + piece, body.count)]
                        records.bytes += [
                            1, 5, 0, 1, UInt8(part.count >> 8), UInt8(part.count & 0xFF), UInt8(padding), 0,
                        ]
                        records.bytes += part + [UInt8](repeating: 9, count: padding)
                    }
                    records.bytes += [1, 5, 0, 1, 0, 0, UInt8(padding), 0] + [UInt8](repeating: 9, count: padding)
                    let client = try bench.client()
                    for cut in [start, start + 5, start + 9, records.bytes.count - padding - 3, records.bytes.count] {
                        client.send(Array(records.bytes[..<cut]))
                        await Self.waitUntilRead(client)
                        client.send(Array(records.bytes[cut...]))
                        #expect(try client.receive().bodyBytes == body)
                    }
                }
            }
        }
    }
}
