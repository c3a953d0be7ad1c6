import Glibc

/// Tells whether the process that made a socket file still lives, by a file beside it that it keeps locked.
///
/// Workers inherit the socket but not the lock. When their supervisor has died they go on listening for as long as they take
/// to notice and to finish, or for ever if they hang; whoever takes the supervisor's place must not wait for them.
struct SocketOwner: Sendable {
    private let path: String
    private let descriptor: Int32

    /// Takes the file of a socket, for as long as this process lives. Without it, where it can't be made say, a dead
    /// owner is only noticed when nobody listens any more.
    init?(of file: UnixSocketFile) {
        path = Self.path(beside: file.path)
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        let mark = Array(file.mark.utf8)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, ftruncate(descriptor, 0) == 0,
            pwrite(descriptor, mark, mark.count, 0) == mark.count
        else {
            Glibc.close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    /// Whether the socket file was made by a process that is dead.
    static func isDead(of file: UnixSocketFile) -> Bool {
        let descriptor = open(path(beside: file.path), O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        var mark = [UInt8](repeating: 0, count: 200)
        let count = pread(descriptor, &mark, mark.count, 0)
        // Of another socket it says nothing: somebody else may have made that one since.
        return count > 0 && mark.prefix(count).elementsEqual(file.mark.utf8)
    }

    /// For the clean end of the process.
    func removeFile() { unlink(path) }

    func close() { Glibc.close(descriptor) }

    private static func path(beside socket: String) -> String { socket + ".owner" }
}
