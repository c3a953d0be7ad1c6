import Foundation
import Glibc
import RelayCore

/// The directory that everything durable lies in, private to the user of the workers.
struct DataDirectory: Sendable {
    let path: String

    var database: String { path + "/byoc.sqlite" }
    var writeLock: String { path + "/write.lock" }
    var sweepLock: String { path + "/sweep.lock" }
    var keyFile: String { path + "/secret.key" }
    var workers: String { path + "/workers" }

    /// Makes it, with its parents, or checks the one that is there.
    ///
    /// One that others can look into is tightened when it is empty or holds our store; any other is refused, for it may
    /// well be a `/tmp` or a `/var/lib` that was named by mistake and that others need.
    ///
    /// - Parameter mustExist: refuses to make anything where a store was and is gone.
    init(_ path: String, mustExist: Bool = false) throws(StoreFailure) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard !path.isEmpty else {
            throw StoreFailure(.unavailable, "no data directory is named. Name one that belongs to byoc alone.")
        }
        self.path = path
        if mustExist {
            try checkExistence()
        } else {
            try Self.makeWithParents(path)
        }
        try check()
        try Self.make(workers)
    }

    private func check() throws(StoreFailure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system("the data directory \(path) can't be looked at") }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            throw StoreFailure(
                .unavailable, "the data directory \(path) is not a directory. Name another, or move that file away.")
        }
        guard status.st_uid == geteuid() else {
            throw StoreFailure(
                .unavailable,
                "the data directory \(path) belongs to user \(status.st_uid), and this is user \(geteuid()). Run byoc as "
                    + "that user, or give the directory with all its files to this one.")
        }
        guard faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) == 0 else {
            throw .system("the data directory \(path) can't be written")
        }
        guard status.st_mode & 0o077 != 0 else { return }
        let names = try Self.names(in: path)
        guard names.isEmpty || !names.isDisjoint(with: ["byoc.sqlite", "secret.key", "write.lock"]) else {
            throw StoreFailure(
                .unavailable,
                "the data directory \(path) can be looked into by others and holds files that aren't byoc's. Name a "
                    + "directory of its own, or make this one private with `chmod 700 \(path)`.")
        }
        guard chmod(path, 0o700) == 0 else {
            throw .system("the data directory \(path) can't be made private")
        }
    }

    /// Makes the database file if there is none, before SQLite does: it gives its own `-wal`, `-shm` and `-journal` files
    /// the mode of this one, whatever the umask is.
    ///
    /// An existing file is never opened here. Closing it again would drop the locks that SQLite holds in this process on
    /// the same file (https://www.sqlite.org/howtocorrupt.html §2.2).
    func makeDatabaseFile() throws(StoreFailure) {
        let descriptor = open(database, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 {
            defer { close(descriptor) }
            guard fchmod(descriptor, 0o600) == 0 else { throw .system("the mode of \(database) can't be set") }
            try Self.synchronise(path)
            return
        }
        guard errno == EEXIST else { throw .system("the database file \(database) can't be made") }
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let file = database + suffix
            var status = stat()
            guard lstat(file, &status) == 0 else {
                // Only the first one has to be there; the others come and go with other processes.
                if suffix.isEmpty { throw .system("the database file \(file) can't be looked at") }
                continue
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw StoreFailure(.unavailable, "\(file) is not a plain file. Move it away.")
            }
            if status.st_mode & 0o777 != 0o600, chmod(file, 0o600) != 0, errno != ENOENT {
                throw .system("the mode of \(file) can't be set")
            }
        }
    }

    /// The size of the database file in bytes; `nil` when there is none.
    var databaseSize: Int64? { size(of: "") }

    private func size(of suffix: String) -> Int64? {
        var status = stat()
        return stat(database + suffix, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Whether there is an empty log without an index, which is nobody's: a connection makes one by name where others of its
    /// process still have deleted files open.
    private var hasStrayLog: Bool { size(of: "-wal") == 0 && size(of: "-shm") == nil }

    /// Removes a stray log, so that nobody has the one open that is begun next. To be called with the lock that opening
    /// takes.
    func removeStrayLog() {
        if hasStrayLog { unlink(database + "-wal") }
    }

    /// What the lock file says once there was a store.
    static let presenceMark = "byoc store\n"

    /// Refuses what was deleted under processes that have it open still.
    private func checkExistence() throws(StoreFailure) {
        guard (databaseSize ?? 0) >= 512 else {
            throw StoreFailure(
                .gone,
                "the data store \(database) is gone: it was there when byoc was started. Put the same file back, or stop "
                    + "byoc, put the newest backup in its place, and start byoc again.")
        }
        // They come and go together: one alone is left of a pair that other processes still have open.
        guard (size(of: "-wal") == nil) == (size(of: "-shm") == nil) || hasStrayLog else {
            throw StoreFailure(
                .gone,
                "of the data store \(database) one of the files -wal and -shm is gone, and the other one isn't. The store "
                    + "opens again once the workers that have them open have ended; if it doesn't, restart byoc.")
        }
    }

    /// Refuses to make a new store where a store has been: a lost file is to be noticed, not papered over by an empty one.
    func checkPresence(mark: String) throws(StoreFailure) {
        // SQLite takes a file too short for one page for a new one, and the shortest page has 512 bytes.
        let size = databaseSize
        guard !mark.isEmpty, (size ?? 0) < 512 else { return }
        throw StoreFailure(
            .damaged,
            "the data store \(database) was here and is \(size == nil ? "gone" : "empty"). See `byoc store check`, "
                + "and put the newest backup in its place; or, to begin with an empty store, remove \(writeLock) too.")
    }

    /// Sees whether so many bytes more can be written, by taking them for a moment.
    ///
    /// - Throws: when the disk, or this user's part of it, is full. What else keeps a file from being made, others tell.
    func checkRoom(for bytes: Int) throws(StoreFailure) {
        let probe = path + "/.room-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let descriptor = open(probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        var code = descriptor < 0 ? errno : 0
        if descriptor >= 0 {
            code = posix_fallocate(descriptor, 0, off_t(bytes))
            close(descriptor)
            unlink(probe)
        }
        guard code == ENOSPC || code == EDQUOT else { return }
        throw StoreFailure(
            .unavailable,
            "the disk is full: \(database) can't grow (\(String(cString: strerror(code)))). Make room; nothing needs a restart."
        )
    }

    /// Why the processes that use the store can't share memory through its files, as WAL needs; `nil` when they can.
    func obstacleToSharedMemory() -> String? {
        if let real = realpath(path, nil) {
            defer { free(real) }
            if let type = MountTable.present?.sharedFileSystem(of: String(cString: real)) {
                return "it is on a file system that other machines may use too (\(type))"
            }
        }
        let probe = path + "/.shared-memory-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        let descriptor = open(probe, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        // Whatever keeps a file from being made is told by the opening of the database, in better words.
        guard descriptor >= 0 else { return nil }
        defer {
            close(descriptor)
            unlink(probe)
        }
        guard ftruncate(descriptor, 4096) == 0 else { return nil }
        let memory = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let memory, memory != MAP_FAILED else {
            return "its file system can't map files into shared memory (\(String(cString: strerror(errno))))"
        }
        munmap(memory, 4096)
        return nil
    }

    // MARK: Files and directories

    private static func makeWithParents(_ path: String) throws(StoreFailure) {
        var status = stat()
        if stat(path, &status) == 0 { return }
        guard errno == ENOENT else { throw .system("the data directory \(path) can't be looked at") }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            try makeWithParents(String(path[..<slash]))
        }
        try make(path)
    }

    private static func make(_ path: String) throws(StoreFailure) {
        if mkdir(path, 0o700) == 0 {
            guard chmod(path, 0o700) == 0 else { throw .system("the directory \(path) can't be made private") }
        } else if errno != EEXIST {
            throw .system("the directory \(path) can't be made")
        }
    }

    static func names(in path: String) throws(StoreFailure) -> Set<String> {
        guard let directory = opendir(path) else { throw .system("the directory \(path) can't be read") }
        defer { closedir(directory) }
        var names: Set<String> = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                // `d_name` is an array of 256 characters that ends with a zero (readdir(3)).
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.insert(name) }
        }
        return names
    }

    /// Makes the names in a directory durable.
    static func synchronise(_ path: String) throws(StoreFailure) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("the directory \(path) can't be opened") }
        defer { close(descriptor) }
        // EINVAL: this file system can't synchronise directories, and has to be taken as it is.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .system("the directory \(path) can't be made durable")
        }
    }
}
