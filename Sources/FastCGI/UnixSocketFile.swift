import Glibc

/// A Unix socket's file, known by its inode and its time, so that only the one we made is ever removed. The inode alone
/// isn't enough: the next new file reuses a deleted file's number.
struct UnixSocketFile: Sendable, Equatable {
    let path: String
    private let device: dev_t
    private let inode: ino_t
    private let seconds: Int
    private let nanoseconds: Int

    /// The file's unique mark.
    var mark: String { "\(device) \(inode) \(seconds).\(nanoseconds)" }

    /// Creates the file and listens on it.
    static func listen(
        at path: String, mode: mode_t, backlog: Int32
    ) throws -> (Int32, UnixSocketFile, SocketOwner?) {
        let address = ListeningAddress.path(path)
        // Two that start at once must not both find the old file stale and remove each other's new one. No lock (a
        // directory that can't be read, say) costs only that certainty.
        let lock = Glibc.open(directory(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if lock >= 0 { flock(lock, LOCK_EX) }
        defer { if lock >= 0 { close(lock) } }

        try removeStale(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw ListeningSocket.Failure.refused(address, SystemFailure("socket")) }
        do {
            // On Linux the file gets the socket's own mode less the umask; what the umask took is given back after.
            guard fchmod(descriptor, mode) == 0 else { throw SystemFailure("fchmod") }
            guard withAddress(path, { bind(descriptor, $0, $1) }) == 0 else { throw SystemFailure("bind") }
            guard let file = UnixSocketFile(path: path) else { throw SystemFailure("stat") }
            guard chmod(path, mode) == 0, Glibc.listen(descriptor, backlog) == 0 else {
                let failure = SystemFailure("listen")
                file.remove()
                throw failure
            }
            return (descriptor, file, SocketOwner(of: file))
        } catch let failure as SystemFailure {
            close(descriptor)
            if failure.code == EADDRINUSE { throw ListeningSocket.Failure.inUse(address, process: nil) }
            throw ListeningSocket.Failure.refused(address, failure)
        }
    }

    /// Removes the file unless another has taken its place.
    ///
    /// - Returns: whether it was still there.
    @discardableResult
    func remove() -> Bool {
        UnixSocketFile(path: path) == self && unlink(path) == 0
    }

    /// Whether the file is still at its path.
    ///
    /// Its time may have been touched: no other file gets the inode while a process listens on it.
    var isInPlace: Bool { UnixSocketFile(path: path).map { $0.device == device && $0.inode == inode } ?? false }

    /// Whether any file is at its path.
    var isThere: Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The file that a listening socket was bound to, as it is now; `nil` when there is none, or when it isn't known where.
    init?(of descriptor: Int32) {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout.size(ofValue: address))
        let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
            // The system takes every kind of address as a sockaddr.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard isKnown, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        let path = withUnsafeBytes(of: &address.sun_path) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        // A relative path means something only where it was bound.
        guard path.hasPrefix("/") else { return nil }
        self.init(path: path)
    }

    /// The socket file at a path; nil when there is none.
    private init?(path: String) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return nil }
        self.path = path
        device = status.st_dev
        inode = status.st_ino
        seconds = status.st_mtim.tv_sec
        nanoseconds = status.st_mtim.tv_nsec
    }

    /// Removes a socket file that nobody listens on, or only what a dead process has left.
    private static func removeStale(_ path: String) throws {
        let address = ListeningAddress.path(path)
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw ListeningSocket.Failure.refused(address, SystemFailure("stat"))
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw ListeningSocket.Failure.notASocket(path: path) }
        // Non-blocking, since connecting to a listener with a full backlog would wait for it.
        let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let probe = socket(AF_UNIX, Int32(kind), 0)
        guard probe >= 0 else { throw ListeningSocket.Failure.refused(address, SystemFailure("socket")) }
        defer { close(probe) }
        let code = withAddress(path, { connect(probe, $0, $1) }) == 0 ? 0 : errno
        switch code {
        case ECONNREFUSED: break
        case ENOENT: return
        case 0, EAGAIN, EPROTOTYPE:
            guard let file = UnixSocketFile(path: path), SocketOwner.isDead(of: file) else {
                throw ListeningSocket.Failure.inUse(address, process: code == 0 ? listener(behind: probe) : nil)
            }
        default: throw ListeningSocket.Failure.refused(address, SystemFailure("connect"))
        }
        guard unlink(path) == 0 || errno == ENOENT else {
            throw ListeningSocket.Failure.refused(address, SystemFailure("unlink"))
        }
    }

    /// The process that called `listen`. `SO_PEERCRED` gives a `struct ucred`: process, user and group (unix(7)).
    private static func listener(behind connection: Int32) -> Int32? {
        var credentials: (process: Int32, user: UInt32, group: UInt32) = (0, 0, 0)
        var length = socklen_t(MemoryLayout.size(ofValue: credentials))
        guard getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        return credentials.process > 0 ? credentials.process : nil
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // At most 107 bytes, as ListeningAddress sees to, so that the last byte stays zero.
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        return withUnsafePointer(to: &address) { pointer in
            // The system takes every kind of address as a sockaddr.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
