import Glibc

/// Checks the records of a request's head before libfcgi reads them.
///
/// libfcgi trusts its peer: lengths that sum to over 2 GiB end in a failed assertion, a repeated name in
/// FCGI_GET_VALUES writes past a buffer (fcgiapp.c, `ReadParams` and `ProcessManagementRecord`), and a request that
/// comes in halves holds its thread. So only a whole, well-formed head is handed to it, and nothing behind it: the records
/// of the body are read by ``StreamBody``. Numbers are those of the FastCGI specification 1.0, §3 and §8.
enum RequestGuard {
    /// A valid head.
    struct Head: Equatable {
        /// The request's id, which each record of its body has too.
        var id: Int
        /// In bytes: BEGIN_REQUEST and all of PARAMS.
        var length: Int
        /// How many of the bytes that were looked at belong to the request, in bytes: up to the end of its body, or all.
        var end: Int
    }

    /// The verdict on the bytes received so far.
    enum Verdict: Equatable {
        /// BEGIN_REQUEST and all of PARAMS are present and valid.
        case complete(Head)
        /// Valid so far.
        case incomplete
        /// Not from a web server.
        case invalid(String)
    }

    /// The largest head, in bytes. nginx takes up to 32 KiB from a client unless told otherwise
    /// (`large_client_header_buffers`).
    static let window = 64 << 10

    static func inspect(_ bytes: UnsafeRawBufferPointer) -> Verdict {
        var scan = Scan(bytes: bytes)
        guard let begin = scan.nextHeader() else { return .incomplete }
        guard begin.version == 1, begin.type == 1, begin.id != 0, begin.contentLength == 8 else {
            return .invalid("The request doesn't start with BEGIN_REQUEST.")
        }
        // libfcgi doesn't step over the padding of this record, nor over that of the empty one which ends the parameters:
        // it would see other records than are seen here.
        guard begin.padding == 0 else { return .invalid("BEGIN_REQUEST is padded.") }
        guard let body = scan.take(begin) else { return .incomplete }
        guard body[body.startIndex] == 0, body[body.startIndex + 1] == 1 else {
            return .invalid("The role isn't responder.")
        }
        var parameters = Parameters()
        while true {
            guard let header = scan.nextHeader() else { return .incomplete }
            guard header.version == 1, header.type == 4, header.id == begin.id else {
                return .invalid("Unexpected record among the parameters.")
            }
            guard let content = scan.take(header) else { return .incomplete }
            if content.isEmpty {
                guard header.padding == 0 else { return .invalid("The end of the parameters is padded.") }
                break
            }
            parameters.append(UnsafeRawBufferPointer(rebasing: content))
        }
        guard parameters.withBytes(arePairs) else { return .invalid("The parameters are malformed.") }
        return .complete(Head(id: begin.id, length: scan.next, end: endOfBody(scan, id: begin.id)))
    }

    /// Where the next request may begin. Behind a record that doesn't belong there nothing does, because the connection
    /// ends with it.
    private static func endOfBody(_ scan: Scan, id: Int) -> Int {
        var scan = scan
        while let header = scan.nextHeader(), header.isInput(of: id), let content = scan.take(header) {
            if content.isEmpty { return scan.next }
        }
        return scan.bytes.count
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

    private struct Scan {
        let bytes: UnsafeRawBufferPointer
        var next = 0

        init(bytes: UnsafeRawBufferPointer) {
            self.bytes = bytes
        }

        /// The next record's header; `nil` if it hasn't arrived yet.
        mutating func nextHeader() -> RecordHeader? {
            guard next + RecordHeader.length <= bytes.count else { return nil }
            defer { next += RecordHeader.length }
            return RecordHeader(UnsafeRawBufferPointer(rebasing: bytes[next..<next + RecordHeader.length]))
        }

        /// The record's content, without its padding; `nil` if it hasn't arrived completely.
        mutating func take(_ header: RecordHeader) -> Slice<UnsafeRawBufferPointer>? {
            guard next + header.contentLength + header.padding <= bytes.count else { return nil }
            defer { next += header.contentLength + header.padding }
            return bytes[next..<next + header.contentLength]
        }
    }
}
