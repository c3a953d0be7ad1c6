import Console
import FoundationEssentials
import RelayCore
import RelayTesting
import Testing

/// The pages over a store with one installation, and short words for what happens to its messages.
struct MessageScene {
    static let token = "token-that-nobody-may-see"

    let scene = ConsoleScene()
    var store: MemoryStore { scene.store }
    let installation: InstallationID = "viber-1"
    let stored: Installation

    init(named name: String = "The shop") async throws {
        stored = try await scene.store.save(
            Installation(
                id: installation,
                channel: ChannelAccount(
                    id: "viber-acct-1", kind: "viber", secrets: ["auth_token": Secret(Self.token)],
                    endpoints: [Endpoint(.target, token: Secret("target-token"))]),
                helpdesk: HelpdeskAccount(
                    id: "freshchat-1", baseURL: "https://shop.freshchat.com/v2", token: Secret("freshchat-token"),
                    endpoints: [
                        Endpoint(.helpdesk, token: Secret("helpdesk-token")),
                        Endpoint(.event, token: Secret("event-token")),
                    ]),
                topic: "topic-1", name: name, doubtPolicy: .hold, createdAt: ConsoleScene.noon),
            now: ConsoleScene.noon)
    }

    @discardableResult
    func message(_ text: String, from user: ChannelUserID = "anna", name: String? = "Anna") throws -> DeliveryID {
        try message([.text(text)], key: text, from: user, name: name)
    }

    @discardableResult
    func message(
        _ parts: [Part], key: String, from user: ChannelUserID = "anna", name: String? = "Anna"
    ) throws -> DeliveryID {
        try accept(
            DedupeKey("\(user)/\(key)"),
            .message(
                InboundPayload(
                    id: ChannelMessageID(key), profile: ContactProfile(userID: user, name: name),
                    message: Message(parts: parts))))
    }

    @discardableResult
    func reply(_ text: String, to user: ChannelUserID = "anna") throws -> DeliveryID {
        try accept(
            DedupeKey("reply/\(text)"),
            .reply(
                HelpdeskMessage(
                    id: HelpdeskMessageID(text), conversation: HelpdeskConversationID("of \(user)"), user: nil,
                    reference: "viber:\(user)", actor: .agent, actorID: "agent-1", isPrivate: false,
                    message: Message(text: text))))
    }

    private func accept(_ key: DedupeKey, _ content: Acceptance.Content) throws -> DeliveryID {
        let arrival = Acceptance.Arrival(dedupeKey: key, content: content)
        let now = scene.clock.now
        let result =
            if case .reply = content {
                try store.accept(stored.heardOfDesk(arrival, at: now))
            } else {
                try store.accept(stored.heard(arrival, at: now))
            }
        return try #require(result.deliveries.first)
    }

    /// The claim of a delivery that is the first of its key.
    func claim(_ id: DeliveryID) async throws -> Claim {
        let claims = try await store.claim(by: "worker", limit: 1000, lease: .seconds(60), now: scene.clock.now)
        for claim in claims where claim.delivery.id != id { try await store.release(claim, now: scene.clock.now) }
        return try #require(claims.first { $0.delivery.id == id })
    }

    func deliver(_ id: DeliveryID) async throws {
        let next = try await store.complete(
            claim(id), delivered: PieceOutcome(nil), lease: .seconds(60), now: scene.clock.now)
        if let next { try await store.release(next, now: scene.clock.now) }
    }

    func markDead(_ id: DeliveryID, reason: String = "The customer has unsubscribed", detail: String = "status 6")
        async throws
    {
        try await store.markDead(
            claim(id), because: DeliveryFailure(.giveUp, reason: reason, detail: detail), note: nil,
            now: scene.clock.now)
    }

    func hold(_ id: DeliveryID) async throws {
        try await store.hold(claim(id), reason: "It is not known", note: nil, now: scene.clock.now)
    }

    /// A worker runs, so that what is due waits for nothing else.
    func enlist() async throws { _ = try await store.enlist(now: scene.clock.now) }

    func delivery(_ id: DeliveryID) async throws -> Delivery {
        try #require(try await store.message(id)).delivery
    }
}
