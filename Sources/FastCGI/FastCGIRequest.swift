import CFastCGI
import Glibc

/// libfcgi's own state, once in a process.
enum LibFCGI {
    /// Makes libfcgi ready without letting it take over signals.
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
/// libfcgi only speaks the protocol here. It is handed connections that are accepted already, and it never closes one
/// that is in order: its `accept` can't be woken by another thread, and its `close` waits for the peer up to
/// 2 seconds for each read.
struct FastCGIRequest: ~Copyable {
    /// Allocated, because libfcgi's streams keep its address from call to call.
    private let request: UnsafeMutablePointer<FCGX_Request>

    /// Only after ``LibFCGI/isReady`` has been found true.
    init() {
        request = .allocate(capacity: 1)
        // No listening socket: after a request that it can't read libfcgi would go on to `accept`, which then fails at
        // once with EBADF instead of blocking.
        FCGX_InitRequest(request, -1, CInt(FCGI_FAIL_ACCEPT_ON_INTR))
    }

    deinit {
        FCGX_Free(request, 1)
        request.deallocate()
    }

    /// Reads the head of the next request from a connection, which libfcgi closes when it can't.
    ///
    /// - Returns: whether there is a request.
    func begin(on connection: Int32) -> Bool {
        request.pointee.ipcFd = connection
        keepOpen()
        let isBegun = FCGX_Accept_r(request) == 0
        if !isBegun { request.pointee.ipcFd = -1 }
        return isBegun
    }

    /// Whether the web server wants to use the connection again. Valid after ``begin(on:)``.
    var wantsToKeepConnection: Bool { request.pointee.keepConnection != 0 }

    /// The request's variables. Valid after ``begin(on:)``.
    func parameters() -> RequestParameters {
        guard let strings = request.pointee.envp else { return RequestParameters() }
        return RequestParameters(UnsafePointer(strings))
    }

    /// The body. Valid from ``begin(on:)`` to ``finish(writing:)``, which the caller keeps to.
    var body: StreamBody { StreamBody(stream: request.pointee.in) }

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

    /// `keepConnection`: don't close what is in order. `detached`: close what is not without waiting (`FCGX_Free`).
    private func keepOpen() {
        request.pointee.keepConnection = 1
        request.pointee.detached = 1
    }
}

/// The STDIN of a request.
struct StreamBody: BodySource {
    let stream: UnsafeMutablePointer<FCGX_Stream>?
    let hasEnd = true

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard let stream, let start = buffer.baseAddress else { return 0 }
        return Int(
            FCGX_GetStr(start.assumingMemoryBound(to: CChar.self), CInt(clamping: buffer.count), stream)
        )
    }

    var endedWell: Bool {
        guard let stream else { return false }
        return FCGX_GetError(stream) == 0
    }
}
