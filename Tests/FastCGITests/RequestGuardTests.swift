import Testing

@testable import FastCGI

@Suite struct RequestGuardTests {
    private func inspect(_ bytes: [UInt8]) -> RequestGuard.Verdict {
        bytes.withUnsafeBytes { RequestGuard.inspect($0) }
    }

    private func isComplete(_ bytes: [UInt8]) -> Bool {
        if case .complete = inspect(bytes) { true } else { false }
    }

    private func isInvalid(_ bytes: [UInt8]) -> Bool {
        if case .invalid = inspect(bytes) { true } else { false }
    }

    @Test("A request is complete from the end of its parameters on, and incomplete at every byte before")
    func prefixes() {
        var records = Records()
        records.begin()
        records.parameters([("REQUEST_METHOD", "GET"), ("HTTP_X", String(repeating: "x", count: 300))])
        let headLength = records.bytes.count
        records.input(Array("some body".utf8))
        let length = records.bytes.count
        for next in [[], [1, 1, 0, 1]] as [[UInt8]] {
            let bytes = records.bytes + next
            for count in 0...bytes.count {
                let head = RequestGuard.Head(id: 1, length: headLength, end: min(count, length))
                #expect(inspect(Array(bytes[..<count])) == (count < headLength ? .incomplete : .complete(head)))
            }
        }
    }

    @Test("What would make libfcgi fail an assertion or write past its buffer is turned away")
    func dangerous() {
        var overflow = Records()
        overflow.begin()
        overflow.record(4, [0xFF, 0xFF, 0xFF, 0xF0, 0xFF, 0xFF, 0xFF, 0xF0, 1, 2, 3])
        overflow.record(4, [])
        #expect(isInvalid(overflow.bytes))

        var values: [UInt8] = []
        for _ in 0..<20 { values += [14, 0] + Array("FCGI_MAX_CONNS".utf8) }
        var management = Records()
        management.record(9, values, id: 0)
        #expect(isInvalid(management.bytes))
        var amid = Records.request()
        amid.record(9, values, id: 0)
        #expect(isComplete(amid.bytes), "it stands behind the request")
        var within = Records()
        within.begin()
        within.record(4, [1, 1, UInt8(ascii: "A"), UInt8(ascii: "B")])
        within.record(9, values, id: 0)
        #expect(isInvalid(within.bytes))
    }

    @Test("Other versions, roles, ids and orders of records are turned away")
    func foreign() {
        #expect(isInvalid(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)))
        #expect(isInvalid([2, 1, 0, 1, 0, 8, 0, 0] + [0, 1, 0, 0, 0, 0, 0, 0]))
        #expect(isInvalid([1, 1, 0, 0, 0, 8, 0, 0] + [0, 1, 0, 0, 0, 0, 0, 0]))
        for role: UInt8 in [0, 2, 3, 9] {
            var records = Records()
            records.begin(role: role)
            #expect(isInvalid(records.bytes))
        }
        var stranger = Records()
        stranger.begin(id: 1)
        stranger.parameters([("A", "B")], id: 2)
        #expect(isInvalid(stranger.bytes))
        // In its padding are the parameters that libfcgi would take, with lengths that nothing has looked at.
        var padded = Records()
        padded.begin()
        padded.bytes[6] = 64
        padded.record(4, [0xFF, 0xFF, 0xFF, 0xF0, 0xFF, 0xFF, 0xFF, 0xF0] + [UInt8](repeating: 1, count: 48))
        padded.record(4, [])
        #expect(isInvalid(padded.bytes))
        var paddedEnd = Records()
        paddedEnd.begin()
        paddedEnd.bytes += [1, 4, 0, 1, 0, 0, 24, 0]
        paddedEnd.record(9, [14, 0] + Array("FCGI_MAX_CONNS".utf8), id: 0)
        #expect(isInvalid(paddedEnd.bytes))
        var early = Records()
        early.begin()
        early.input([1])
        #expect(isInvalid(early.bytes))
        for pair in [("REQUEST_URI", "/a\0b"), ("REQUEST_URI\0", "/a")] {
            var shortened = Records()
            shortened.begin()
            shortened.parameters([pair])
            #expect(isInvalid(shortened.bytes))
        }
        var cut = Records()
        cut.begin()
        cut.stream(4, [5, 9, 65])
        #expect(isInvalid(cut.bytes))
    }

    @Test("Parameters that come in several records are looked at as the one stream that they are")
    func records() {
        let pairs = [1, 1] + Array("AB".utf8) + [1, 0] + Array("C".utf8)
        for (stream, isWhole) in [(pairs, true), (Array(pairs.dropLast()), false), (pairs + [0], false)] {
            for cut in 1..<stream.count {
                for second in cut..<stream.count {
                    var records = Records()
                    records.begin()
                    for part in [stream[..<cut], stream[cut..<second], stream[second...]] where !part.isEmpty {
                        records.record(4, Array(part))
                    }
                    records.record(4, [])
                    #expect(isInvalid(records.bytes) == !isWhole)
                    #expect(isComplete(records.bytes) == isWhole)
                }
            }
        }
    }

    @Test("No sequence of bytes is too strange to be looked at")
    func property() {
        var random = Xorshift(seed: 1)
        for _ in 0..<20_000 {
            var bytes = Records.request(parameters: [("A", "B"), ("HTTP_C", "D")], body: [1, 2, 3]).bytes
            random.mutate(&bytes)
            _ = inspect(bytes)
        }
    }
}
