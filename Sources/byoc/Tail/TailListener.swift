import Foundation
import Glibc
import RelayCore
import Synchronization

/// Set by SIGINT, SIGTERM and SIGHUP. A signal's handler can reach nothing but a global.
private let isToEnd = Atomic<Bool>(false)

/// The socket on which one `byoc tail` receives the workers' steps.
final class TailListener {
    private let folder: TailFolder
    private let name = "\(getpid()).sock"
    private let descriptor: Int32
    private var connections: [Int32] = []
    private var lastOf: [Int32: Int64] = [:]

    /// Creates folder and socket, with access for the data folder's owner only.
    init(dataDirectory: String) throws {
        folder = TailFolder(dataDirectory: dataDirectory)
        var status = stat()
        guard stat(dataDirectory, &status) == 0 else {
            throw CommandFailure(
                "There is no data folder \(dataDirectory).",
                remedy: "Run with the workers' settings: --env-file /etc/byoc/env, or --data-dir FOLDER.")
        }
        guard status.st_uid == geteuid() || geteuid() == 0 else {
            throw CommandFailure(
                "The data folder \(dataDirectory) belongs to user \(status.st_uid), and this is user \(geteuid()).",
                remedy: "Run the command as that user: sudo -u byoc byoc tail")
        }
        if mkdir(folder.path, 0o700) != 0, errno != EEXIST {
            throw Self.failure("The folder \(folder.path) can't be created")
        }
        // In another user's folder, a link would make root write elsewhere.
        var made = stat()
        guard lstat(folder.path, &made) == 0, made.st_mode & S_IFMT == S_IFDIR else {
            throw CommandFailure("\(folder.path) isn't a folder.", remedy: "Move it away.")
        }
        descriptor = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Self.failure("The socket can't be created") }
        unlink(folder.file(name))
        // The file gets its mode when it is made: a change afterwards would follow a link that was put in its place.
        let mask = umask(0o177)
        let result = folder.withAddress(of: name) { bind(descriptor, $0, $1) }
        let code = errno
        umask(mask)
        guard result == 0 else {
            errno = code
            throw Self.failure("The socket \(folder.file(name)) can't be created")
        }
        // The workers must reach what root makes here.
        if geteuid() == 0 {
            for path in [folder.path, folder.file(name)] { lchown(path, status.st_uid, status.st_gid) }
        }
        guard listen(descriptor, 64) == 0 else { throw Self.failure("The socket can't be listened on") }
    }

    deinit {
        unlink(folder.file(name))
        close(descriptor)
        connections.forEach { close($0) }
    }

    private static func failure(_ problem: String) -> CommandFailure {
        CommandFailure("\(problem): \(String(cString: strerror(errno)))")
    }

    /// Receives steps until a signal comes, or until `hear` returns `false`.
    ///
    /// - Parameter hear: gets each step, with the number of steps missed before it. Returns whether to continue.
    func run(_ hear: (TraceStep, _ missed: Int64) -> Bool) {
        _ = isToEnd.load(ordering: .relaxed)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in isToEnd.store(true, ordering: .relaxed) }
        }
        while !isToEnd.load(ordering: .relaxed) {
            var polled = ([descriptor] + connections).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            // A signal between the look at the flag and this call is seen after the second.
            guard poll(&polled, nfds_t(polled.count), 1000) > 0 else { continue }
            if polled[0].revents != 0 { takeConnections() }
            for ready in polled.dropFirst() where ready.revents != 0 {
                guard drain(ready.fd, hear) else { return }
            }
        }
    }

    private func takeConnections() {
        while true {
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { return }
            _ = fcntl(connection, F_SETFL, O_NONBLOCK)
            _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
            connections.append(connection)
        }
    }

    private func drain(_ connection: Int32, _ hear: (TraceStep, Int64) -> Bool) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            if count > 0 {
                // From another version, whose steps have another form: counted as missed by the numbers of the others.
                guard let step = try? TailLine.decode(Array(buffer[..<count])) else { continue }
                let expected = (lastOf[step.worker] ?? step.seq - 1) + 1
                lastOf[step.worker] = step.seq
                guard hear(step, max(0, step.seq - expected)) else { return false }
                continue
            }
            if count == 0 || (errno != EAGAIN && errno != EINTR) {
                close(connection)
                connections.removeAll { $0 == connection }
            }
            return true
        }
    }
}
