import FoundationEssentials
import Glibc
package import RelayCore

extension EncryptionKey {
    /// The key of a data directory, and whether it was made just now.
    package struct Loaded: Sendable {
        package var key: EncryptionKey
        package var wasCreated: Bool
        package var path: String
    }

    /// Reads `secret.key` in a data directory, or makes it, readable for its owner only.
    ///
    /// Several processes may do so at once: all get the same key.
    ///
    /// - Parameters:
    ///   - directory: is there, and is private.
    ///   - hasStore: whether it holds a data store already, whose secrets a new key could not open.
    /// - Throws: `unavailable` when the file can be read by others or can't be read by us; `wrongKey` when it holds no
    ///   key, or when there is a data store already but no key file.
    package static func loadOrCreate(in directory: String, hasStore: Bool) throws(StoreFailure) -> Loaded {
        let path = file(in: directory)
        if let key = try read(path) { return Loaded(key: key, wasCreated: false, path: path) }
        if hasStore {
            throw StoreFailure(
                .wrongKey,
                "there is a data store in \(directory) but no \(path). " + restoreAdvice(directory))
        }
        let key = EncryptionKey()
        let temporary = path + ".\(getpid()).\(UInt64.random(in: 0...UInt64.max))"
        try write(key, to: temporary)
        defer { unlink(temporary) }
        // A link is made whole or not at all, and never over a file that another process was quicker to make.
        if link(temporary, path) == 0 {
            try makeDurable(directory)
            return Loaded(key: key, wasCreated: true, path: path)
        }
        guard errno == EEXIST else { throw .system("the key file \(path) can't be made") }
        guard let key = try read(path) else {
            throw StoreFailure(.unavailable, "the key file \(path) was there and is gone: try again.")
        }
        return Loaded(key: key, wasCreated: false, path: path)
    }

    /// What to do about a lost key.
    ///
    /// - Parameter folder: the data folder.
    package static func restoreAdvice(_ folder: String) -> String {
        "Restore your copy of that file, or set BYOC_SECRET_KEY to the key. Without the key, the stored credentials can't be "
            + "read: move \(folder) away, and enter them again with byoc install for each channel."
    }

    /// The key in a data directory, without making one; `nil` when there is none.
    package static func load(from directory: String) throws(StoreFailure) -> EncryptionKey? {
        try read(file(in: directory))
    }

    private static func file(in directory: String) -> String { directory + "/secret.key" }

    private static func read(_ path: String) throws(StoreFailure) -> EncryptionKey? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .system("the key file \(path) can't be read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system("the key file \(path) can't be looked at") }
        guard status.st_mode & 0o077 == 0 else {
            throw StoreFailure(
                .unavailable,
                "the key file \(path) can be read by others. If nobody has, make it private with `chmod 600 \(path)`.")
        }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .system("the key file \(path) can't be read") }
        do {
            return try EncryptionKey(parsing: String(decoding: bytes.prefix(count), as: UTF8.self))
        } catch {
            throw StoreFailure(.wrongKey, "the key file \(path) holds no key: \(error.message)")
        }
    }

    private static func write(_ key: EncryptionKey, to path: String) throws(StoreFailure) {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("the key file \(path) can't be made") }
        defer { close(descriptor) }
        let bytes = Array((key.base64 + "\n").utf8)
        guard fchmod(descriptor, 0o600) == 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count,
            fsync(descriptor) == 0
        else {
            let failure = StoreFailure.system("the key file \(path) can't be written")
            unlink(path)
            throw failure
        }
    }

    /// Makes the file's name durable.
    private static func makeDurable(_ directory: String) throws(StoreFailure) {
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("the folder \(directory) can't be opened") }
        defer { close(descriptor) }
        // EINVAL: this file system can't synchronise directories.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .system("the folder \(directory) can't be made durable")
        }
    }
}
