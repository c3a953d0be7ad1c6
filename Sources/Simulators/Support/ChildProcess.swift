import Foundation
package import Glibc
import Synchronization

/// A process that this one has started. Its output goes to files, so that nothing blocks.
///
/// Not Foundation's, which takes a program for running as long as one of its own children holds a certain descriptor open:
/// a supervisor that was killed would only be missed when all its workers are gone.
package final class ChildProcess: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package let pid: pid_t
    /// The exit code, or 128 and the signal that ended it.
    private let end = Mutex<Int32?>(nil)
    private let changes = ChangeSignal()

    /// - Parameters:
    ///   - environment: the whole of it; nothing is inherited, no descriptor either.
    ///   - input: a file; nil: nothing to read.
    ///   - output, errors: files to append to; the same for both streams is fine.
    package init(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String,
        input: String? = nil, output: String, errors: String
    ) throws(Failure) {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, input ?? "/dev/null", O_RDONLY, 0)
        for (descriptor, path) in [(STDOUT_FILENO, output), (STDERR_FILENO, errors)] {
            posix_spawn_file_actions_addopen(&files, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        // Not every library opens its descriptors so. A connection that a child has too isn't cut when this end closes it.
        for descriptor in Int32(3)..<1024 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }

        // What this process ignores or blocks is nothing to a child.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))

        // `env` becomes the program; the process id stays.
        let words = ["env", "-C", directory, program] + arguments
        var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { argv.forEach { free($0) } }
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { variables.forEach { free($0) } }
        var id: pid_t = 0
        let code = posix_spawn(&id, "/usr/bin/env", &files, &attributes, &argv, &variables)
        guard code == 0 else {
            throw Failure(description: "can't start \(program): \(String(cString: strerror(code)))")
        }
        pid = id
        let thread = Thread { self.waitForEnd() }
        thread.name = "child"
        thread.stackSize = 256 * 1024
        thread.start()
    }

    private func waitForEnd() {
        // It keeps its id until it is reaped, which nobody signals it during.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        end.withLock { end in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            let signal = status & 0x7F
            end = signal == 0 ? status >> 8 & 0xFF : 128 + signal
        }
        changes.note()
    }

    /// The exit code, or 128 and the signal that ended it; nil while it runs.
    package var ending: Int32? { end.withLock { $0 } }

    package var isRunning: Bool { ending == nil }

    /// Nothing is sent to an id that may be another's by now.
    package func signal(_ number: Int32) {
        end.withLock { end in
            if end == nil { kill(pid, number) }
        }
    }

    /// Waits for the end.
    ///
    /// - Returns: as ``ending``; nil when it still runs after the time-out.
    package func wait(timeout: Duration) async -> Int32? {
        _ = await changes.wait(timeout: timeout) { self.ending != nil }
        return ending
    }
}
