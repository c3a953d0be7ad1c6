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
        guard let installation = try await store.installation(claim.delivery.installation), installation.isActive,
            !isStopping()
        else {
            try await store.release(claim, now: time.now())
            return nil
        }
        guard let channel = channels(installation.channel.kind) else {
            let failure = DeliveryFailure(
                .pause, reason: "This version has no channel \(installation.channel.kind)", detail: "")
            try await settle(
                failure, claim, installation, nil,
                DeliverySteps(trace: trace, channel: installation.channel.kind, start: start), logger)
            return nil
        }
        let steps = DeliverySteps(trace: trace, channel: installation.channel.kind, start: start)
        steps.record(.claimed, claim) { $0.ms = nil }
        let result: DeliveryMaker.Result
        do {
            result = try await maker.attempt(&claim, of: installation, on: channel, steps)
        } catch {
            reach(.beforeOutcome, claim.subject)
            var failure = error
            // Broken off by us, which says nothing of the far side.
            if Task.isCancelled { failure.remedy = .wait(until: time.now()) }
            failure = await counted(failure, claim)
            try await settle(failure, claim, installation, channel, steps, logger)
            return nil
        }
        reach(.beforeOutcome, claim.subject)
        return try await record(result, claim, channel, steps, logger)
    }

    private func record(
        _ result: DeliveryMaker.Result, _ claim: Claim, _ channel: any Channel, _ steps: DeliverySteps,
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
                isCut ? note(about: claim) { _ in AgentNote.cut(channel: channel.descriptor.name) } : nil
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
        case .undecided:
            let note = note(about: claim) { AgentNote.held($0, channel: channel.descriptor.name) }
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
        _ failure: DeliveryFailure, _ claim: Claim, _ installation: Installation, _ channel: (any Channel)?,
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
            try await persist(claim) { () async throws(StoreFailure) in
                try await store.closeGate(installation.id, failure.side(of: claim.delivery), until: until)
            }
            try await retry(claim, failure, at: until, counting: false)
            steps.recordRetrying(claim, failure, at: until, now: now)
        case .pause:
            try await pause(claim, failure, installation)
            steps.record(.paused, claim) { $0.detail = failure.description }
        case .register(let retryAt):
            guard let channel = channel as? any WebhookRegistering, !installation.registeredURL.isEmpty else {
                return try await pause(claim, failure, installation)
            }
            do {
                try await channel.register(
                    targetURL: installation.registeredURL, account: installation.channel, over: maker.http)
            } catch {
                logger.error("webhook could not be registered again", metadata: ["error": "\(error)"])
                return try await pause(claim, failure, installation)
            }
            try await retry(claim, failure, at: retryAt, counting: true)
            steps.recordRetrying(claim, failure, at: retryAt, now: now)
        case .markDead:
            let note = note(about: claim) { message in
                let name = channel?.descriptor.name ?? installation.channel.kind.rawValue
                return claim.delivery.direction == .outbound
                    ? AgentNote.undelivered(message, channel: name, reason: failure.reason)
                    : AgentNote.lostFromCustomer(message, channel: name, reason: failure.reason)
            }
            let isNoted = try await persist(claim) { () async throws(StoreFailure) in
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

    private func pause(
        _ claim: Claim, _ failure: DeliveryFailure, _ installation: Installation
    ) async throws(StoreFailure) {
        try await persist(claim) { () async throws(StoreFailure) in
            try await store.pause(
                installation, because: failure, of: [.channel, .helpdesk], now: time.now(), logger)
        }
        try await retry(claim, failure, at: time.now(), counting: false)
    }

    /// Tries a write again for as long as the lease holds: the far side has acted already, and only this worker knows.
    private func persist<Value: Sendable>(
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
