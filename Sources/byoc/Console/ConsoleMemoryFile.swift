import Console
import Foundation
import Glibc
import RelayCore

/// The state of sign-in, as a small file in the data folder that all workers share.
///
/// Not in the database, so that a flood of wrong passwords doesn't compete with webhooks for its lock.
struct ConsoleMemoryFile: ConsoleMemory {
    private let path: String

    init(dataDirectory: String) { path = dataDirectory + "/console.json" }

    func recall() throws -> SignInRecord {
        guard let data = FileManager.default.contents(atPath: path) else {
            // If the file doesn't exist, nobody is signed in. If it exists and can't be read, nobody may sign in.
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
            "The sign-in file \(path) \(problem). Check its owner, its mode and the free disk space. Removing it loses no "
                + "messages, but signs everyone out and resets the count of wrong passwords.")
    }
}
