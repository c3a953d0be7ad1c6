import FoundationEssentials
import Logging
import RelayCore

/// Makes one attempt: translate and send the piece that a claim has reached. Decides nothing about failures.
struct DeliveryMaker: Sendable {
    /// What came of it.
    enum Result: Sendable {
        /// The piece is delivered; `isLast` tells whether it was the last one, `isCut` whether there were more than are sent.
        case delivered(PieceOutcome, isLast: Bool, isCut: Bool = false)
        /// There is nothing (more) to send.
        case nothingLeft
        /// None of ours.
        case foreign(reason: String)
        /// It is another installation's, as came out only now.
        case another
        /// A person has to decide.
        case undecided
    }

    let store: any OutboxStore & MetricsStore
    let helpdesk: any Helpdesk
    let http: any HTTPSender
    let time: RelayTime
    let logger: Logger

    /// - Parameters:
    ///   - claim: gets its contact if that is found out here.
    ///   - desk: the account that its conversation is in; `nil` if that is gone.
    func attempt(
        _ claim: inout Claim, of installation: Installation, with desk: HelpdeskAccount?, on channel: any Channel,
        _ steps: DeliverySteps
    ) async throws(DeliveryFailure) -> Result {
        let traced = TracingSender(base: http) { [claim] kind, fill in steps.record(kind, claim, fill) }
        let result = try await make(&claim, of: installation, with: desk, on: channel, over: traced, steps)
        if claim.doubt != nil, case .delivered = result, !traced.hasChangedAnything {
            steps.record(.found, claim) { $0.detail = "it is there already: nothing is sent again" }
        }
        return result
    }

    private func make(
        _ claim: inout Claim, of installation: Installation, with desk: HelpdeskAccount?, on channel: any Channel,
        over http: any HTTPSender, _ steps: DeliverySteps
    ) async throws(DeliveryFailure) -> Result {
        let bound = LeaseBoundSender(base: http, leasedUntil: claim.leasedUntil, clock: time.bootClock)
        func sender(to scope: GateScope) -> RateWatchingSender {
            RateWatchingSender(base: bound, store: store, scope: scope, time: time, logger: logger)
        }
        let http = sender(to: .account(.helpdesk((desk ?? installation.helpdesk).id)))
        switch claim.delivery.payload {
        case .message(let inbound):
            return try await bring(inbound, claim, installation, channel, http)
        case .reply(let reply):
            return try await send(
                reply, &claim, installation, desk, channel, http,
                sender(to: .account(.channel(installation.channel.id))),
                steps)
        case .note(let text, let conversation):
            guard let desk else {
                throw DeliveryFailure(
                    .giveUp, reason: "The \(helpdesk.name) account of its conversation is gone",
                    detail: "\(claim.conversationAccount?.rawValue ?? "")")
            }
            return try await leave(text, in: conversation, claim, desk, http)
        case nil:
            throw DeliveryFailure(
                .giveUp, reason: "Its stored form can't be read", detail: "written by another version, or damaged",
                cause: .unreadable)
        }
    }

    private func leave(
        _ text: String, in conversation: HelpdeskConversationID, _ claim: Claim, _ desk: HelpdeskAccount,
        _ http: any HTTPSender
    ) async throws(DeliveryFailure) -> Result {
        reach(.beforeSend, claim.subject)
        let id = try await helpdesk.note(
            text, in: conversation, doubt: claim.doubt, isKnown: isKnown(to: claim), account: desk, over: http)
        reach(.afterAnswer, claim.subject)
        return .delivered(PieceOutcome(id.map { .helpdesk($0) }), isLast: true)
    }

    /// What of a claim that belongs to a helpdesk account and to no installation so far.
    enum AccountResult: Sendable {
        /// A note is left.
        case left(Result)
        /// The conversation as the helpdesk knows it; `nil` if it is gone.
        case lookedUp(ConversationFacts?)
    }

