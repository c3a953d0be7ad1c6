import FastCGI
import Foundation
import Glibc
import Logging
import RelayCore
import UnixSignals

/// Keeps the worker processes running on one socket.
struct Supervisor {
    let count: Int
    let socket: ServedSocket
    /// The arguments of a worker.
    let arguments: [String]
    /// How long a worker may take to end before it is killed.
    let patience: Duration
    let logger: Logger

    /// How long the loss of the socket's file may go unnoticed.
    private static let checkInterval = Duration.seconds(1)
    /// The wait after a failed reload that a new socket needs.
    private static let reloadInterval = Duration.seconds(5)

    private enum Occurrence {
        case event(SupervisorState.Event)
        /// It is time to check the socket.
        case check
    }

    /// The state of the socket's file.
    private struct SocketWatch {
        /// How many sockets were created in place of a lost one.
        var renewals = 0
        /// Those that the reload under way serves, and the last that has succeeded.
        var underWay = 0
        var served = 0
        /// Why nobody can connect; `nil` if web servers can.
        var trouble: String?

        var isOwed: Bool { served < renewals }
    }

    func run() async throws {
        let (occurrences, source) = AsyncStream.makeStream(of: Occurrence.self)
        let feed: Feed = { source.yield(.event($0)) }
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await signal in await UnixSignalsSequence(trapping: .sighup, .sigterm, .sigint) {
                    feed(signal == .sighup ? .reload : .stop)
                }
            }
            group.addTask {
                while (try? await Task.sleep(for: Self.checkInterval)) != nil { source.yield(.check) }
            }
            var watch = SocketWatch()
            var state = SupervisorState(count: count)
            var pending = state.start()
            var iterator = occurrences.makeAsyncIterator()
            loop: while true {
                while !pending.isEmpty {
                    switch pending.removeFirst() {
                    case .spawn(let slot, let generation):
                        do {
                            let pid = try spawn(feed)
                            logger.info("worker started", metadata: ["worker.pid": "\(pid)", "worker.slot": "\(slot)"])
                            pending += state.spawned(pid, slot: slot, generation: generation)
                        } catch {
                            // No reason to end those that run: the system may have a process available in a moment.
                            logger.error("worker not started; retrying", metadata: ["error": "\(error)"])
                            pending += state.spawnFailed(slot: slot, generation: generation)
                        }
                    case .terminate(let pid):
                        kill(pid, SIGTERM)
                        group.addTask { [patience] in
                            guard (try? await Task.sleep(for: patience)) != nil else { return }
                            feed(.overdue(pid))
                        }
                    case .kill(let pid):
                        logger.error("worker killed: drain timeout exceeded", metadata: ["worker.pid": "\(pid)"])
                        kill(pid, SIGKILL)
                    case .wait(let slot, let generation, let time):
                        group.addTask {
                            guard (try? await Task.sleep(for: time)) != nil else { return }
                            feed(.timer(slot: slot, generation: generation))
                        }
                    case .reloaded:
                        logger.notice("reloaded")
                        watch.served = watch.underWay
                        if watch.isOwed { feed(.reload) } else { report(nil, &watch) }
                    case .reloadFailed:
                        logger.error("reload failed: a new worker ended before it was ready; the old workers continue")
                        guard watch.isOwed else { continue }
                        // The old ones listen where nobody can connect.
                        group.addTask {
                            if (try? await Task.sleep(for: Self.reloadInterval)) != nil { feed(.reload) }
                        }
                    case .finish:
                        break loop
                    }
                }
                guard let occurrence = await iterator.next() else { break }
                switch occurrence {
                case .check:
                    if check(&watch) { feed(.reload) }
                case .event(let event):
                    if event == .reload {
                        reach(.reload, "supervisor")
                        // Now, so that the new workers get a socket that web servers can connect to.
                        _ = check(&watch)
                    }
                    pending = state.handle(event)
                    if event == .reload, !pending.isEmpty { watch.underWay = watch.renewals }
                }
            }
            group.cancelAll()
        }
    }

    private typealias Feed = @Sendable (SupervisorState.Event) -> Void

    /// - Returns: whether there is a new socket, which new workers have to take over.
    private func check(_ watch: inout SocketWatch) -> Bool {
        switch socket.check() {
        case .inPlace:
            if !watch.isOwed { report(nil, &watch) }
            return false
        case .lost(let reason):
            report(reason, &watch)
            return false
        case .renewed(let reason):
            report(reason, &watch)
            watch.renewals += 1
            logger.notice("socket recreated; new workers take over")
            return true
        }
    }

    /// Logs the alarm as workers log theirs; a worker that nobody can connect to can't report this one.
    private func report(_ trouble: String?, _ watch: inout SocketWatch) {
        switch (watch.trouble, trouble) {
        case (nil, let reason?):
            logger.error(
                "alarm raised", metadata: ["alarm": "\(Alarm.Name.socketGone.rawValue)", "reason": "\(reason)"])
        case (.some, nil):
            logger.notice("alarm cleared", metadata: ["alarm": "\(Alarm.Name.socketGone.rawValue)"])
        default: break
        }
        watch.trouble = trouble
    }

    private func spawn(_ feed: @escaping Feed) throws -> pid_t {
        try WorkerProcess.spawn(
            arguments, socket: socket.socket.descriptor,
            onReady: { feed(.ready($0)) },
            onExit: { [logger] pid, status, lived in
                if status != 0 {
                    logger.warning(
                        "worker ended",
                        metadata: ["worker.pid": "\(pid)", "how": "\(WorkerProcess.describe(status))"])
                }
                feed(.exited(pid, lived: lived))
            })
    }
}
