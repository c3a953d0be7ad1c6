import CFastCGI
import Glibc

/// The start of a request: a complete, valid head, and the received part of the body.
struct ReceivedHead {
    /// BEGIN_REQUEST and all of PARAMS.
    let bytes: UnsafeRawBufferPointer
    let id: Int
    /// Records of the body that arrived with the head, not yet checked.
    let bodyStart: UnsafeRawBufferPointer
}

/// Waits for the head of a request, checks it, and removes it from the connection.
struct RequestHead: ~Copyable {
    private let window: UnsafeMutableRawBufferPointer

    init() {
        // One byte more than a head may have tells one that is over it.
        window = .allocate(byteCount: RequestGuard.window + 1, alignment: 1)
    }

    deinit {
        window.deallocate()
    }

    enum Finding {
        /// The bytes are valid until the next request is waited for.
        case complete(ReceivedHead)
        case invalid(String)
        /// The peer disconnected, or stopped in mid-request.
        case abandoned
    }

    /// A web server sends the head in one piece, so there is next to never something to wait for.
    func wait(on connection: Int32, patience: Duration) -> Finding {
        var deadline: ContinuousClock.Instant?
        var seen = 0
        var pause: UInt32 = 200
        while true {
            let count = recv(
                connection, window.baseAddress, window.count, Int32(MSG_PEEK | MSG_DONTWAIT))
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return .abandoned }
            if count > seen {
                seen = count
                switch RequestGuard.inspect(UnsafeRawBufferPointer(rebasing: window[..<count])) {
                case .complete(let head):
                    guard take(head.end, from: connection) else { return .abandoned }
                    let bytes = UnsafeRawBufferPointer(window)
                    return .complete(
                        ReceivedHead(
                            bytes: UnsafeRawBufferPointer(rebasing: bytes[..<head.length]), id: head.id,
                            bodyStart: UnsafeRawBufferPointer(rebasing: bytes[head.length..<head.end])))
                case .invalid(let reason): return .invalid(reason)
                case .incomplete where count == window.count: return .invalid("The head of the request is too large.")
                case .incomplete: break
                }
            }
            let now = ContinuousClock.now
            let end = deadline ?? now + patience
            deadline = end
            if now >= end || Self.hasHungUp(connection) { return .abandoned }
            // The kernel can't be told to wait for more than what is there already.
            usleep(pause)
            pause = min(pause * 2, 10_000)
        }
    }

    /// Takes bytes that have been seen off the connection. They are the same ones again.
    private func take(_ count: Int, from connection: Int32) -> Bool {
        var taken = 0
        while taken < count {
            let part = UnsafeMutableRawBufferPointer(rebasing: window[taken..<count])
            let got = recv(connection, part.baseAddress, part.count, Int32(MSG_DONTWAIT))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return false }
            taken += got
        }
        return true
    }

    private static func hasHungUp(_ connection: Int32) -> Bool {
        var descriptor = pollfd(fd: connection, events: Int16(POLLRDHUP), revents: 0)
        return poll(&descriptor, 1, 0) == 1 && descriptor.revents & Int16(POLLRDHUP | POLLHUP | POLLERR) != 0
    }
}
