import Glibc

/// Whether a file can be relied on: nobody but its user and root decides what is in it.
enum FileTrust {
    /// Why somebody else may have put it there, in words that follow on the path; `nil`: nobody did. What a link leads to
    /// is looked at as well as the link.
    static func problem(of path: String) -> String? {
        var link = stat()
        guard lstat(path, &link) == 0 else { return nil }
        if !isOwn(link) { return "belongs to user \(link.st_uid), and this is user \(geteuid())" }
        var status = stat()
        guard link.st_mode & S_IFMT == S_IFLNK, stat(path, &status) == 0 else { return openness(link) }
        if !isOwn(status) { return "leads to a file of user \(status.st_uid), and this is user \(geteuid())" }
        return openness(status)
    }

    /// Whether others than its owner and group can read a file.
    static func isReadableByAll(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o004 != 0
    }

    private static func isOwn(_ status: stat) -> Bool { status.st_uid == geteuid() || status.st_uid == 0 }

    private static func openness(_ status: stat) -> String? {
        status.st_mode & S_IFMT == S_IFREG && status.st_mode & 0o002 != 0 ? "can be written by everybody" : nil
    }
}
