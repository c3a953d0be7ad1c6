import Foundation
import Glibc

/// Starts a worker: the same program again, with the listening socket as its descriptor 0, as spawn-fcgi does.
enum WorkerProcess {
    /// The descriptor on which the worker says that it is ready.
    static let readinessDescriptor: Int32 = 3

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - onReady: from another thread, once, if it comes to that.
    ///   - onExit: from another thread, once, with how long the process lived.
    static func spawn(
        _ arguments: [String], socket: Int32, onReady: @escaping @Sendable (pid_t) -> Void,
        onExit: @escaping @Sendable (pid_t, Int32, Duration) -> Void
    ) throws -> pid_t {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw failure("make a pipe", errno) }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        // Nothing else is spawned between these lines: the supervisor spawns one worker after another.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(writeEnd) }

        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&files, writeEnd, readinessDescriptor)

        // The supervisor ignores the signals that it waits for; a worker must not inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        let program = executablePath
        var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var environment: [UnsafeMutablePointer<CChar>?] =
            ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { environment.forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, program, &files, &attributes, &argv, &environment)
        guard code == 0 else {
            close(readEnd)
            throw failure("start \(program)", code)
        }
        let started = ContinuousClock.now
        let child = pid
        let thread = Thread {
            var byte: UInt8 = 0
            var count = read(readEnd, &byte, 1)
            while count < 0, errno == EINTR { count = read(readEnd, &byte, 1) }
            close(readEnd)
            if count == 1 { onReady(child) }
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            onExit(child, status, ContinuousClock.now - started)
        }
        thread.name = "byoc-watch"
        thread.stackSize = 256 * 1024
        thread.start()
        return pid
    }

    /// Looked up each time, so that a reload after an upgrade in place starts the new program.
    private static var executablePath: String {
        var path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
        let mark = " (deleted)"
        if path.hasSuffix(mark) { path.removeLast(mark.count) }
        return path
    }

    private static func failure(_ what: String, _ code: Int32) -> CommandFailure {
        CommandFailure("Can't \(what): \(String(cString: strerror(code)))")
    }

    /// "exit code 1", "signal 9 (Killed)".
    static func describe(_ status: Int32) -> String {
        let signal = status & 0x7f
        return signal == 0
            ? "exit code \((status >> 8) & 0xff)" : "signal \(signal) (\(String(cString: strsignal(signal))))"
    }
}
