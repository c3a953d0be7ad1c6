/// Where the bytes of a body come from.
protocol BodySource {
    /// Fills the buffer as far as the body goes. Fewer bytes than the buffer has room for mean the end.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int

    /// Whether the end, once reached, was announced, and not a lost connection.
    var endedWell: Bool { get }

    /// Whether the end is marked. FastCGI marks it; for CGI it is where `CONTENT_LENGTH` says.
    var hasEnd: Bool { get }
}

/// Reads a body within the limit, and discards the rest.
struct RequestBody {
    /// In bytes.
    let limit: Int
    /// In bytes.
    let discardLimit: Int

    /// Reads the whole body.
    ///
    /// - Parameter declared: `CONTENT_LENGTH`; `nil` if the sender omitted it.
    func read(declared: Int?, from source: inout some BodySource) throws(RequestProblem) -> [UInt8] {
        if let declared, declared > limit { throw .bodyTooLarge(limit: limit) }
        guard source.hasEnd || declared != nil else { return [] }
        // One byte more than allowed tells a body that is over the limit from one that just fits.
        let body = Self.read(upTo: (declared ?? limit) + (source.hasEnd ? 1 : 0), from: &source)
        guard let declared else {
            if body.count > limit { throw .bodyTooLarge(limit: limit) }
            if !source.endedWell { throw .bodyTruncated }
            return body
        }
        if body.count > declared { throw .bodyTooLong }
        if body.count < declared { throw .bodyTruncated }
        return body
    }

    /// Discards the rest, so that the sender can finish sending and read the response.
    ///
    /// - Returns: whether the end was reached.
    func discard(declared: Int?, from source: inout some BodySource) -> Bool {
        var left = source.hasEnd ? discardLimit : min(declared ?? 0, discardLimit)
        return withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { buffer in
            while left > 0 {
                let wanted = min(left, buffer.count)
                let count = source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
                left -= count
                if count < wanted { return source.endedWell }
            }
            return !source.hasEnd
        }
    }

    private static func read(upTo most: Int, from source: inout some BodySource) -> [UInt8] {
        var body: [UInt8] = []
        // By the megabyte: memory is allocated for received bytes, not for announced ones.
        let step = 1 << 20
        while body.count < most {
            let wanted = min(step, most - body.count)
            var count = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
                count = source.read(into: UnsafeMutableRawBufferPointer(buffer))
                initialized = count
            }
            if body.isEmpty { body = chunk } else { body += chunk }
            if count < wanted { break }
        }
        return body
    }
}
