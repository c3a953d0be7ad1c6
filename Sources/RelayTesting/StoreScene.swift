import FoundationEssentials
import RelayCore
import Synchronization
import Testing

/// The boot clock of a scene: it stands where the last step has put it.
final class SceneClock: Sendable {
    /// Before the scene begins.
    static let lead = 1000.0
    private let seconds = Mutex(0.0)

    /// So many seconds after the start.
    func move(to seconds: Double) { self.seconds.withLock { $0 = seconds } }

    var bootClock: BootClock { BootClock { .seconds(Self.lead + self.seconds.withLock { $0 }) } }
}

/// A store with one installation, and short words for what happens to it.
struct StoreScene: Sendable {
    let store: any Store
    let clock: SceneClock
    let installation: InstallationID = "viber-1"
    let topic: TopicID = "topic-1"
    let start = Date(timeIntervalSince1970: 1_790_000_000)
    let lease: Duration = .seconds(60)

    /// So many seconds after the start.
    func at(_ seconds: Double) -> Date { start.addingTimeInterval(seconds) }

    /// The same instant by the boot clock, as long as nobody sets the wall clock.
    func uptime(_ seconds: Double) -> Duration { .seconds(SceneClock.lead + seconds) }

    /// An installation with accounts of its own.
    func sample(
        _ id: InstallationID, topic: TopicID = "topic-1", kind: ChannelKind = "viber", address: Address = .only,
        form: Reference.Form = .user
    ) -> Installation {
        Installation(
            id: id,
            channel: ChannelAccount(
                id: ChannelAccountID("\(kind)-acct-of-\(id)"), kind: kind, settings: ["sender_name": "Shop"],
                secrets: ["auth_token": Secret("token-of-\(id)")],
                endpoints: [Endpoint(.target, token: Secret("target-\(id)"))],
                registeredURL: "https://example.com/target-\(id)"),
            address: address, referenceForm: form,
            helpdesk: HelpdeskAccount(
                id: HelpdeskAccountID("freshchat-of-\(id)"), baseURL: "https://shop.freshchat.com/v2",
                token: Secret("freshchat-\(id)"), webhookPublicKey: "PEM", textLimit: 1234,
                endpoints: [
                    Endpoint(.helpdesk, token: Secret("helpdesk-\(id)")),
                    Endpoint(.event, token: Secret("event-\(id)")),
                ]),
            topic: topic, topicName: "Shop chat", name: "The shop", resolvedPolicy: .newConversation,
            forwardsSystemLines: true, doubtPolicy: .hold, origin: .environment, createdAt: start)
    }

    func install() async throws { try await store.save(sample(installation), now: start) }

    // MARK: More installations

    /// An installation with a channel account of its own, in the scene's helpdesk account.
    @discardableResult
    func add(
        _ id: InstallationID, on topic: TopicID? = nil, kind: ChannelKind = "viber", form: Reference.Form = .user
    ) async throws -> Installation {
        var second = sample(id, topic: topic ?? self.topic, kind: kind, form: form)
        second.helpdesk = try present().helpdesk
        return try await store.save(second, now: start)
    }

    /// An installation for another address of the scene's channel account, in its helpdesk account.
    @discardableResult
    func add(_ id: InstallationID, at address: Address, on topic: TopicID? = nil) async throws -> Installation {
        var second = sample(id, topic: topic ?? self.topic, address: address)
        second.channel = try present().channel
        second.helpdesk = try present().helpdesk
        return try await store.save(second, now: start)
    }

    /// An installation as it is now.
    func present(_ id: InstallationID? = nil) throws -> Installation {
        try #require(try store.directory()[id ?? installation])
    }

    /// The service on a side refuses the present credential.
    @discardableResult
    func refuse(_ side: Side, at seconds: Double) async throws -> AccountRefusal {
        try await store.refuse(try present().usedAccount(of: side), reason: "401", now: at(seconds))
    }

    /// What a limit of a side's account belongs to.
    func scope(_ side: Side, of id: InstallationID? = nil) throws -> GateScope {
        .account(try present(id).account(of: side))
    }

