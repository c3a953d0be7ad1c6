import FoundationEssentials
package import Logging
package import RelayCore
import ServiceLifecycle

/// Looks into the conversations in which something happens for what no webhook brought: one that was lost, that came while
/// we were down for longer than Freshchat repeats it, or whose signature didn't match (freshchat.md §8 Q1, Q21). With no
/// webhook set at all it brings everything, only later.
///
/// What is found goes the way of a webhook: the same filter, the same names of events, the same commit. So it makes no
/// difference which of the two is first. Nor does it to the order: a look brings all it sees in the order of writing, and
/// a webhook that is only late comes as a repeat.
package struct Reconciliation: Service {
    private let store: any Store
    private let helpdesk: any Helpdesk
    private let http: any HTTPSender
    private let pace: PollPace
    private let time: RelayTime
    private let wakeUp: WakeUp
    private let trace: any Trace
    private let logger: Logger

    /// How long what another worker or the operator changed may go unnoticed.
    private static let longestWait = Duration.seconds(30)
    /// For so long an installation isn't asked again after Freshchat didn't answer as it should.
    private static let restAfterFailure = Duration.seconds(30)

    /// - Parameters:
    ///   - wakeUp: the relay's; is signalled when a reply was found.
    ///   - trace: is told of what was found, for people who watch.
    package init(
        store: any Store, helpdesk: any Helpdesk, http: any HTTPSender, pace: PollPace, time: RelayTime = .system,
        wakeUp: WakeUp, trace: any Trace = NoTrace(), logger: Logger
    ) {
        self.store = store
        self.helpdesk = helpdesk
        self.http = http
        self.pace = pace
        self.time = time
        self.wakeUp = wakeUp
        self.trace = trace
        self.logger = logger
    }

    /// Looks whenever a look is due, until the service group shuts down. A look under way is given up then: it comes again.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let wait = await poll().wait
                if wait > .zero { try? await time.sleep(wait) }
            }
        }
    }

    /// Makes the looks that are due, but begins none after this: for plain CGI and `byoc relay --for`.
    ///
    /// - Returns: how many replies were found.
    package func run(for limit: Duration) async -> Int {
        let end = time.now().adding(limit)
        var found = 0
        while !Task.isCancelled, time.now() < end {
            let round = await poll()
            found += round.found
            if round.wait == .zero { continue }
            // What only the pace holds up is worth to be waited for.
            guard round.wait <= pace.spacing, pace.spacing < pace.interval, time.now().adding(round.wait) < end
            else { break }
            try? await time.sleep(round.wait)
        }
        return found
    }

    private struct Round {
        /// Until when there is nothing to do; zero when there was something.
        var wait: Duration
        var found = 0
    }

    /// Makes one look for each installation that has one due.
    private func poll() async -> Round {
        let longest = min(pace.interval, Self.longestWait)
        do {
            let now = time.now()
            // A cheap read first: with nothing due, no worker takes the write lock.
            guard let due = try await store.nextPoll(pace, now: now) else { return Round(wait: longest) }
            if due > now { return Round(wait: min(longest, now.duration(until: due))) }
            let conversations = try await store.takeConversations(pace, now: now)
            // Another worker was faster, or what was due isn't watched any more.
            if conversations.isEmpty { return Round(wait: min(longest, .seconds(1))) }
            return await withTaskGroup(of: Int.self) { group in
                for conversation in conversations {
                    group.addTask { await poll(conversation) }
                }
                return await group.reduce(into: Round(wait: .zero)) { $0.found += $1 }
            }
        } catch {
            logger.error("conversations can't be looked into", metadata: ["error": "\(error)"])
            return Round(wait: longest)
        }
    }

    /// - Returns: how many replies were found.
    private func poll(_ conversation: WatchedConversation) async -> Int {
        var logger = logger
        logger[metadataKey: "installation.id"] = "\(conversation.installation)"
        logger[metadataKey: "conversation.id"] = "\(conversation.id)"
        do {
            guard let installation = try await store.installation(conversation.installation),
                installation.sends(to: .helpdesk),
                let desk = try await store.desk(conversation.account, of: installation),
                desk.state == .active
            else { return 0 }
            let start = FoundMessages.start(of: conversation, now: time.now())
            let history: ConversationHistory?
            do {
                history = try await helpdesk.messages(
                    in: conversation.id, since: start, account: desk, over: http)
            } catch {
                if !Task.isCancelled { try await settle(error, conversation, desk, logger) }
                return 0
            }
            if let history { return try await take(history, from: start, of: conversation, installation, desk, logger) }
            logger.info("conversation is gone; it is looked into no more")
            try await record(.impossible, conversation)
        } catch {
            logger.error("look into a conversation not recorded", metadata: ["error": "\(error)"])
        }
        return 0
    }

    private func take(
        _ history: ConversationHistory, from start: Date, of conversation: WatchedConversation,
        _ installation: Installation, _ desk: HelpdeskAccount, _ logger: Logger
    ) async throws(StoreFailure) -> Int {
        let known = try await store.knownMessages(
            among: history.messages.compactMap(\.message?.id), of: installation.id)
        let found = FoundMessages(history.messages, from: start, of: conversation, known: known)
        let arrivals = found.messages.filter { event in event.message.map { !known.contains($0.id) } ?? false }
            .arrivals { reason, event in
                logger.debug(
                    "helpdesk event ignored", metadata: ["event.key": "\(event.dedupeKey)", "reason": "\(reason)"])
            }
        var count = 0
        if !arrivals.isEmpty {
            // The conversation is this installation's, and so is what stands in it.
            let result = try await store.acceptFound(
                Acceptance(
                    account: .helpdesk(desk.id), routes: [installation.route], arrivals: arrivals, at: time.now()))
            if !result.deliveries.isEmpty { wakeUp.signal() }
            result.logWithheld(logger)
            if !result.replies.isEmpty {
                trace.record(.committed) { step in
                    step.set(Flow(installation.id, .outbound), installation.channel.kind)
                    step.deliveries = result.deliveries.map(\.rawValue)
                    step.event = "message"
                    step.outcome = "found"
                    step.detail = "found in the conversation: its webhook hasn't come"
                }
            }
            for message in result.replies {
                count += 1
                logger.info("reply brought by the poll", metadata: ["message.id": "\(message)"])
            }
        }
        try await record(
            count > 0 ? .news : .nothing, conversation, beginsAt: found.beginsAt, seenUntil: found.seenUntil,
            calls: history.calls)
        return count
    }

    /// A look that failed is no delivery's failure, but it tells as much of Freshchat: a limit that was reached closes the
    /// gate for both, a token that isn't taken pauses both.
    private func settle(
        _ failure: DeliveryFailure, _ conversation: WatchedConversation, _ desk: HelpdeskAccount, _ logger: Logger
    ) async throws(StoreFailure) {
        logger.warning(
            "look into a conversation failed",
            metadata: ["reason": "\(failure.reason)", "detail": "\(failure.detail)"])
        switch failure.remedy {
        case .giveUp:
            try await record(.impossible, conversation)
        case .slowDown(let until), .waitForContact(let until), .wait(let until):
            let latest = time.now().adding(RetryPolicy().longestAskedWait)
            try await store.closeGate(.account(.helpdesk(desk.id)), until: min(until, latest))
        case .pause:
            _ = try await AccountRefusals(store: store, time: time).pause(.helpdesk(desk), because: failure, logger)
        case .retry(let after):
            let wait = RetryPolicy().wait(askedFor: after) ?? .zero
            try await record(.failed, conversation, rest: max(wait, Self.restAfterFailure))
        case .register:
            try await record(.failed, conversation, rest: Self.restAfterFailure)
        }
    }

    private func record(
        _ result: PollDecision.Result, _ conversation: WatchedConversation, beginsAt: Date? = nil,
        seenUntil: Date? = nil, calls: Int = 1, rest: Duration = .zero
    ) async throws(StoreFailure) {
        var outcome = PollOutcome(
            beginsAt: beginsAt ?? conversation.beginsAt, seenUntil: seenUntil ?? conversation.seenUntil,
            emptyPolls: conversation.emptyPolls, nextPoll: nil, calls: calls, rest: rest)
        let decision = PollDecision.after(
            result, emptyPolls: conversation.emptyPolls, isResolved: conversation.isResolved,
            interval: pace.interval)
        if case .again(let wait, let emptyPolls) = decision {
            outcome.nextPoll = wait
            outcome.emptyPolls = emptyPolls
        }
        try await store.record(outcome, of: conversation, pace, now: time.now())
    }
}
