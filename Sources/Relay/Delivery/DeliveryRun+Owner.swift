import Logging
import RelayCore

extension DeliveryRun {
    /// Handles a claim of a helpdesk account: a reply whose installation isn't known yet, or a note about such a reply.
    func stepWithoutInstallation(
        _ claim: Claim, since start: ContinuousClock.Instant, _ logger: Logger
    ) async throws(StoreFailure) -> Claim? {
        let directory = try await store.currentDirectory()
        let id = HelpdeskAccountID(claim.delivery.installation.rawValue)
        // The installation, or the account, was removed while the claim was made.
        guard let account = directory[id], account.state == .active else {
            try await store.release(claim, now: time.now())
            return nil
        }
        let steps = DeliverySteps(trace: trace, channel: nil, start: start)
        steps.record(.claimed, claim) { $0.ms = nil }
        let result: DeliveryMaker.AccountResult
        do {
            result = try await maker.attempt(claim, for: account, steps)
        } catch {
            var failure = error
            failure.side = .helpdesk
            try await fail(
                claim, because: failure, AttemptAccounts(installation: nil, desk: account), nil, steps, logger)
            return nil
        }
        reach(.beforeOutcome, claim.subject)
        switch result {
        case .left(let result): return try await record(result, claim, maker.helpdesk.name, steps, logger)
        case .lookedUp(let found):
            try await settleOwner(of: claim, found, in: directory, account.id, steps, logger)
            return nil
        }
    }

    private func settleOwner(
        of claim: Claim, _ found: ConversationFacts?, in directory: InstallationDirectory,
        _ account: HelpdeskAccountID, _ steps: DeliverySteps, _ logger: Logger
    ) async throws(StoreFailure) {
        let routes = directory.routes(of: account)
        let note = note(about: claim, found?.topic, among: routes, in: directory)
        let owner = try await persist(claim) { () async throws(StoreFailure) in
            try await store.settleOwner(claim, found: found, routes: routes, note: note, now: time.now())
        }
        switch owner {
        case .one(let installation):
            logger.info("owner of a reply found", metadata: ["owner": "\(installation)"])
        case .several(let installations):
            let names = installations.map(\.rawValue).joined(separator: " ")
            logger.warning("reply held: several installations could be meant", metadata: ["installations": "\(names)"])
            steps.record(.held, claim) { $0.detail = "several installations could be meant: \(names)" }
            if let note { steps.record(note, claim) }
        case .none, .unknown:
            logger.info("reply of an unknown conversation discarded")
            steps.record(.discarded, claim) { $0.detail = "no installation's" }
        }
    }

    /// The note for a reply that turns out to be undecidable, with those named that use its topic.
    private func note(
        about claim: Claim, _ topic: TopicID?, among routes: [Route], in directory: InstallationDirectory
    ) -> NoteDraft? {
        guard case .reply(let reply) = claim.delivery.payload, let topic else { return nil }
        let names = routes.filter { $0.accepts && $0.has(topic) }.compactMap { directory[$0.installation]?.name }
        guard names.count > 1 else { return nil }
        return NoteDraft(
            text: AgentNote.undecided(reply.message, names: names), conversation: reply.conversation)
    }
}
