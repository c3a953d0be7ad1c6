import Glibc
import Synchronization

/// Tells whether the process that made a socket file still lives, by a file beside it that it keeps locked.
///
/// Workers inherit the socket but not the lock. When their supervisor has died they keep listening for as long as they take
/// to notice and to finish, or for ever if they hang; the next supervisor must not wait for them.
struct SocketOwner: Sendable {
    private let path: String
    private let lock: Lock

    /// Holds the descriptor; closing it twice closes it once.
    private final class Lock: Sendable {
        private let descriptor: Mutex<Int32>

        init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

        func close() {
            let open = descriptor.withLock { descriptor in
                defer { descriptor = -1 }
                return descriptor
            }
            if open >= 0 { Glibc.close(open) }
        }
    }

    /// Takes the file of a socket, for as long as this process lives. Without it, where it can't be made say, a dead
    /// owner is only noticed when nobody listens any more.
    init?(of file: UnixSocketFile) {
        path = Self.path(beside: file.path)
        // The folder may be one that others write to: a link there leads to no file of ours, and what is no plain file is
        // left alone.
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard descriptor >= 0 else { return nil }
        guard Self.isOwnFile(descriptor) else {
            Glibc.close(descriptor)
            return nil
        }
        let mark = Array(file.mark.utf8)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, ftruncate(descriptor, 0) == 0,
            pwrite(descriptor, mark, mark.count, 0) == mark.count
        else {
            Glibc.close(descriptor)
            return nil
        }
        lock = Lock(descriptor)
    }

    /// A plain file of this user's with no other name.
    private static func isOwnFile(_ descriptor: Int32) -> Bool {
        var status = stat()
        return fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_uid == geteuid()
            && status.st_nlink == 1
    }

    /// Whether the socket file was made by a process that is dead.
    static func isDead(of file: UnixSocketFile) -> Bool {
        let descriptor = open(path(beside: file.path), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        // Another process's lock says nothing about who made the socket.
        guard isOwnFile(descriptor) else { return false }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        var mark = [UInt8](repeating: 0, count: 200)
        let count = pread(descriptor, &mark, mark.count, 0)
        // Of another socket it says nothing: another process may have made that one since.
        return count > 0 && mark.prefix(count).elementsEqual(file.mark.utf8)
    }

    /// For the clean end of the process.
    func removeFile() { unlink(path) }

    func close() { lock.close() }

    private static func path(beside socket: String) -> String { socket + ".owner" }
}
