import Glibc

/// Looks at the records of a request before libfcgi reads them.
///
/// libfcgi trusts its peer: lengths that sum to over 2 GiB end in a failed assertion, a repeated name in
/// FCGI_GET_VALUES writes past a buffer (fcgiapp.c, `ReadParams` and `ProcessManagementRecord`), and a request that
/// comes in halves holds its thread. So only a whole, well-formed head is handed to it. Numbers are those of the
/// FastCGI specification 1.0, §3 and §8.
enum RequestGuard {
    /// What can be said from the bytes that have come so far.
    enum Verdict: Equatable {
        /// BEGIN_REQUEST and all of PARAMS are there and in order.
        case complete
        /// In order as far as it goes.
        case incomplete
        /// Nothing that a web server sends.
        case invalid(String)
    }

    /// The largest head, in bytes. nginx takes up to 32 KiB from a client unless told otherwise
    /// (`large_client_header_buffers`).
    static let window = 64 << 10

    static func inspect(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        var scan = Scan(bytes: bytes)
        guard let begin = scan.nextHeader() else { return .incomplete }
        guard begin.version == 1, begin.type == 1, begin.id != 0, begin.length == 8 else {
            return .invalid("It does not begin with BEGIN_REQUEST.")
        }
        // libfcgi doesn't step over the padding of this record, nor over that of the empty one which ends the parameters:
        // it would see other records than are seen here.
        guard begin.padding == 0 else { return .invalid("Its BEGIN_REQUEST is padded.") }
        guard let body = scan.take(begin) else { return .incomplete }
        guard body[body.startIndex] == 0, body[body.startIndex + 1] == 1 else {
            return .invalid("Its role is not responder.")
        }
        var parameters = Parameters()
        while true {
            guard let header = scan.nextHeader() else { return .incomplete }
            guard header.version == 1, header.type == 4, header.id == begin.id else {
                return .invalid("A record is among the parameters that does not belong there.")
            }
            guard let content = scan.take(header) else { return .incomplete }
            if content.isEmpty {
                guard header.padding == 0 else { return .invalid("The end of its parameters is padded.") }
                break
            }
            parameters.append(UnsafeRawBufferPointer(rebasing: content))
        }
        guard parameters.withBytes(arePairs) else { return .invalid("The parameters are malformed.") }
        return inspectBody(&scan, id: begin.id)
    }

    /// Of the body only what has come already; the rest of it libfcgi reads unseen.
    private static func inspectBody(_ scan: inout Scan, id: Int) -> Verdict {
        while let header = scan.nextHeader() {
            // 2 is ABORT_REQUEST, which libfcgi takes for the end.
            guard header.version == 1, header.type == 5 || header.type == 2, header.id == id else {
                return .invalid("A record is in the body that does not belong there.")
            }
            guard header.type == 5, let content = scan.take(header), !content.isEmpty else { break }
        }
        return .complete
    }

    private static func arePairs(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var next = bytes.startIndex
        func length() -> Int? {
            guard next < bytes.endIndex else { return nil }
            if bytes[next] < 0x80 {
                defer { next += 1 }
                return Int(bytes[next])
            }
            guard next + 4 <= bytes.endIndex else { return nil }
            defer { next += 4 }
            return bytes[next..<next + 4].reduce(0) { $0 << 8 | Int($1) } & 0x7FFF_FFFF
        }
        while next < bytes.endIndex {
            guard let name = length(), let value = length(), name + value <= bytes.endIndex - next else { return false }
            // libfcgi makes C strings of them, which would end there.
            guard !hasZero(bytes[next..<next + name + value]) else { return false }
            next += name + value
        }
        return true
    }

    private static func hasZero(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let start = UnsafeRawBufferPointer(rebasing: bytes).baseAddress else { return false }
        return memchr(start, 0, bytes.count) != nil
    }

    /// The contents of the records of PARAMS, which mostly is one, and then isn't copied.
    private struct Parameters {
        private var first: UnsafeRawBufferPointer?
        private var joined: [UInt8] = []

        mutating func append(_ content: UnsafeRawBufferPointer) {
            guard let first else {
                first = content
                return
            }
            if joined.isEmpty { joined += first }
            joined += content
        }

        func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
            joined.isEmpty ? body(first ?? UnsafeRawBufferPointer(start: nil, count: 0)) : joined.withUnsafeBytes(body)
        }
    }

    private struct Header {
        var version: UInt8
        var type: UInt8
        var id: Int
        var length: Int
        var padding: Int
    }

    private struct Scan {
        let bytes: UnsafeRawBufferPointer
        var next = 0

        init(bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
        }

        /// The next record's header; nil when it has not come yet.
        mutating func nextHeader() -> Header? {
            guard next + 8 <= bytes.count else { return nil }
            defer { next += 8 }
            return Header(
                version: bytes[next],
                type: bytes[next + 1],
                id: Int(bytes[next + 2]) << 8 | Int(bytes[next + 3]),
                length: Int(bytes[next + 4]) << 8 | Int(bytes[next + 5]),
                padding: Int(bytes[next + 6])
            )
        }

        /// The record's content, stepping over its padding; nil when not all of it has come yet.
        mutating func take(_ header: Header) -> Slice<UnsafeRawBufferPointer>? {
            guard next + header.length + header.padding <= bytes.count else { return nil }
            defer { next += header.length + header.padding }
            return bytes[next..<next + header.length]
        }
    }
}
