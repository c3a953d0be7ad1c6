import FoundationEssentials
import Glibc

/// The worker processes under a supervisor, as the kernel lists them.
package struct WorkerProcesses: Sendable {
    let supervisor: Int32

    package init(supervisor: Int32) {
        self.supervisor = supervisor
    }

    /// The ids of the supervisor's children that live, in ascending order.
    package var alive: [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter(isAliveChild).sorted()
    }

    /// Ends one with SIGKILL: this one, or any. Returns which; nil when there is none, or it is no child of the supervisor.
    package func kill(_ wanted: Int32? = nil) -> Int32? {
        let alive = alive
        let found = wanted.map { id in alive.first { $0 == id } } ?? alive.randomElement()
        guard let found, Glibc.kill(found, SIGKILL) == 0 else { return nil }
        return found
    }

    /// `/proc/ID/stat` has the name in brackets, and whatever may be in a name; then the state and the parent.
    private func isAliveChild(_ id: Int32) -> Bool {
        guard let stat = Self.read("/proc/\(id)/stat"), let bracket = stat.lastIndex(of: ")") else { return false }
        let fields = stat[bracket...].dropFirst().split(separator: " ")
        return fields.count > 1 && fields[0] != "Z" && Int32(fields[1]) == supervisor
    }

    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
