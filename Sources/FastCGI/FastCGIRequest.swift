import CFastCGI
import Glibc

/// libfcgi's own state, once in a process.
enum LibFCGI {
    /// Initializes libfcgi without its signal handlers.
    ///
    /// `FCGX_Init` puts handlers of its own on SIGPIPE, SIGUSR1 and SIGTERM when these are at their defaults or ignored
    /// (os_unix.c, `OS_InstallSignalHandlers`). The last two would stop all its threads by a global flag and deafen the
    /// rest of the process to SIGTERM. So they get back what they had, and SIGPIPE is ignored: a client that has gone is
    /// an error of `write`.
    static let isReady: Bool = {
        let signals = [SIGUSR1, SIGTERM]
        let before = signals.map { number in
            var action = sigaction()
            sigaction(number, nil, &action)
            return action
        }
        let result = FCGX_Init()
        for (number, action) in zip(signals, before) {
            var action = action
            sigaction(number, &action, nil)
        }
        signal(SIGPIPE, SIG_IGN)
        return result == 0
    }()
}

/// One `FCGX_Request`, for one thread, for one request after the other.
///
/// libfcgi only speaks the protocol here. It reads heads that were looked over and that come to it in a file, so that
/// no byte that follows ever reaches it, whenever it comes; and it writes answers. It never closes a connection that is in
/// order: its `accept` can't be woken by another thread, and its `close` waits for the peer up to 2 seconds for each read.
struct FastCGIRequest: ~Copyable {
    /// Allocated, because libfcgi's streams keep its address from call to call.
    private let request: UnsafeMutablePointer<FCGX_Request>
    private let file = HeadFile()

    /// Only after ``LibFCGI/isReady`` has been found true.
    init() {
        request = .allocate(capacity: 1)
        // No listening socket: after a request that it can't read libfcgi would continue to `accept`, which then fails at
        // once with EBADF instead of blocking.
        FCGX_InitRequest(request, -1, CInt(FCGI_FAIL_ACCEPT_ON_INTR))
    }

    deinit {
        FCGX_Free(request, 1)
        request.deallocate()
    }

    /// Begins the next request of a connection. The connection stays the caller's.
    ///
    /// - Returns: whether there is a request.
    func begin(_ head: ReceivedHead, on connection: Int32) -> Bool {
        guard let source = file.fill(with: head.bytes) else { return false }
        request.pointee.ipcFd = source
        keepOpen()
        let isBegun = FCGX_Accept_r(request) == 0
        // What libfcgi can't read it closes: the file, that is, and not the connection.
        if !isBegun { file.isClosed() }
        // From here on it only writes.
        request.pointee.ipcFd = isBegun ? connection : -1
        return isBegun
    }

    /// Whether the web server wants to use the connection again. Valid after ``begin(on:)``.
    var wantsToKeepConnection: Bool { request.pointee.keepConnection != 0 }

    /// The request's variables. Valid after ``begin(on:)``.
    func parameters() -> RequestParameters {
        guard let strings = request.pointee.envp else { return RequestParameters() }
        return RequestParameters(UnsafePointer(strings))
    }

    /// Sends the answer and ends the request.
    ///
    /// - Returns: the connection, which is the caller's again; nil when it failed, and is closed.
    func finish(writing bytes: [UInt8]) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            // The length is an Int32 there.
            while !rest.isEmpty {
                let part = rest.prefix(1 << 30)
                let start = UnsafeRawBufferPointer(rebasing: part).baseAddress?.assumingMemoryBound(to: CChar.self)
                guard FCGX_PutStr(start, CInt(part.count), request.pointee.out) >= 0 else { break }
                rest = rest.dropFirst(part.count)
            }
        }
        keepOpen()
        FCGX_Finish_r(request)
        let connection = request.pointee.ipcFd
        request.pointee.ipcFd = -1
        return connection >= 0 ? connection : nil
    }

    /// Ends the request without an answer. The connection is the caller's.
    func abandon() {
        FCGX_Free(request, 0)
        request.pointee.ipcFd = -1
    }

    /// `keepConnection`: don't close what is in order. `detached`: close what is not without waiting (`FCGX_Free`).
    private func keepOpen() {
        request.pointee.keepConnection = 1
        request.pointee.detached = 1
    }
}