    // MARK: What arrives

    func message(
        _ text: String, from user: ChannelUserID = "anna", name: String? = nil, key: DedupeKey? = nil
    ) -> Acceptance.Arrival {
        Acceptance.Arrival(
            dedupeKey: key ?? DedupeKey("message/\(user)/\(text)"),
            content: .message(
                InboundPayload(
                    id: ChannelMessageID("id of \(text)"), profile: ContactProfile(userID: user, name: name),
                    message: Message(text: text))))
    }

    func reply(
        _ text: String, in conversation: HelpdeskConversationID = "conversation-1", user: HelpdeskUserID? = nil,
        reference: String? = nil, on topic: TopicID? = "topic-1", by actor: HelpdeskMessage.Actor = .agent,
        id: HelpdeskMessageID? = nil, key: DedupeKey? = nil
    ) -> Acceptance.Arrival {
        Acceptance.Arrival(
            dedupeKey: key ?? DedupeKey("reply/\(text)"),
            content: .reply(
                HelpdeskMessage(
                    id: id ?? HelpdeskMessageID("id of \(text)"), conversation: conversation, user: user,
                    reference: reference, actor: actor, actorID: "agent-1", isPrivate: false,
                    message: Message(text: text))), topic: topic)
    }

    func receipt(
        _ state: Receipt.State, of message: ChannelMessageID, note: String? = nil, key: DedupeKey? = nil
    ) -> Acceptance.Arrival {
        Acceptance.Arrival(
            dedupeKey: key ?? DedupeKey("receipt/\(message)/\(state)"),
            content: .receipt(
                Receipt(messageID: message, state: state, at: start, reason: state == .failed ? "blocked" : nil),
                note: note))
    }

    func subscription(_ kind: SubscriptionChange.Kind, at seconds: Double) -> Acceptance.Arrival {
        Acceptance.Arrival(
            dedupeKey: DedupeKey("subscription/\(kind)/\(seconds)"),
            content: .subscription(
                SubscriptionChange(user: ContactProfile(userID: "anna"), kind: kind, at: at(seconds))))
    }

    func status(
        _ isResolved: Bool, of conversation: HelpdeskConversationID = "conversation-1", key: DedupeKey
    ) -> Acceptance.Arrival {
        Acceptance.Arrival(
            dedupeKey: key, content: .status(conversation: conversation, isResolved: isResolved), topic: topic)
    }

    func withheld(_ kind: String, key: DedupeKey) -> Acceptance.Arrival {
        Acceptance.Arrival(dedupeKey: key, content: .withheld(kind: kind, of: "conversation-1"), topic: topic)
    }

    /// Takes in what each side told, in the order in which it is given.
    @discardableResult
    func accept(
        _ arrivals: Acceptance.Arrival..., to id: InstallationID? = nil, at seconds: Double = 0
    ) throws -> AcceptanceResult {
        var result = AcceptanceResult()
        var rest = arrivals[...]
        repeat {
            let isChannels = rest.first?.isChannels ?? true
            let run = rest.prefix { $0.isChannels == isChannels }
            rest = rest.dropFirst(run.count)
            result.add(try store.accept(acceptance(Array(run), of: id, at: seconds)))
        } while !rest.isEmpty
        return result
    }

    /// One webhook of an account of an installation: of its channel account, or of its helpdesk account with all
    /// installations there.
    func acceptance(
        _ arrivals: [Acceptance.Arrival], of id: InstallationID? = nil, at seconds: Double = 0
    ) throws -> Acceptance {
        let directory = try store.directory()
        let present = directory[id ?? installation] ?? sample(id ?? installation)
        if arrivals.first?.isChannels ?? true {
            return Acceptance(
                account: .channel(present.channel.id), routes: [present.route], arrivals: arrivals, at: at(seconds))
        }
        return heard(by: present.helpdesk.id, directory.routes(of: present.helpdesk.id), arrivals, at: seconds)
    }

