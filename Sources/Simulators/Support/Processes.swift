import Foundation
package import Glibc

/// What `/proc` tells of processes.
package enum Processes {
    /// The ids of all processes, in order.
    package static var all: [pid_t] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }.sorted()
    }

    /// The direct children of a process, in the order of their ids, also those that have ended and are not reaped.
    package static func children(of parent: pid_t) -> [pid_t] { all.filter { status(of: $0)?.parent == parent } }

    /// Whether the process is there and has not ended.
    package static func isAlive(_ pid: pid_t) -> Bool {
        guard let state = status(of: pid)?.state else { return false }
        return state != "Z" && state != "X"
    }

    /// - Returns: `nil` if the process is gone.
    package static func parent(of pid: pid_t) -> pid_t? { status(of: pid)?.parent }

    /// Whether a process that was sent SIGSTOP has no thread any more that runs.
    package static func isStopped(_ pid: pid_t) -> Bool {
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        return threads.allSatisfy { thread in
            guard let state = status(of: "\(pid)/task/\(thread)")?.state else { return true }
            return ["T", "Z", "X"].contains(state)
        }
    }

    private static func status(of pid: pid_t) -> (state: Substring, parent: pid_t)? { status(of: "\(pid)") }

    private static func status(of process: String) -> (state: Substring, parent: pid_t)? {
        // "1 (a name) S 0 …": the name may have any characters in it.
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        return (fields[0], parent)
    }
}
