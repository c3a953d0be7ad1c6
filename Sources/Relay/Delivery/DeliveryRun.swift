import FoundationEssentials
import Logging
import RelayCore

/// Takes a claim through its pieces to an end, and the deliveries that follow in the same order, and writes each
/// outcome.
struct DeliveryRun: Sendable {
    let store: any Store
    let channels: @Sendable (ChannelKind) -> (any Channel)?
    let maker: DeliveryMaker
    let settings: RelaySettings
    let time: RelayTime
    let trace: any Trace
    let logger: Logger
    /// Whether no new attempt is to be begun.
    let isStopping: @Sendable () -> Bool

    private var refusals: AccountRefusals { AccountRefusals(store: store, time: time) }

    func make(_ first: Claim) async {
        var next: Claim? = first
        while let claim = next {
            var logger = logger
            logger[metadataKey: "delivery.id"] = "\(claim.delivery.id)"
            logger[metadataKey: "installation.id"] = "\(claim.delivery.installation)"
            do {
                next = try await step(claim, logger)
            } catch {
                // The lease went to another worker, or the store can't be written: the attempt's outcome is unknown to
                // the store, and the lease's next owner looks it up.
                logger.warning("outcome not recorded", metadata: ["error": "\(error)"])
                next = nil
            }
        }
    }

    private func step(_ claim: Claim, _ logger: Logger) async throws(StoreFailure) -> Claim? {
        var claim = claim
        let start = ContinuousClock.now
        if isStopping() {
            try await store.release(claim, now: time.now())
            return nil
        }
        guard let installation = try await store.installation(claim.delivery.installation) else {
            return try await stepWithoutInstallation(claim, since: start, logger)
        }
        guard installation.sends(to: claim.delivery.direction.side) else {
            try await store.release(claim, now: time.now())
            return nil
        }
        let steps = DeliverySteps(trace: trace, channel: installation.channel.kind, start: start)
        guard let channel = channels(installation.channel.kind) else {
            try await pause(installation, claim, steps, logger)
            return nil
        }
        let accounts = AttemptAccounts(
            installation: installation, desk: try await store.desk(claim.conversationAccount, of: installation))
        steps.record(.claimed, claim) { $0.ms = nil }
        let result: DeliveryMaker.Result
        do {
            result = try await maker.attempt(&claim, of: installation, with: accounts.desk, on: channel, steps)
        } catch {
            try await fail(claim, because: error, accounts, channel, steps, logger)
            return nil
        }
        reach(.beforeOutcome, claim.subject)
        return try await record(result, claim, channel.descriptor.name, steps, logger)
    }

    func fail(
        _ claim: Claim, because error: DeliveryFailure, _ accounts: AttemptAccounts, _ channel: (any Channel)?,
        _ steps: DeliverySteps, _ logger: Logger
    ) async throws(StoreFailure) {
        reach(.beforeOutcome, claim.subject)
        var failure = error
        // byoc broke it off itself, so the service is not at fault.
        if Task.isCancelled { failure.remedy = .wait(until: time.now()) }
        failure = await counted(failure, claim)
        try await settle(failure, claim, accounts, channel, steps, logger)
    }

    /// The program has no adapter for it: nothing can be sent until another version runs.
    private func pause(
        _ installation: Installation, _ claim: Claim, _ steps: DeliverySteps, _ logger: Logger
    ) async throws(StoreFailure) {
        let reason = "This version has no channel \(installation.channel.kind)"
        logger.error("installation paused", metadata: ["reason": "\(reason)"])
        try await store.pause(installation.id, by: .credential, reason: reason, now: time.now())
        try await store.release(claim, now: time.now())
        steps.record(.paused, claim) { $0.detail = reason }
    }

