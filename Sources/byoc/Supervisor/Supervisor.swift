import Foundation
import Glibc
import Logging
import RelayCore
import UnixSignals

/// Keeps the worker processes running on one socket.
struct Supervisor {
    let count: Int
    let socket: Int32
    /// What a worker is started with.
    let arguments: [String]
    /// How long a worker may take to leave before it is killed.
    let patience: Duration
    let logger: Logger

    func run() async throws {
        let (events, feed) = AsyncStream.makeStream(of: SupervisorState.Event.self)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint) {
                    feed.yield(signal == .sighup ? .reload : .stop)
                }
            }
            var state = SupervisorState(count: count)
            var pending = state.start()
            var iterator = events.makeAsyncIterator()
            loop: while true {
                while !pending.isEmpty {
                    switch pending.removeFirst() {
                    case .spawn(let slot, let generation):
                        let pid = try spawn(feed)
                        logger.info("worker started", metadata: ["worker.pid": "\(pid)", "worker.slot": "\(slot)"])
                        pending += state.spawned(pid, slot: slot, generation: generation)
                    case .terminate(let pid):
                        kill(pid, SIGTERM)
                        group.addTask { [patience] in
                            guard (try? await Task.sleep(for: patience)) != nil else { return }
                            feed.yield(.overdue(pid))
                        }
                    case .kill(let pid):
                        logger.error("worker killed: it didn't leave in time", metadata: ["worker.pid": "\(pid)"])
                        kill(pid, SIGKILL)
                    case .wait(let slot, let generation, let time):
                        group.addTask {
                            guard (try? await Task.sleep(for: time)) != nil else { return }
                            feed.yield(.timer(slot: slot, generation: generation))
                        }
                    case .reloaded:
                        logger.notice("reloaded: new workers have taken over")
                    case .reloadFailed:
                        logger.error("reload failed: a new worker ended before it was ready; the old ones go on")
                    case .finish:
                        break loop
                    }
                }
                guard let event = await iterator.next() else { break }
                if event == .reload { reach(.reload, "supervisor") }
                pending = state.handle(event)
            }
            group.cancelAll()
        }
    }

    private func spawn(_ feed: AsyncStream<SupervisorState.Event>.Continuation) throws -> pid_t {
        try WorkerProcess.spawn(
            arguments, socket: socket,
            onReady: { feed.yield(.ready($0)) },
            onExit: { pid, status, lived in
                if status != 0 {
                    logger.warning(
                        "worker ended",
                        metadata: ["worker.pid": "\(pid)", "how": "\(WorkerProcess.describe(status))"])
                }
                feed.yield(.exited(pid, lived: lived))
            })
    }
}
