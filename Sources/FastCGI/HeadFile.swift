import CFastCGI
import Glibc

/// A file in memory from which libfcgi reads one head after the other, and nothing else: should it look for more, it finds
/// the end.
final class HeadFile {
    /// A head stands at the end of the file, so that nothing of an earlier one is behind it.
    private static let size = RequestGuard.window + 1

    /// −1: there is none now.
    private var descriptor: Int32

    init() { descriptor = Self.open() }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Puts a head into the file, in place of the one before.
    ///
    /// - Returns: the descriptor to read it from; `nil` when the system has none to give.
    func fill(with bytes: UnsafeRawBufferPointer) -> Int32? {
        if descriptor < 0 { descriptor = Self.open() }
        let start = off_t(Self.size - bytes.count)
        guard descriptor >= 0, pwrite(descriptor, bytes.baseAddress, bytes.count, start) == bytes.count,
            lseek(descriptor, start, SEEK_SET) == start
        else { return nil }
        return descriptor
    }

    /// The descriptor was closed by its reader.
    func isClosed() { descriptor = -1 }

    private static func open() -> Int32 {
        let descriptor = memfd_create("byoc-head", UInt32(MFD_CLOEXEC))
        guard descriptor >= 0 else { return -1 }
        guard ftruncate(descriptor, off_t(size)) == 0 else {
            close(descriptor)
            return -1
        }
        return descriptor
    }
}
