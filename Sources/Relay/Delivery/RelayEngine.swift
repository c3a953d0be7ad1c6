import FoundationEssentials
package import Logging
package import RelayCore
import ServiceLifecycle
import Synchronization

/// The back half: claims what is due and makes it, as many at once as the settings say, until it is told to stop.
package final class RelayEngine: Service {
    private let store: any Store
    private let run: DeliveryRun
    private let retention: Retention
    private let draining: Draining
    private let settings: RelaySettings
    private let time: RelayTime
    private let wakeUp: WakeUp
    private let pulse: Pulse
    private let trace: any Trace
    private let logger: Logger
    private let inHand = Mutex(0)
    private let stopping: StopFlag

    package init(
        store: any Store, channels: @escaping @Sendable (ChannelKind) -> (any Channel)?, helpdesk: any Helpdesk,
        http: any HTTPSender, settings: RelaySettings, time: RelayTime = .system, wakeUp: WakeUp, pulse: Pulse,
        trace: any Trace = NoTrace(), logger: Logger
    ) {
        let stopping = StopFlag()
        self.store = store
        self.settings = settings
        self.time = time
        self.wakeUp = wakeUp
        self.pulse = pulse
        self.trace = trace
        self.logger = logger
        self.stopping = stopping
        draining = Draining(store: store, channels: channels, http: http, time: time, logger: logger)
        retention = Retention(store: store, settings: settings, time: time, logger: logger)
        run = DeliveryRun(
            store: store, channels: channels,
            maker: DeliveryMaker(store: store, helpdesk: helpdesk, http: http, time: time, logger: logger),
            settings: settings, time: time, trace: trace, logger: logger,
            isStopping: { stopping.isSet || Task.isCancelled })
    }

    /// Relays until the service group shuts down; then what is in hand has the drain time to come to its end.
    package func run() async throws {
        await withGracefulShutdownHandler {
            await relay(until: nil)
        } onGracefulShutdown: {
            self.stop()
        }
    }

    /// Relays until nothing is due any more, but not longer than this: for plain CGI and `byoc relay --for`.
    package func run(for limit: Duration) async throws {
        await relay(until: time.now().adding(limit))
    }

    /// No new attempts from now on.
    package func stop() {
        stopping.set()
        wakeUp.signal()
    }

    /// Told to stop, or cancelled because some other part of the process ended badly: nothing can be sent any more then.
    private var isToEnd: Bool { stopping.isSet || Task.isCancelled }

    private func relay(until end: Date?) async {
        guard let worker = await enlist() else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepHouse() }
            group.addTask { await self.retention.run() }
            group.addTask { await self.draining.run(every: self.settings.housekeepingInterval) }
            await self.deliver(as: worker, until: end)
            group.cancelAll()
        }
        // A run that lasts only seconds would hardly ever come to it.
        if end != nil { await draining.finish() }
        do {
            try await store.retire(worker, now: time.now())
        } catch {
            // Another worker does it when this process has ended; what else has to come to its end here still can.
            logger.warning("worker not struck off yet", metadata: ["error": "\(error)"])
        }
    }

    /// A store that can't be written now is no reason to give up: it may be writable in a moment.
    private func enlist() async -> WorkerID? {
        while !isToEnd {
            do {
                return try await store.enlist(now: time.now())
            } catch {
                logger.error("relay can't start yet", metadata: ["error": "\(error)"])
                await wakeUp.wait(atMost: .seconds(1), time)
            }
        }
        return nil
    }

    private func deliver(as worker: WorkerID, until end: Date?) async {
        await withDiscardingTaskGroup { group in
            while !isToEnd {
                if let end, time.now() >= end { break }
                let round = await claimDue(as: worker)
                for claim in round.claims {
                    inHand.withLock { $0 += 1 }
                    group.addTask {
                        await self.run.make(claim)
                        self.inHand.withLock { $0 -= 1 }
                        self.wakeUp.signal()
                    }
                }
                if end != nil, round.isIdle, inHand.withLock({ $0 }) == 0 { break }
                if round.claims.isEmpty { await wakeUp.wait(atMost: round.wait, time) }
            }
            let limit = time.now().adding(settings.drainTime)
            while inHand.withLock({ $0 }) > 0, time.now() < limit, !Task.isCancelled {
                await wakeUp.wait(atMost: time.now().duration(until: limit), time)
            }
            group.cancelAll()
        }
    }

    private struct ClaimRound {
        var claims: [Claim] = []
        /// Until the next look, unless the wake-up comes first.
        var wait: Duration
        /// Nothing waits that could be made now or soon.
        var isIdle = false
    }

    private func claimDue(as worker: WorkerID) async -> ClaimRound {
        var round = ClaimRound(wait: settings.pollInterval)
        let free = settings.concurrency - inHand.withLock { $0 }
        do {
            let now = time.now()
            // A cheap read first: with nothing due, no worker takes the write lock.
            let due = free > 0 ? try await store.nextDue(now: now) : now
            pulse.beat()
            guard let due else {
                round.isIdle = true
                return round
            }
            if due > now {
                round.wait = min(round.wait, now.duration(until: due))
                round.isIdle = true
            } else if free > 0 {
                round.claims = try await store.claim(by: worker, limit: free, lease: settings.lease, now: now)
            }
        } catch {
            logger.error("outbox can't be read", metadata: ["error": "\(error)"])
        }
        return round
    }

    private func keepHouse() async {
        while !Task.isCancelled {
            do {
                if let step = try await store.noticeClock(now: time.now()) {
                    logger.warning(
                        "the system's clock was set: what waits was moved along",
                        metadata: ["clock.step.seconds": "\(step.seconds)"])
                    wakeUp.signal()
                }
                let freed = try await store.reap(now: time.now())
                if freed > 0 {
                    logger.warning("leases of an ended worker freed", metadata: ["leases": "\(freed)"])
                    trace.record(.recovered) { $0.detail = "leases of an ended worker freed: \(freed)" }
                    wakeUp.signal()
                }
            } catch {
                logger.error("housekeeping failed", metadata: ["error": "\(error)"])
            }
            guard (try? await time.sleep(settings.housekeepingInterval)) != nil else { return }
        }
    }
}

/// Set once, read from everywhere.
final class StopFlag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    func set() { value.withLock { $0 = true } }
}