    /// One webhook of a helpdesk account.
    func heard(
        by account: HelpdeskAccountID, _ routes: [Route], _ arrivals: [Acceptance.Arrival], at seconds: Double = 0
    ) -> Acceptance {
        Acceptance(account: .helpdesk(account), routes: routes, arrivals: arrivals, at: at(seconds))
    }

    // MARK: What the relay does

    func claims(by worker: WorkerID = "worker-a", limit: Int = 10, at seconds: Double = 0) async throws -> [Claim] {
        clock.move(to: seconds)
        return try await store.claim(by: worker, limit: limit, lease: lease, now: at(seconds))
    }

    /// The one claim that there is to be had.
    func claim(by worker: WorkerID = "worker-a", at seconds: Double = 0) async throws -> Claim {
        let claims = try await claims(by: worker, at: seconds)
        try #require(claims.count == 1)
        return claims[0]
    }

    func reap(at seconds: Double) async throws -> Int {
        clock.move(to: seconds)
        return try await store.reap(now: at(seconds))
    }

    @discardableResult
    func complete(_ claim: Claim, as id: PieceOutcome.MessageID? = nil, at seconds: Double = 0) async throws -> Claim? {
        clock.move(to: seconds)
        return try await store.complete(claim, delivered: PieceOutcome(id), lease: lease, now: at(seconds))
    }

    func retry(
        _ claim: Claim, after failure: DeliveryFailure, until due: Double, counting: Bool = true, wakes: Bool = false,
        at seconds: Double = 0
    ) async throws {
        try await store.retry(
            claim, after: failure, at: at(due), counting: counting, wakesOnContact: wakes, now: at(seconds))
    }

    func delivery(_ id: DeliveryID) async throws -> Delivery {
        let found = try await store.deliveries(
            DeliveryFilter(before: DeliveryID(rawValue: id.rawValue + 1), limit: 1))
        return try #require(found.first { $0.id == id })
    }

    /// What the texts of all deliveries in a state are, in the order of acceptance.
    func texts(_ states: Set<Delivery.State>) async throws -> [String] {
        try await store.deliveries(DeliveryFilter(states: states)).reversed().map(\.text)
    }

    var refusal: DeliveryFailure {
        DeliveryFailure(.retry(after: nil), reason: "Viber is busy", detail: "status 1")
    }

    var silence: DeliveryFailure {
        DeliveryFailure(.retry(after: nil), isCertain: false, reason: "Viber didn't answer", detail: "time-out")
    }

    /// A contact whose user and conversation are known, with nothing waiting.
    func acquaint(_ user: ChannelUserID = "anna", conversation: HelpdeskConversationID = "conversation-1") async throws
        -> ContactID
    {
        try accept(message("hello of \(user)", from: user))
        let claim = try await claim(by: "worker-of-scene")
        try await store.remember(user: HelpdeskUserID("user of \(user)"), written: nil, for: claim, now: start)
        try await store.remember(conversation: conversation, topic: topic, for: claim, now: start)
        try await complete(claim)
        return try #require(claim.contact?.id)
    }

    func expect(_ kind: StoreFailure.Kind, _ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("expected \(kind), and nothing was refused")
        } catch let failure as StoreFailure {
            #expect(failure.kind == kind)
        } catch {
            Issue.record("expected \(kind), got \(error)")
        }
    }
}

extension Acceptance.Arrival {
    /// Whether a channel tells such a thing.
    fileprivate var isChannels: Bool {
        switch content {
        case .message, .receipt, .subscription: true
        case .reply, .status, .withheld: false
        }
    }
}

extension AcceptanceResult {
    /// What was taken in after this.
    fileprivate mutating func add(_ later: AcceptanceResult) {
        accepted += later.accepted
        repeated += later.repeated
        deliveries += later.deliveries
        replies += later.replies
        withheld += later.withheld
        fates += later.fates
    }
}

extension Delivery {
    var text: String {
        switch payload {
        case .message(let message): message.message.plainText
        case .reply(let reply): reply.message.plainText
        case .note(let text, _): "note: " + text
        case nil: "(unreadable)"
        }
    }
}
