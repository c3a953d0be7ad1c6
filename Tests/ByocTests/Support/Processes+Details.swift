// What /proc tells of a process's inside: descriptors, connections, threads, memory.

import Foundation
import Glibc
import Simulators

extension Processes {
    /// What a process has open, as the kernel names it.
    static func descriptors(of pid: pid_t) -> [String] {
        let folder = "/proc/\(pid)/fd"
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return numbers.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
    }

    /// Whether a process has a TCP connection to a port of this machine.
    static func isConnected(_ pid: pid_t, toPort port: Int) -> Bool {
        let own = Set(descriptors(of: pid))
        return lines(of: "/proc/\(pid)/net/tcp").contains { line in
            // "0: 0100007F:9C40 0100007F:1F90 01 … inode": 01 is an established connection (proc(5)).
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "01", let remote = fields[2].split(separator: ":").last else {
                return false
            }
            return Int(remote, radix: 16) == port && own.contains("socket:[\(fields[9])]")
        }
    }

    /// How many connections to a Unix socket's path have been accepted and are open.
    static func acceptedConnections(at path: String) -> Int {
        lines(of: "/proc/net/unix").count { line in
            // "Num RefCount Protocol Flags Type St Inode Path": one that waits to be accepted is in another state than 03.
            let fields = line.split(separator: " ")
            return fields.count > 7 && fields[5] == "03" && fields[7] == path
        }
    }

    /// How many threads of a process have names that begin so.
    static func threads(of pid: pid_t, named prefix: String) -> Int {
        let folder = "/proc/\(pid)/task"
        let ids = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return ids.count { id in lines(of: "\(folder)/\(id)/comm").first?.hasPrefix(prefix) == true }
    }

    private static func lines(of path: String) -> [Substring] {
        // Foundation's reading of a whole file stops after the first page of those in /proc.
        let data = (try? FileHandle(forReadingAtPath: path)?.readToEnd()) ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }
}

/// The permissions of a file or folder, as in `chmod`; nil when there is none.
func permissions(of path: String) -> Int? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.posixPermissions] as? Int
}

/// Whether there is a socket's file at a path.
func isSocket(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return attributes?[.type] as? FileAttributeType == .typeSocket
}

/// A lock of a file, as byoc's processes take it before they write.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Waits until it is ours.
    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0, flock(descriptor, LOCK_EX) == 0 else { throw StackFailure("can't lock \(path)") }
    }

    deinit { close(descriptor) }

    func release() { flock(descriptor, LOCK_UN) }
}
