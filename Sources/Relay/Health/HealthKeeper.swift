import FoundationEssentials
package import Logging
package import RelayCore
import ServiceLifecycle
import Synchronization

/// Watches the store for one process: whether webhooks are to be refused, what there is to be alarmed about, and that what
/// was counted gets into the store.
package final class HealthKeeper: Service {
    private let store: any MetricsStore
    private let limits: PressureLimits
    private let meter: IntakeMeter
    private let pressure: Pressure
    private let stalls: Stalls
    private let watch: Mutex<RelayWatch>
    private let surroundings: [Surrounding]
    private let time: RelayTime
    private let logger: Logger
    private let alarms: Alarms
    private let rules = AlarmRules()

    /// How old what the requests see of the load may be. Where the outbox is so full that a look takes long, it takes no
    /// more than a twentieth of the time, up to the longest interval.
    private static let checkInterval: Duration = .seconds(1)
    private static let longestInterval: Duration = .seconds(5)
    /// So many looks go by between two times that alarms are judged and counts are stored.
    private static let checksPerRound = 5

    /// - Parameters:
    ///   - stalls: is told why the relay stands still, for readiness.
    ///   - lease: how long the workers' leases last.
    ///   - surroundings: what else is looked at each time.
    package init(
        store: any MetricsStore, limits: PressureLimits, meter: IntakeMeter, pressure: Pressure,
        stalls: Stalls = Stalls(), lease: Duration = RelaySettings().lease, surroundings: [Surrounding] = [],
        time: RelayTime = .system, logger: Logger
    ) {
        self.store = store
        self.limits = limits
        self.meter = meter
        self.pressure = pressure
        self.stalls = stalls
        watch = Mutex(RelayWatch(lease: lease))
        self.surroundings = surroundings
        self.time = time
        self.logger = logger
        alarms = Alarms(store: store, time: time, logger: logger)
    }

    /// Goes on until the service group shuts down.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var checks = 0
            var pause: Duration
            repeat {
                let start = ContinuousClock.now
                await self.check()
                if checks.isMultiple(of: Self.checksPerRound) { await self.round() }
                checks += 1
                pause = min(max(Self.checkInterval, (.now - start) * 19), Self.longestInterval)
            } while (try? await self.time.sleep(pause)) != nil
        }
        await storeCounts()
    }

    /// Finds out whether there is room for more.
    package func check() async {
        for surrounding in surroundings {
            pressure.surroundings.settle(
                surrounding.alarm, to: surrounding.trouble(), now: time.now(),
                logger: surrounding.isReportedElsewhere ? nil : logger)
        }
        do {
            let load = try await store.load(waitingUpTo: limits.countLimit)
            let raised = Set(try await store.alarms().map(\.alarm).filter { $0.name == .storePressure })
            let present = Set(raised.compactMap { Strain(rawValue: $0.subject) })
            let strains = Strain.all(by: load, limits: limits, present: present)
            pressure.surroundings.settle(.storeGone, to: nil, now: time.now(), logger: logger)
            pressure.update(strains)
            await alarms.settle(
                raised,
                to: Dictionary(
                    uniqueKeysWithValues: strains.map { (Alarm(.storePressure, subject: $0.rawValue), $1) }))
        } catch  where error.kind == .gone {
            pressure.surroundings.settle(.storeGone, to: error.message, now: time.now(), logger: logger)
        } catch {
            // Whether anything can be accepted, the store itself says to each request.
            logger.error("load of the data store unknown", metadata: ["error": "\(error)"])
        }
    }

    /// Stores what was counted, judges the figures, and keeps those of the minute.
    package func round() async {
        await storeCounts()
        do {
            let metrics = try await store.currentMetrics()
            let now = time.now()
            let stalled = watch.withLock { $0.observe(metrics, now: now, uptime: time.bootClock.now()) }
            stalls.update(stalled)
            let wanted = rules.wanted(by: metrics, now: now).merging(stalled) { $1 }
            await alarms.settle(rules.judged(of: metrics), to: wanted)
            await keepMinute(of: metrics)
        } catch {
            logger.error("alarms can't be judged", metadata: ["error": "\(error)"])
        }
    }

    private func keepMinute(of metrics: StoreMetrics) async {
        do {
            try await store.keepMinute(of: metrics, now: time.now())
        } catch {
            logger.warning("figures of this minute not kept", metadata: ["error": "\(error)"])
        }
    }

    private func storeCounts() async {
        let tally = meter.take()
        guard !tally.isEmpty else { return }
        do {
            try await store.add(tally)
        } catch {
            meter.putBack(tally)
            logger.warning("counts of webhooks not stored yet", metadata: ["error": "\(error)"])
        }
    }
}
