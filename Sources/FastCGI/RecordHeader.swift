/// The eight bytes that each record begins with (FastCGI 1.0, §3.3).
struct RecordHeader: Equatable {
    /// In bytes.
    static let length = 8
    static let abortRequest: UInt8 = 2
    static let input: UInt8 = 5

    var version: UInt8
    var type: UInt8
    /// Whose record it is; 0: the connection's (§3.3, "management records").
    var id: Int
    /// In bytes.
    var contentLength: Int
    /// In bytes, behind the content.
    var padding: Int

    /// - Parameter bytes: of exactly ``length``.
    init(_ bytes: UnsafeRawBufferPointer) {
        version = bytes[0]
        type = bytes[1]
        id = Int(bytes[2]) << 8 | Int(bytes[3])
        contentLength = Int(bytes[4]) << 8 | Int(bytes[5])
        padding = Int(bytes[6])
    }

    /// Whether it is a piece of this request's body, or its end.
    func isInput(of request: Int) -> Bool { version == 1 && type == Self.input && id == request }

    /// Whether the web server gives this request up.
    func isAbort(of request: Int) -> Bool {
        version == 1 && type == Self.abortRequest && id == request && contentLength == 0
    }
}
