import FoundationEssentials
package import Logging
package import RelayCore
import ServiceLifecycle

/// Writes customers' profiles to the helpdesk when they become known or change on the channel.
///
/// It is nobody's delivery: it comes after the contact's messages, waits behind everybody's, and when it fails no message
/// notices. When an update is due, and how often, is for ``WrittenProfile`` to say.
package struct ProfileUpdates: Service {
    private let store: any Store
    private let channels: @Sendable (ChannelKind) -> (any Channel)?
    private let helpdesk: any Helpdesk
    private let http: any HTTPSender
    private let time: RelayTime
    private let trace: any Trace
    private let logger: Logger

    /// How long it may go unnoticed that an update became due.
    private static let longestWait = Duration.seconds(2)
    /// How long an installation's other updates wait after one that failed: most reasons are the same for all.
    private static let restAfterFailure = Duration.seconds(30)

    /// - Parameter trace: is told of each update, for people who watch.
    package init(
        store: any Store, channels: @escaping @Sendable (ChannelKind) -> (any Channel)?, helpdesk: any Helpdesk,
        http: any HTTPSender, time: RelayTime = .system, trace: any Trace = NoTrace(), logger: Logger
    ) {
        self.store = store
        self.channels = channels
        self.helpdesk = helpdesk
        self.http = http
        self.time = time
        self.trace = trace
        self.logger = logger
    }

    /// Makes the updates that are due, until the service group shuts down. One under way is given up then: it comes again.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let wait = await round().wait
                if wait > .zero { try? await time.sleep(wait) }
            }
        }
    }

    /// Makes the updates that are due, but begins none after this: for plain CGI and `byoc relay --for`.
    package func run(for limit: Duration) async {
        let end = time.now().adding(limit)
        while !Task.isCancelled, time.now() < end {
            let round = await round()
            // Only what the pace holds up is worth waiting for.
            guard round.isPaced, time.now().adding(round.wait) < end else { break }
            if round.wait > .zero { try? await time.sleep(round.wait) }
        }
    }

    private struct Round {
        /// Until the next round.
        var wait: Duration
        /// Whether an update is due no later than the installations' pace allows.
        var isPaced = false
    }

    /// Makes one update for each installation that has one due.
    private func round() async -> Round {
        do {
            let now = time.now()
            // A cheap read first: with nothing due, no worker takes the write lock.
            guard let due = try await store.nextProfile(now: now) else { return Round(wait: Self.longestWait) }
            if due > now {
                let wait = now.duration(until: due)
                return Round(wait: min(Self.longestWait, wait), isPaced: wait <= WrittenProfile.spacing)
            }
            let updates = try await store.takeProfiles(now: now)
            // Another worker was faster, or a message came in between.
            if updates.isEmpty { return Round(wait: Self.longestWait) }
            await withDiscardingTaskGroup { group in
                for update in updates { group.addTask { await make(update) } }
            }
            return Round(wait: .zero, isPaced: true)
        } catch {
            logger.error("profiles can't be read", metadata: ["error": "\(error)"])
            return Round(wait: Self.longestWait)
        }
    }

    private func make(_ update: ProfileUpdate) async {
        var logger = logger
        logger[metadataKey: "installation.id"] = "\(update.installation)"
        logger[metadataKey: "user.id"] = "\(update.user)"
        do {
            guard let installation = try await store.installation(update.installation),
                installation.sends(to: .helpdesk),
                let channel = channels(installation.channel.kind), !Task.isCancelled
            else {
                return try await record(.postponed(until: time.now()), update, rest: Self.restAfterFailure)
            }
            let outcome: ProfileOutcome
            do {
                outcome = try await helpdesk.update(
                    update, channelName: channel.descriptor.name, account: installation.helpdesk,
                    over: sender(for: update, of: installation, logger))
            } catch {
                return try await settle(error, update, installation, logger)
            }
            try await settle(outcome, update, installation, logger)
        } catch {
            // It is due again when this worker's time for it is over.
            logger.error("profile update not recorded", metadata: ["error": "\(error)"])
        }
    }

    private func sender(
        for update: ProfileUpdate, of installation: Installation, _ logger: Logger
    ) -> any HTTPSender {
        let traced = TracingSender(base: http) { kind, fill in record(kind, update, installation, fill) }
        // Shorter than the store's patience: what is sent has ended when another worker may take the update.
        let leasedUntil = time.bootClock.now() + WrittenProfile.patience - .seconds(30)
        let bound = LeaseBoundSender(base: traced, leasedUntil: leasedUntil, clock: time.bootClock)
        return RateWatchingSender(
            base: bound, store: store, scope: .account(.helpdesk(installation.helpdesk.id)), time: time, logger: logger)
    }

    private func settle(
        _ outcome: ProfileOutcome, _ update: ProfileUpdate, _ installation: Installation, _ logger: Logger
    ) async throws(StoreFailure) {
        let (result, words): (ProfileResult, String) =
            switch outcome {
            case .written(let without) where without.isEmpty: (.written, "profile written")
            case .written(let without):
                (.written, "profile written, without what is refused: \(without.joined(separator: ", "))")
            case .unchanged: (.unchanged, "the profile is there already")
            case .gone: (.refused, "there is no such user any more")
            }
        logger.info("profile update done", metadata: ["result": "\(words)"])
        try await record(result, update)
        record(.profile, update, installation) { $0.detail = words }
    }

    /// A failed update is no delivery's failure, but it tells as much of the helpdesk: a limit that was reached closes the
    /// gate for both, a token that isn't taken pauses both.
    private func settle(
        _ failure: DeliveryFailure, _ update: ProfileUpdate, _ installation: Installation, _ logger: Logger
    ) async throws(StoreFailure) {
        // byoc broke it off itself, so the helpdesk is not at fault.
        if Task.isCancelled { return try await record(.postponed(until: time.now()), update) }
        logger.warning(
            "profile update failed", metadata: ["reason": "\(failure.reason)", "detail": "\(failure.detail)"])
        record(.profile, update, installation) { $0.detail = failure.description }
        switch failure.remedy {
        case .giveUp:
            try await record(.refused, update)
        case .slowDown(let until), .waitForContact(let until), .wait(let until):
            try await store.closeGate(.account(.helpdesk(installation.helpdesk.id)), until: until)
            try await record(.postponed(until: until), update)
        case .pause:
            _ = try await AccountRefusals(store: store, time: time)
                .pause(.helpdesk(installation.helpdesk), because: failure, logger)
            try await record(.postponed(until: time.now()), update)
        case .retry(let after):
            try await record(.failed(after: after), update, rest: Self.restAfterFailure)
        case .register:
            try await record(.failed(after: nil), update, rest: Self.restAfterFailure)
        }
    }

    private func record(
        _ result: ProfileResult, _ update: ProfileUpdate, rest: Duration = .zero
    ) async throws(StoreFailure) {
        try await store.record(result, of: update, rest: rest, now: time.now())
    }

    private func record(
        _ kind: TraceStep.Kind, _ update: ProfileUpdate, _ installation: Installation,
        _ fill: (inout TraceStep) -> Void
    ) {
        trace.record(kind) { step in
            step.set(Flow(installation.id, .inbound), installation.channel.kind)
            step.event = "profile"
            step.set(update.profile)
            fill(&step)
        }
    }
}