    /// Leaves a note, or looks up whose a reply is.
    func attempt(
        _ claim: Claim, for desk: HelpdeskAccount, _ steps: DeliverySteps
    ) async throws(DeliveryFailure) -> AccountResult {
        let traced = TracingSender(base: http) { kind, fill in steps.record(kind, claim, fill) }
        let bound = LeaseBoundSender(base: traced, leasedUntil: claim.leasedUntil, clock: time.bootClock)
        let http = RateWatchingSender(
            base: bound, store: store, scope: .account(.helpdesk(desk.id)), time: time, logger: logger)
        switch claim.delivery.payload {
        case .note(let text, let conversation):
            return .left(try await leave(text, in: conversation, claim, desk, http))
        case .reply(let reply):
            return .lookedUp(
                try await helpdesk.lookUp(reply.conversation, user: reply.user, account: desk, over: http))
        case .message, nil:
            throw DeliveryFailure(
                .giveUp, reason: "Its stored form can't be read", detail: "written by another version, or damaged",
                cause: .unreadable)
        }
    }

    private func bring(
        _ inbound: InboundPayload, _ claim: Claim, _ installation: Installation, _ channel: any Channel,
        _ http: any HTTPSender
    ) async throws(DeliveryFailure) -> Result {
        guard let contact = claim.contact else {
            throw DeliveryFailure(.giveUp, reason: "Its contact is gone", detail: "", cause: .unreadable)
        }
        var pieces = helpdesk.pieces(of: inbound.message, account: installation.helpdesk)
        if pieces.count > Message.mostPieces {
            pieces = pieces.prefix(Message.mostPieces - 1) + [Message(text: AgentNote.cutFromCustomer)]
        }
        let progress = claim.delivery.progress
        guard progress < pieces.count else { return .nothingLeft }
        let startsAnew = contact.isResolved && installation.resolvedPolicy == .newConversation
        let piece = InboundPiece(
            message: pieces[progress], profile: contact.profile, reference: contact.reference,
            topic: installation.topic, resolvedPolicy: installation.resolvedPolicy,
            channelName: channel.descriptor.name, user: contact.user,
            conversation: startsAnew ? nil : contact.conversation, doubt: claim.doubt, isKnown: isKnown(to: claim))
        let keeper = ClaimKeeper(store: store, claim: claim, topic: installation.topic, time: time)
        reach(.beforeSend, claim.subject)
        let id = try await helpdesk.post(piece, account: installation.helpdesk, over: http, keeper: keeper)
        reach(.afterAnswer, claim.subject)
        return .delivered(PieceOutcome(id.map { .helpdesk($0) }), isLast: progress + 1 == pieces.count)
    }

    private func send(
        _ reply: HelpdeskMessage, _ claim: inout Claim, _ installation: Installation, _ desk: HelpdeskAccount?,
        _ channel: any Channel, _ helpdeskHTTP: any HTTPSender, _ channelHTTP: any HTTPSender, _ steps: DeliverySteps
    ) async throws(DeliveryFailure) -> Result {
        if claim.contact == nil {
            guard let found = try await customer(of: reply, installation, desk, helpdeskHTTP) else {
                return .foreign(reason: "The conversation is not with a customer of \(channel.descriptor.name)")
            }
            do {
                claim = try await store.bind(
                    claim, to: found.user, reference: found.reference, topic: found.topic, now: time.now())
            } catch {
                throw DeliveryFailure(storing: error, isCertain: true)
            }
            // The conversation turned out to be another installation's, which sends it.
            if claim.delivery.installation != installation.id { return .another }
        }
        guard let contact = claim.contact else {
            throw DeliveryFailure(.giveUp, reason: "Its contact is gone", detail: "", cause: .unreadable)
        }
        let reply = try await completed(reply, &claim, desk, channel, helpdeskHTTP, steps)
        let all = channel.pieces(of: reply.message, account: installation.channel)
        let pieces = all.prefix(Message.mostPieces)
        let progress = claim.delivery.progress
        guard progress < pieces.count else { return .nothingLeft }
        if claim.doubt != nil, !channel.descriptor.isIdempotent, installation.doubtPolicy == .hold {
            return .undecided
        }
        if claim.doubt != nil, !channel.descriptor.isIdempotent { await countResend(claim) }
        let senderName = await senderName(of: reply, installation, desk, helpdeskHTTP)
        let piece = OutboundPiece(
            message: pieces[progress], to: contact.profile.userID, from: installation.address, senderName: senderName,
            idempotencyKey: "byoc-\(claim.delivery.id)-\(progress)", now: time.now())
        reach(.beforeSend, claim.subject)
        let id = try await channel.send(piece, account: installation.channel, over: channelHTTP)
        reach(.afterAnswer, claim.subject)
        return .delivered(
            PieceOutcome(id.map { .channel($0) }), isLast: progress + 1 == pieces.count,
            isCut: pieces.count < all.count)
    }

