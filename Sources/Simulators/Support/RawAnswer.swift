/// An answer in bytes, written past the HTTP encoder: what no HTTP server would write, and what it would never end.
package struct RawAnswer: Sendable, Equatable {
    /// What follows the bytes.
    package enum Rest: Sendable, Equatable {
        /// The connection is closed.
        case close
        /// Nothing, until the client goes away, or for so long at most.
        case silence(atMost: Duration)
        /// More bytes, again and again, until the client goes away; so often at most.
        case repeated([UInt8], every: Duration, times: Int)
    }

    package var bytes: [UInt8]
    package var rest: Rest

    package init(_ bytes: [UInt8], then rest: Rest = .close) {
        self.bytes = bytes
        self.rest = rest
    }

    /// An answer from its head, whose lines need no line ends, and its body.
    init(_ head: [String], _ body: [UInt8] = [], then rest: Rest = .close) {
        self.init(Array(head.map { $0 + "\r\n" }.joined().utf8) + Array("\r\n".utf8) + body, then: rest)
    }
}
