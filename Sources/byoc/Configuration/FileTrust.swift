import Glibc

/// Whether a file can be trusted: only its user and root decide its content.
enum FileTrust {
    /// Why another user may have put the file there, as words that follow the path; `nil` if none can have. A link's target
    /// is checked as well as the link.
    static func problem(of path: String) -> String? {
        var link = stat()
        guard lstat(path, &link) == 0 else { return nil }
        if !isOwn(link) { return "belongs to user \(link.st_uid), and this is user \(geteuid())" }
        var target = stat()
        if link.st_mode & S_IFMT == S_IFLNK, stat(path, &target) == 0, !isOwn(target) {
            return "leads to a file of user \(target.st_uid), and this is user \(geteuid())"
        }
        return allCanWrite(path) ? "can be written by every user" : nil
    }

    /// Who besides its owner can write the file, as words that follow the path; `nil` if nobody can. A group with its owner's
    /// number doesn't count, because most systems give each user a group of their own.
    static func writabilityProblem(of path: String) -> String? {
        if allCanWrite(path) { return "can be written by every user" }
        var status = stat()
        guard stat(path, &status) == 0, isFile(status, with: 0o020), status.st_gid != status.st_uid else { return nil }
        return "can be written by group \(status.st_gid)"
    }

    /// Whether users other than its owner and group can read a file.
    static func isReadableByAll(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && isFile(status, with: 0o004)
    }

    private static func allCanWrite(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && isFile(status, with: 0o002)
    }

    private static func isOwn(_ status: stat) -> Bool { status.st_uid == geteuid() || status.st_uid == 0 }

    private static func isFile(_ status: stat, with permission: mode_t) -> Bool {
        status.st_mode & S_IFMT == S_IFREG && status.st_mode & permission != 0
    }
}
