import Foundation
import Glibc
import RelayCore
import SQLiteStore

/// The folder that everything durable lies in: whose it is, who can look into it, and what its disk is like.
struct DataFolderCheck {
    let settings: Settings

    private var path: String { settings.dataDirectory }

    /// What is wrong with the folder keeps the store from being opened, or must be seen before opening it mends it.
    func findings() -> [Finding] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return [
                Finding(
                    .error, "Data folder", "\(path) can't be looked at: \(String(cString: strerror(errno)))",
                    why: "Nothing can be accepted without it.",
                    do: "Set BYOC_DATA_DIR to the folder that the workers use, or start byoc serve, which makes it.")
            ]
        }
        guard status.st_uid == geteuid() else {
            return [
                Finding(
                    .error, "Data folder", "\(path) belongs to user \(status.st_uid), and this is user \(geteuid())",
                    why: "Only its owner may use it, so that nobody else reads messages and secrets.",
                    do: "Run this as the user that byoc runs as: sudo -u byoc byoc doctor")
            ]
        }
        var findings: [Finding] = []
        let mode = status.st_mode & 0o777
        if mode & 0o077 != 0 {
            findings.append(
                Finding(
                    .error, "Data folder", "\(path) has mode \(Self.octal(mode)): other users can look into it",
                    why: "Messages and the key of the secrets lie in it.", do: "chmod 700 \(path)"))
        } else {
            findings.append(Finding(.ok, "Data folder", "\(path) is this user's alone"))
        }
        findings += [fileSystem(), freeSpace(), syncSpeed()]
        findings += keys()
        return findings
    }

    private func fileSystem() -> Finding {
        guard let mounts = MountTable.present, let real = realpath(path, nil) else {
            return .unknown("File system", "this system doesn't tell")
        }
        defer { free(real) }
        guard let name = mounts.sharedFileSystem(of: String(cString: real)) else {
            return Finding(.ok, "File system", "local")
        }
        return Finding(
            .error, "File system", "\(path) lies on \(name), which other machines may share",
            why: "SQLite can't share a store between workers there, and may damage it.",
            do: "Move the folder to a local disk and set BYOC_DATA_DIR.")
    }

    private func freeSpace() -> Finding {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return .unknown("Disk", String(cString: strerror(errno))) }
        // What a network file system says may be any number.
        let (bytes, isBeyond) = Int64(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int64(clamping: status.f_frsize))
        let free = isBeyond ? .max : bytes
        let words = ByteCountFormatter.string(fromByteCount: free, countStyle: .binary)
        if free < settings.diskReserve {
            return Finding(
                .error, "Disk", "\(words) are free, less than BYOC_DISK_RESERVE",
                why: "Webhooks are refused with 503 until there is more.",
                do: "Free some space; byoc store compact gives back what the store doesn't need.")
        }
        if free < max(settings.diskReserve * 4, 512 << 20) || status.f_favail < 1000 {
            return Finding(
                .warning, "Disk", "only \(words) are free", why: "With a full disk nothing more is accepted.",
                do: "Free some space, or shorten BYOC_KEEP_DELIVERED_DAYS.")
        }
        return Finding(.ok, "Disk", "\(words) free")
    }

    private func syncSpeed() -> Finding {
        let file = "\(path)/.sync-\(getpid())"
        let descriptor = open(file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return Finding(
                .error, "Disk speed", "\(path) can't be written: \(String(cString: strerror(errno)))",
                why: "Nothing can be accepted.", do: "Is the disk full, or mounted for reading only?")
        }
        defer {
            close(descriptor)
            unlink(file)
        }
        let block = [UInt8](repeating: 0, count: 4096)
        var times: [Int64] = []
        for _ in 0..<9 {
            let start = ContinuousClock.now
            guard pwrite(descriptor, block, block.count, 0) == block.count, fdatasync(descriptor) == 0 else {
                return .unknown("Disk speed", String(cString: strerror(errno)))
            }
            times.append((ContinuousClock.now - start).microseconds)
        }
        let median = Double(times.sorted()[times.count / 2]) / 1000
        let words = "a write is on disk after \(String(format: "%.1f", median)) ms"
        guard median > 50 else { return Finding(.ok, "Disk speed", words) }
        return Finding(
            .warning, "Disk speed", words,
            why: "Each webhook waits for it; Viber gives an answer a few seconds and no more.",
            do: "Move the data folder to a faster disk.")
    }

    /// Everything in the folder is for its owner only, backups among it.
    private func keys() -> [Finding] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        let open = names.filter { name in
            var status = stat()
            return lstat("\(path)/\(name)", &status) == 0 && status.st_mode & S_IFMT != S_IFLNK
                && status.st_mode & 0o077 != 0
        }
        guard open.isEmpty else {
            let list = open.sorted().map { "\(path)/\($0)" }.joined(separator: " ")
            return [
                Finding(
                    .warning, "Keys and backups", "readable for others: \(open.sorted().joined(separator: ", "))",
                    why: "Who has the store and its key has every message and every token.",
                    do: "chmod go-rwx \(list)")
            ]
        }
        return [Finding(.ok, "Keys and backups", "readable for this user only")]
    }

    private static func octal(_ mode: mode_t) -> String { "0" + String(mode, radix: 8) }
}
