import HTTPTypes

/// The reason why a request is rejected before its handler.
enum RequestProblem: Error, Equatable {
    /// An invalid parameter. The text names it, and never repeats the client's input.
    case malformed(String)
    /// The body is over the limit, in bytes.
    case bodyTooLarge(limit: Int)
    /// The body ended before `CONTENT_LENGTH` bytes had come.
    case bodyTruncated
    /// More than `CONTENT_LENGTH` bytes came.
    case bodyTooLong

    var status: HTTPResponse.Status {
        switch self {
        case .malformed, .bodyTruncated, .bodyTooLong: .badRequest
        case .bodyTooLarge: .contentTooLarge
        }
    }

    /// A sentence for the sender; safe inside a JSON string.
    var message: String {
        switch self {
        case .malformed(let reason): reason
        case .bodyTooLarge(let limit): "The body is larger than \(limit) bytes."
        case .bodyTruncated: "The body is shorter than its Content-Length."
        case .bodyTooLong: "The body is longer than its Content-Length."
        }
    }
}