    func record(
        _ result: DeliveryMaker.Result, _ claim: Claim, _ channelName: String, _ steps: DeliverySteps,
        _ logger: Logger
    ) async throws(StoreFailure) -> Claim? {
        switch result {
        case .delivered(let outcome, isLast: false, isCut: _):
            return try await persist(claim) { () async throws(StoreFailure) in
                try await store.advance(claim, delivered: outcome, lease: settings.lease, now: time.now())
            }
        case .delivered(let outcome, isLast: true, let isCut):
            logger.info(
                "delivered",
                metadata: [
                    "direction": "\(claim.delivery.direction.rawValue)",
                    "age.ms": "\(Int(clamping: claim.delivery.acceptedAt.duration(until: time.now()).seconds * 1000))",
                ])
            let note =
                isCut ? note(about: claim) { _ in AgentNote.cut(channel: channelName) } : nil
            let next = try await complete(claim, outcome, note)
            steps.recordDelivered(claim, now: time.now())
            if let note { steps.record(note, claim) }
            return next
        case .nothingLeft:
            return try await complete(claim, nil)
        case .foreign(let reason):
            logger.info("reply of an unknown conversation discarded", metadata: ["reason": "\(reason)"])
            try await persist(claim) { () async throws(StoreFailure) in
                try await store.dismiss(claim, reason: reason, now: time.now())
            }
            steps.record(.discarded, claim) { $0.detail = reason }
            return nil
        case .another:
            try await persist(claim) { () async throws(StoreFailure) in
                try await store.release(claim, now: time.now())
            }
            return nil
        case .undecided:
            let note = note(about: claim) { AgentNote.held($0, channel: channelName) }
            logger.warning("delivery held for an operator")
            try await persist(claim) { () async throws(StoreFailure) in
                try await store.hold(
                    claim, reason: "It is not known whether the customer has it", note: note, now: time.now())
            }
            steps.record(.held, claim) { $0.detail = "It is not known whether the customer has it" }
            if let note { steps.record(note, claim) }
            return nil
        }
    }

    private func complete(
        _ claim: Claim, _ outcome: PieceOutcome?, _ note: NoteDraft? = nil
    ) async throws(StoreFailure) -> Claim? {
        try await persist(claim) { () async throws(StoreFailure) in
            try await store.complete(
                claim, delivered: outcome, note: note, lease: settings.lease, now: time.now())
        }
    }

    /// Counts a service's own faults: many in a row make it a service that is down, and the reason says so.
    private func counted(_ failure: DeliveryFailure, _ claim: Claim) async -> DeliveryFailure {
        guard failure.fault != nil, claim.delivery.attempts + 1 >= ServiceFault.outage,
            // Without them the reason is that of a single fault.
            let attempts = try? await store.attempts(of: claim.delivery.id)
        else { return failure }
        return failure.following(attempts.filter { $0.piece == claim.delivery.progress && $0.outcome != nil })
    }

    /// Writes what the decision about a failure asks for.
    private func settle(
        _ failure: DeliveryFailure, _ claim: Claim, _ accounts: AttemptAccounts, _ channel: (any Channel)?,
        _ steps: DeliverySteps, _ logger: Logger
    ) async throws(StoreFailure) {
        let now = time.now()
        let decision = Decision.after(
            failure, failures: claim.delivery.attempts + 1, acceptedAt: claim.delivery.acceptedAt, now: now,
            policy: settings.retryPolicy, random: time.random)
        logger.warning(
            "attempt failed",
            metadata: [
                "direction": "\(claim.delivery.direction.rawValue)", "attempt": "\(claim.delivery.attempts + 1)",
                "reason": "\(failure.reason)", "detail": "\(failure.detail)", "in_doubt": "\(!failure.isCertain)",
            ].merging(decision.metadata) { $1 })
        if !failure.isCertain { steps.record(.inDoubt, claim) { $0.detail = failure.description } }
        switch decision {
        case .retry(let at, let counting, let wakesOnContact):
            try await retry(claim, failure, at: at, counting: counting, wakesOnContact: wakesOnContact)
            steps.recordRetrying(claim, failure, at: at, now: now)
        case .closeGate(let until):
            if let scope = accounts.scope(of: failure, on: failure.side(of: claim.delivery)) {
                try await persist(claim) { () async throws(StoreFailure) in
                    try await store.closeGate(scope, until: until)
                }
            }
            try await retry(claim, failure, at: until, counting: false)
            steps.recordRetrying(claim, failure, at: until, now: now)
        case .pause:
            try await pause(claim, failure, accounts, logger)
            steps.record(.paused, claim) { $0.detail = failure.description }
        case .register(let retryAt):
            guard let channel = channel as? any WebhookRegistering, let account = accounts.installation?.channel,
                !account.registeredURL.isEmpty
            else { return try await pause(claim, failure, accounts, logger) }
            do {
                try await channel.register(targetURL: account.registeredURL, account: account, over: maker.http)
            } catch {
                logger.error("webhook could not be registered again", metadata: ["error": "\(error)"])
                return try await pause(claim, failure, accounts, logger)
            }
            try await retry(claim, failure, at: retryAt, counting: true)
            steps.recordRetrying(claim, failure, at: retryAt, now: now)
        case .markDead:
            // Nothing is written into a conversation that may not be ours.
            var note: NoteDraft?
            if let name = channel?.descriptor.name {
                note = self.note(about: claim) { message in
                    claim.delivery.direction == .outbound
                        ? AgentNote.undelivered(message, channel: name, reason: failure.reason)
                        : AgentNote.lostFromCustomer(message, channel: name, reason: failure.reason)
                }
            }
            let isNoted = try await persist(claim) { [note] () async throws(StoreFailure) in
                try await store.markDead(claim, because: failure, note: note, now: now)
            }
            steps.record(.dead, claim) { $0.detail = failure.description }
            if let note, isNoted { steps.record(note, claim) }
        }
    }