    /// A look into Freshchat on the way to the channel: what fails there is no failure of the channel's.
    ///
    /// - Returns: `nil` if the conversation isn't with a customer of this installation, or is on a topic of somebody else's.
    private func customer(
        of reply: HelpdeskMessage, _ installation: Installation, _ desk: HelpdeskAccount?, _ http: any HTTPSender
    ) async throws(DeliveryFailure) -> (user: ChannelUserID, reference: Reference, topic: TopicID)? {
        guard let desk else { return nil }
        let facts: ConversationFacts?
        do {
            facts = try await helpdesk.lookUp(reply.conversation, user: reply.user, account: desk, over: http)
        } catch {
            var failure = error
            failure.side = .helpdesk
            throw failure
        }
        let route = installation.route
        guard let facts, facts.topic.map({ route.has($0) }) ?? true, let reference = facts.reference,
            let user = route.user(of: reference)
        else { return nil }
        return (user, reference, facts.topic ?? installation.topic)
    }

    /// Counted before, so that a crash during the send doesn't hide it. A reply doesn't wait for a figure that can't be kept.
    private func countResend(_ claim: Claim) async {
        do {
            try await store.count(.resent, Flow(claim.delivery.installation, claim.delivery.direction), by: 1)
        } catch {
            logger.warning("a reply that is sent again is not counted", metadata: ["error": "\(error)"])
        }
    }

    private func isKnown(to claim: Claim) -> KnownMessages {
        { [store] id async throws(DeliveryFailure) in
            do throws(StoreFailure) {
                return try await store.delivery(thatBecame: id, of: claim.delivery.installation) != nil
            } catch {
                throw DeliveryFailure(storing: error)
            }
        }
    }

    /// An agent's first name, remembered for a day. A reply never waits for a name: without one the adapter shows the
    /// configured name.
    private func senderName(
        of reply: HelpdeskMessage, _ installation: Installation, _ desk: HelpdeskAccount?, _ http: any HTTPSender
    ) async -> String? {
        if let name = reply.actorName { return name }
        guard let agent = reply.actorID, let desk else { return nil }
        let now = time.now()
        do {
            if let known = try await store.agentName(
                agent, of: installation.id, notBefore: now.adding(.seconds(-86_400)))
            {
                return known
            }
            let name = try await helpdesk.firstName(of: agent, account: desk, over: http)
            try await store.remember(agent: agent, name: name, of: installation.id, now: now)
            return name
        } catch {
            logger.notice("agent's name unknown", metadata: ["agent.id": "\(agent)", "error": "\(error)"])
            return nil
        }
    }
}

extension Claim {
    /// What a named point records of it: delivery, direction, customer.
    var subject: String {
        "\(delivery.id) \(delivery.direction.rawValue) \(contact.map { "\($0.profile.userID)" } ?? "?")"
    }
}
