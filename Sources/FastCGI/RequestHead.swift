import CFastCGI
import Glibc

/// Waits until the head of a request has come, and looks it over, leaving it where it is for libfcgi to read.
struct RequestHead: ~Copyable {
    private let window: UnsafeMutableRawBufferPointer

    init() {
        // One byte more than a head may have tells one that is over it.
        window = .allocate(byteCount: RequestGuard.window + 1, alignment: 1)
    }

    deinit {
        window.deallocate()
    }

    enum Finding: Equatable {
        case complete
        case invalid(String)
        /// The peer left, or stopped in the middle.
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
                case .complete: return .complete
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

    private static func hasHungUp(_ connection: Int32) -> Bool {
        var descriptor = pollfd(fd: connection, events: Int16(POLLRDHUP), revents: 0)
        return poll(&descriptor, 1, 0) == 1 && descriptor.revents & Int16(POLLRDHUP | POLLHUP | POLLERR) != 0
    }
}
