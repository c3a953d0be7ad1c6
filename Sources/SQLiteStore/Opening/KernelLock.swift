import Dispatch
import Foundation
import Glibc
import RelayCore
import Synchronization

/// The fair lock between processes: `flock` on a file.
///
/// The kernel wakes the waiting ones, so none starves, and lets go of it when the holder dies, however it dies.
final class KernelLock: Sendable {
    let path: String
    private let descriptor: Int32

    /// Opens the file, and makes it, readable and writable for its owner only, whatever the umask is.
    init(path: String) throws(StoreFailure) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("the lock file \(path) can't be opened") }
        guard fchmod(descriptor, 0o600) == 0 else {
            let failure = StoreFailure.system("the mode of the lock file \(path) can't be set")
            close(descriptor)
            throw failure
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Waits until it is ours.
    func acquire() throws(StoreFailure) {
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw .system("the lock \(path) can't be taken") }
        }
    }

    /// Takes it if nobody has it.
    func tryAcquire() throws(StoreFailure) -> Bool {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EWOULDBLOCK { return false }
            guard errno == EINTR else { throw .system("the lock \(path) can't be taken") }
        }
        return true
    }

    func release() {
        // It can fail only for a descriptor that isn't one, and this one is open as long as the object lives.
        flock(descriptor, LOCK_UN)
    }

    /// Waits in the kernel's queue, but not for ever.
    ///
    /// - Returns: whether it is ours. When not, it is given back as soon as it is got.
    func acquire(within patience: Duration) throws(StoreFailure) -> Bool {
        if try tryAcquire() { return true }
        enum Turn { case waiting, got, failed(StoreFailure), abandoned }
        final class Shared: Sendable {
            let turn = Mutex(Turn.waiting)
            let signal = DispatchSemaphore(value: 0)
        }
        let shared = Shared()
        // `flock` has no time-out, so a thread of its own waits, and knows what to do when it comes too late.
        let thread = Thread {
            do throws(StoreFailure) {
                try self.acquire()
                let isWanted = shared.turn.withLock { turn in
                    if case .abandoned = turn { return false }
                    turn = .got
                    return true
                }
                if !isWanted { self.release() }
            } catch {
                shared.turn.withLock { $0 = .failed(error) }
            }
            shared.signal.signal()
        }
        thread.name = "byoc-store-lock"
        thread.start()
        _ = shared.signal.wait(timeout: .now() + patience.seconds)
        let turn = shared.turn.withLock { turn in
            if case .waiting = turn { turn = .abandoned }
            return turn
        }
        switch turn {
        case .got: return true
        case .failed(let failure): throw failure
        case .waiting, .abandoned: return false
        }
    }

    /// What the file says, at most a few bytes; empty when it was never written.
    func readMark() -> String {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : ""
    }

    func writeMark(_ text: String) throws(StoreFailure) {
        let bytes = Array(text.utf8)
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count, fsync(descriptor) == 0 else {
            throw .system("the lock file \(path) can't be written")
        }
    }
}

extension StoreFailure {
    /// A refusal of the operating system, in its own words. To be made right after the call, before `errno` changes.
    static func system(_ problem: String, _ kind: Kind = .unavailable) -> StoreFailure {
        let code = errno
        let advice =
            switch code {
            case ENOSPC, EDQUOT: " Make room on the disk."
            case EACCES, EPERM: " Give the data directory to the user that the workers run as."
            case EROFS: " The file system is mounted read-only: choose a data directory that can be written."
            case ENOENT: " See that the directory it lies in exists."
            case EMFILE, ENFILE: " Raise the limit of open files."
            default: ""
            }
        return StoreFailure(kind, "\(problem): \(String(cString: strerror(code))).\(advice)")
    }
}
