import Glibc

/// The body of a request: the contents of its STDIN records, up to the empty one.
///
/// Behind the parameters a web server sends STDIN, and nothing else but ABORT_REQUEST (FastCGI 1.0, §5.4 and §6.2).
/// nginx, Apache httpd, lighttpd and Caddy don't even send that. Any other record ends the connection: libfcgi would obey
/// one of them, such as GET_VALUES, and write past its buffer.
struct StreamBody: BodySource {
    /// How the body ended.
    enum End: Equatable {
        case announced
        /// The web server aborted the request.
        case aborted
        /// The connection was lost or timed out.
        case lost
        /// An unexpected record arrived.
        case foreign
    }

    let hasEnd = true
    /// `nil` until the body ends.
    private(set) var end: End?

    private let connection: Int32
    private let id: Int
    private var received: UnsafeRawBufferPointer
    /// The rest of the current record, in bytes.
    private var contentLeft = 0
    private var paddingLeft = 0

    /// - Parameter head: its bytes stay where they are for as long as the body is read.
    init(of head: ReceivedHead, on connection: Int32) {
        self.connection = connection
        id = head.id
        received = head.bodyStart
    }

    var endedWell: Bool { end == .announced }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < buffer.count, end == nil {
            if contentLeft == 0 {
                end = nextRecord()
                continue
            }
            let count = min(contentLeft, buffer.count - filled)
            guard take(UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])) else {
                end = .lost
                break
            }
            filled += count
            contentLeft -= count
        }
        return filled
    }

    /// Steps over what is left of the record before, and to the content of the next.
    ///
    /// - Returns: the end, when that is one.
    private mutating func nextRecord() -> End? {
        // The longest padding, and a header.
        withUnsafeTemporaryAllocation(byteCount: 255 + RecordHeader.length, alignment: 1) { scratch in
            let count = paddingLeft + RecordHeader.length
            guard take(UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])) else { return .lost }
            let header = RecordHeader(UnsafeRawBufferPointer(rebasing: scratch[paddingLeft..<count]))
            if header.isAbort(of: id) { return .aborted }
            guard header.isInput(of: id) else { return .foreign }
            contentLeft = header.contentLength
            paddingLeft = header.padding
            guard contentLeft == 0 else { return nil }
            return take(UnsafeMutableRawBufferPointer(rebasing: scratch[..<paddingLeft])) ? .announced : .lost
        }
    }

    /// Fills the buffer: first from bytes received with the head, then from the connection.
    private mutating func take(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var filled = min(buffer.count, received.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: received[..<filled]))
        received = UnsafeRawBufferPointer(rebasing: received[filled...])
        while filled < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
            let count = recv(connection, rest.baseAddress, rest.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            filled += count
        }
        return true
    }
}