    private func retry(
        _ claim: Claim, _ failure: DeliveryFailure, at: Date, counting: Bool, wakesOnContact: Bool = false
    ) async throws(StoreFailure) {
        let opened = try await persist(claim) { () async throws(StoreFailure) in
            try await store.retry(
                claim, after: failure, at: at, counting: counting, wakesOnContact: wakesOnContact, now: time.now())
        }
        if let opened {
            logger.warning(
                "breaker open: the side is left alone, then one delivery at a time is tried",
                metadata: [
                    "installation.id": "\(opened.installation)", "side": "\(opened.side.rawValue)",
                    "openings": "\(opened.openings)", "reason": "\(failure.reason)",
                ])
        }
    }

    /// How long a delivery waits that needs something of an account which is paused, and isn't one of that account's: it
    /// becomes due when that account is resumed.
    private static let waitForOtherAccount: Duration = .seconds(60)

    private func pause(
        _ claim: Claim, _ failure: DeliveryFailure, _ accounts: AttemptAccounts, _ logger: Logger
    ) async throws(StoreFailure) {
        var at = time.now()
        if let used = accounts.account(of: failure.side(of: claim.delivery)) {
            let isPaused = try await persist(claim) { () async throws(StoreFailure) in
                try await refusals.pause(used, because: failure, logger)
            }
            if isPaused, !accounts.isHeldUp(claim.delivery, by: used.id) { at = at.adding(Self.waitForOtherAccount) }
        }
        try await retry(claim, failure, at: at, counting: false)
    }

    /// Tries a write again for as long as the lease holds: the far side has acted already, and only this worker knows.
    func persist<Value: Sendable>(
        _ claim: Claim, _ write: () async throws(StoreFailure) -> Value
    ) async throws(StoreFailure) -> Value {
        var wait = Duration.milliseconds(100)
        while true {
            do {
                return try await write()
            } catch {
                guard error.kind == .unavailable || error.kind == .gone,
                    time.bootClock.now() + wait < claim.leasedUntil,
                    (try? await time.sleep(wait)) != nil
                else { throw error }
                wait = min(wait * 2, .seconds(5))
            }
        }
    }

    private func note(about claim: Claim, _ words: (Message) -> String) -> NoteDraft? {
        switch claim.delivery.payload {
        case .reply(let reply):
            return NoteDraft(text: words(reply.message), conversation: reply.conversation)
        case .message(let inbound):
            return claim.contact?.conversation.map { NoteDraft(text: words(inbound.message), conversation: $0) }
        case .note, nil:
            return nil
        }
    }
}
