import CFastCGI
import Glibc

/// A thread of the system's own: what runs on it may block for as long as it likes.
enum NativeThread {
    /// Enough for a handler that parses JSON and commits to SQLite; the system's default is 8 MiB.
    static let stackSize = 1 << 20

    /// Starts a thread that takes no signals, so that no read on it is ever interrupted.
    static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackSize)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))

        // Inherited by the new thread from its first instruction on.
        var everything = sigset_t()
        var before = sigset_t()
        sigfillset(&everything)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP] { sigdelset(&everything, fault) }
        pthread_sigmask(SIG_BLOCK, &everything, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

        let work = Unmanaged.passRetained(Work(name: name, body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { context in
                // Retained just above, for this thread alone.
                guard let context else { return nil }
                let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                pthread_setname_np(pthread_self(), work.name)
                work.body()
                return nil
            }, work.toOpaque())
        guard code == 0 else {
            work.release()
            throw SystemFailure("pthread_create", code: code)
        }
    }

    private final class Work: Sendable {
        /// At most 15 bytes (pthread_setname_np(3)).
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
