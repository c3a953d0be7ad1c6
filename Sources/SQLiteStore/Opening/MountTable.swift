import Foundation

/// What is mounted where, as the kernel tells it in `/proc/self/mountinfo` (proc(5)).
package struct MountTable: Sendable {
    private var mounts: [(point: String, type: String)] = []

    package init(parsing text: String) {
        for line in text.split(separator: "\n") {
            // The mount point is the fifth word; the type is the first one behind a lone hyphen.
            let words = line.split(separator: " ")
            guard words.count > 5, let hyphen = words.firstIndex(of: "-"), hyphen + 1 < words.count else { continue }
            mounts.append((String(words[4].replacing("\\040", with: " ")), String(words[hyphen + 1])))
        }
    }

    /// This process's; `nil` when the kernel doesn't tell.
    package static var present: MountTable? {
        // By a handle: what reads a file by its size gets only the first page of one in /proc.
        guard let handle = FileHandle(forReadingAtPath: "/proc/self/mountinfo"), let data = try? handle.readToEnd()
        else { return nil }
        return MountTable(parsing: String(decoding: data, as: UTF8.self))
    }

    /// The type of the file system that a path without symbolic links lies on.
    package func fileSystem(of path: String) -> String? {
        var best: (length: Int, type: String)?
        for (point, type) in mounts {
            let isAbove = point == "/" || path == point || path.hasPrefix(point + "/")
            // Of two mounts on one point the later covers the earlier.
            if isAbove, point.utf8.count >= best?.length ?? 0 { best = (point.utf8.count, type) }
        }
        return best?.type
    }

    /// The type, when it is one of those that other machines may use at the same time: these share no memory with us.
    package func sharedFileSystem(of path: String) -> String? {
        let shared: Set<String> = [
            "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "coda", "lustre", "gfs2", "gpfs", "ocfs2",
            "fuse.sshfs", "fuse.glusterfs", "fuse.ceph",
        ]
        return fileSystem(of: path).flatMap { shared.contains($0) ? $0 : nil }
    }
}
