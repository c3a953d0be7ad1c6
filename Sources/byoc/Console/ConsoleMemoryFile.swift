import Console
import Foundation
import Glibc
import RelayCore

/// What sign-in remembers, as a small file in the data folder that all workers share.
///
/// Not in the database: a flood of wrong passwords isn't to take turns with webhooks for its lock.
struct ConsoleMemoryFile: ConsoleMemory {
    private let path: String

    init(dataDirectory: String) { path = dataDirectory + "/console.json" }

    func recall() throws -> SignInRecord {
        guard let data = FileManager.default.contents(atPath: path) else {
            // Not there yet, or removed, is one thing: nobody is signed in then. There and not to be read is another, and
            // lets nobody in.
            guard access(path, F_OK) != 0, errno == ENOENT else { throw unreadable("can't be read") }
            return SignInRecord()
        }
        do {
            return try JSONDecoder().decode(SignInRecord.self, from: data)
        } catch {
            throw unreadable("is damaged")
        }
    }

    func change<Result>(_ body: (inout SignInRecord) -> Result) throws -> Result {
        let lock = open(path + ".lock", O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard lock >= 0 else { throw unreadable("can't be locked") }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw unreadable("can't be locked") }
        }
        var record = try recall()
        let result = body(&record)
        let fresh = path + ".new"
        let descriptor = open(fresh, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw unreadable("can't be written") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try file.write(contentsOf: JSONEncoder().encode(record))
        try file.synchronize()
        guard rename(fresh, path) == 0 else { throw unreadable("can't be written") }
        return result
    }

    private func unreadable(_ problem: String) -> StoreFailure {
        StoreFailure(
            .unavailable,
            "\(path), which remembers sign-ins, \(problem). See to its owner and mode and to free space; it may be removed, "
                + "which ends no message but all sessions, and lets tries start from zero.")
    }
}
