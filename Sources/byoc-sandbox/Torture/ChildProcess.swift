import Glibc

/// A process that this one has started.
///
/// Not Foundation's, which takes a program for running as long as one of its own children holds a certain descriptor open:
/// a supervisor that was killed would only be missed when all its workers are gone.
final class ChildProcess {
    let id: pid_t
    /// As `waitpid` tells it; `nil` while it runs.
    private var status: Int32?

    /// - Parameters:
    ///   - environment: the whole of it; nothing is inherited, no descriptor either.
    ///   - output, errors: files to append to.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String, output: String,
        errors: String
    ) throws {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
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
        guard code == 0 else { throw TortureFailure("can't start \(program): \(String(cString: strerror(code)))") }
        self.id = id
    }

    var isRunning: Bool {
        if status == nil {
            var status: Int32 = 0
            if waitpid(id, &status, WNOHANG) == id { self.status = status }
        }
        return status == nil
    }

    /// Whether it has ended by itself, with exit code 0.
    var hasSucceeded: Bool { !isRunning && status == 0 }

    /// Nothing is sent to an id that may be another's by now.
    func signal(_ number: Int32) {
        if isRunning { kill(id, number) }
    }
}
