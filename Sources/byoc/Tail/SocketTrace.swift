import Foundation
import Glibc
import RelayCore
import Synchronization

/// Sends the steps of this process to every running `byoc tail`.
///
/// A connection of whole messages to each (`SOCK_SEQPACKET`): a listener that is slow gets less and holds up nothing, and
/// one that is gone is noticed by the kernel's answer. Plain datagrams would lose most of a burst, because a queue of them
/// has room for few (`net.unix.max_dgram_qlen`).
final class SocketTrace: Trace {
    private struct State {
        /// The connections, by the names of the sockets.
        var listeners: [String: Int32] = [:]
        var seq: Int64 = 0
    }

    private let folder: TailFolder
    private let state = Mutex(State())
    private let hasListeners = Atomic<Bool>(false)
    private let nextCheck = Atomic<Int64>(0)

    init(dataDirectory: String) { folder = TailFolder(dataDirectory: dataDirectory) }

    deinit { state.withLock { $0.listeners.values.forEach { close($0) } } }

    /// Without a listener, costs one look at the clock, and one into the folder per second.
    var isWatched: Bool {
        let now = Self.milliseconds()
        if now >= nextCheck.load(ordering: .relaxed) {
            nextCheck.store(now + 1000, ordering: .relaxed)
            state.withLock { check(&$0) }
        }
        return hasListeners.load(ordering: .relaxed)
    }

    func send(_ step: TraceStep) {
        state.withLock { state in
            guard !state.listeners.isEmpty else { return }
            state.seq += 1
            var step = step
            step.worker = getpid()
            step.seq = state.seq
            // A step that can't be encoded counts as missed, by its number.
            guard let bytes = try? TailLine.encode(step) else { return }
            for (name, descriptor) in state.listeners {
                let sent = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                guard sent < 0, errno != EAGAIN, errno != EINTR, errno != ENOBUFS else { continue }
                close(descriptor)
                state.listeners[name] = nil
            }
            hasListeners.store(!state.listeners.isEmpty, ordering: .relaxed)
        }
    }

    private func check(_ state: inout State) {
        let names = folder.sockets()
        for (name, descriptor) in state.listeners where !names.contains(name) {
            close(descriptor)
            state.listeners[name] = nil
        }
        for name in names where state.listeners[name] == nil { connect(to: name, &state) }
        hasListeners.store(!state.listeners.isEmpty, ordering: .relaxed)
    }

    private func connect(to name: String, _ state: inout State) {
        let kind = Int32(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { return }
        let result = folder.withAddress(of: name) { Glibc.connect(descriptor, $0, $1) }
        if result == 0 {
            state.listeners[name] = descriptor
            return
        }
        // Nothing listens there: `byoc tail` was killed.
        if errno == ECONNREFUSED { unlink(folder.file(name)) }
        close(descriptor)
    }

    private static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
