import Foundation
import Glibc
import RelayCore
import SQLiteStore

/// Checks owner, mode and disk of the data folder.
struct DataFolderCheck {
    let settings: Settings

    private var path: String { App.absolutePath(settings.dataDirectory) }

    /// Checks the folder before the store is opened, because opening it may fail, or correct its mode.
    func findings() -> [Finding] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return [
                Finding(
                    .error, "Data folder", "\(path) can't be accessed: \(String(cString: strerror(errno)))",
                    why: "byoc can't accept messages without it.",
                    do:
                        "Run with the workers' settings: --env-file /etc/byoc/env. To create the folder, start byoc serve."
                )
            ]
        }
        guard status.st_uid == geteuid() else {
            return [
                Finding(
                    .error, "Data folder", "\(path) belongs to user \(status.st_uid), and this is user \(geteuid())",
                    why: "Only its owner may use it, because it holds messages and secrets.",
                    do: "Run the command as the user that byoc runs as: sudo -u byoc byoc doctor")
            ]
        }
        var findings: [Finding] = []
        let mode = status.st_mode & 0o777
        if mode & 0o077 != 0 {
            findings.append(
                Finding(
                    .error, "Data folder", "\(path) has mode \(Self.octal(mode)), so other users have access to it",
                    why: "It holds messages and the secret key.", do: "chmod 700 \(path)"))
        } else {
            findings.append(Finding(.ok, "Data folder", "\(path), accessible to this user only"))
        }
        findings += [fileSystem(), freeSpace(), syncSpeed()]
        findings += keys()
        return findings
    }

    private func fileSystem() -> Finding {
        guard let mounts = MountTable.present, let real = realpath(path, nil) else {
            return .unknown("File system", "this system doesn't report it")
        }
        defer { free(real) }
        guard let name = mounts.sharedFileSystem(of: String(cString: real)) else {
            return Finding(.ok, "File system", "local")
        }
        return Finding(
            .error, "File system", "\(path) is on \(name), which other machines may share",
            why: "SQLite can't share a database between workers there, and may damage it.",
            do: "Move the folder to a local disk and set BYOC_DATA_DIR.")
    }

    private func freeSpace() -> Finding {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return .unknown("Disk", String(cString: strerror(errno))) }
        // A network file system may report any number.
        let (bytes, isBeyond) = Int64(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int64(clamping: status.f_frsize))
        let free = isBeyond ? .max : bytes
        let words = ByteCountFormatter.string(fromByteCount: free, countStyle: .binary)
        if free < settings.diskReserve {
            return Finding(
                .error, "Disk", "\(words) free, less than BYOC_DISK_RESERVE",
                why: "Webhooks are rejected with 503 until there is more.",
                do: "Free some space. To reclaim unused space in the database: byoc store compact")
        }
        if free < max(settings.diskReserve * 4, 512 << 20) || status.f_favail < 1000 {
            return Finding(
                .warning, "Disk", "only \(words) free", why: "When the disk is full, byoc can't accept messages.",
                do: "Free some space, or reduce BYOC_KEEP_DELIVERED_DAYS.")
        }
        return Finding(.ok, "Disk", "\(words) free")
    }

    private func syncSpeed() -> Finding {
        let file = "\(path)/.sync-\(getpid())"
        let descriptor = open(file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return Finding(
                .error, "Disk speed", "\(path) can't be written: \(String(cString: strerror(errno)))",
                why: "byoc can't accept messages.", do: "Check whether the disk is full or mounted read-only.")
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
        let words = "\(String(format: "%.1f", median)) ms per durable write"
        guard median > 50 else { return Finding(.ok, "Disk speed", words) }
        return Finding(
            .warning, "Disk speed", words,
            why: "Every webhook waits for one, and Viber waits only a few seconds for the response.",
            do: "Move the data folder to a faster disk.")
    }

    /// All files in the folder are for its owner only, including backups.
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
                    .warning, "Keys and backups", "accessible to other users: \(open.sorted().joined(separator: ", "))",
                    why: "Anyone with the database and its key can read all messages and tokens.",
                    do: "chmod go-rwx \(list)")
            ]
        }
        return [Finding(.ok, "Keys and backups", "accessible to this user only")]
    }

    private static func octal(_ mode: mode_t) -> String { "0" + String(mode, radix: 8) }
}
