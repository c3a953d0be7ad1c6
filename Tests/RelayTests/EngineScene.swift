// A relay on a store in memory, with a channel and a helpdesk that do as the test says, and a clock that jumps.

import FoundationEssentials
import HTTPTypes
import Logging
import Relay
import RelayCore
import RelayTesting
import Synchronization
import Testing

struct EngineScene {
    private let memory: MemoryStore
    var store: any Store { memory }
    let time: JumpingTime
    var channel = FakeChannel()
    var helpdesk = FakeHelpdesk()

    init() {
        time = JumpingTime()
        let memory = MemoryStore(bootClock: time.bootClock)
        self.memory = memory
        // An attempt takes no time, however long the machine takes for it.
        time.stands { [weak memory] in memory?.hasLeases ?? false }
    }

    func install(
        doubtPolicy: Installation.DoubtPolicy = .resend, registeredURL: String = "https://x/hook/t"
    ) async throws {
        var one = Installation.sample(at: time.now)
        one.doubtPolicy = doubtPolicy
        one.channel.registeredURL = registeredURL
        try await store.save(one, now: time.now)
    }

    /// Adds an installation, on the account of another one where that is named.
    @discardableResult
    func add(
        _ id: InstallationID, topic: TopicID = "topic-1", kind: ChannelKind = "fake", address: Address = .only,
        form: Reference.Form = .user, onDeskOf desk: InstallationID? = nil,
        onChannelOf channel: InstallationID? = nil, _ change: (inout Installation) -> Void = { _ in }
    ) async throws -> Installation {
        let directory = try store.directory()
        var added = Installation.sample(id, topic: topic, kind: kind, at: time.now)
        added.address = address
        added.referenceForm = form
        if let desk { added.helpdesk = try #require(directory[desk]).helpdesk }
        if let channel { added.channel = try #require(directory[channel]).channel }
        change(&added)
        return try await store.save(added, now: time.now)
    }

    func present(_ id: InstallationID = "one") throws -> Installation { try #require(try store.directory()[id]) }

    func intake(_ meter: IntakeMeter = IntakeMeter()) -> Intake {
        let channel = channel
        return Intake(
            store: store, channels: { $0 == "none" ? nil : channel }, helpdesk: helpdesk, pulse: nil,
            wakeUp: WakeUp(), meter: meter, logger: Logger(label: "test"))
    }

    /// What the store's front half throws from now on.
    func refuse(with failure: StoreFailure?) { memory.refuse(with: failure) }

    /// - Parameter key: of Freshchat's account that signs the webhook; empty: none.
    func call(
        _ path: String, _ body: String = "", method: HTTPRequest.Method = .post, signedWith key: String = "",
        meter: IntakeMeter = IntakeMeter()
    ) -> WebhookResponse {
        intake(meter).respond(
            to: WebhookRequest(
                method: method, path: path, headers: key.isEmpty ? [:] : [FakeHelpdesk.signature: key],
                body: Array(body.utf8), id: "request-1", receivedAt: time.now))
    }

    func customerWrites(_ texts: String..., to path: String = "/hook/t") {
        for text in texts { #expect(call(path, text).status == .ok) }
    }

    func agentWrites(_ texts: String...) {
        for text in texts { #expect(call("/freshchat/h", "topic-1/agent/\(text)").status == .ok) }
    }

    /// Relays until nothing is due or waits for a later time within an hour.
    func relay() async throws {
        try await engine().run(for: .seconds(3600))
    }

    /// Runs the relay again, at later times, until nothing waits.
    func relayAll() async throws {
        for _ in 0..<20 {
            try await relay()
            guard try await store.nextDue(now: time.now) != nil else { return }
            time.advance(1800)
        }
    }

    /// Takes in what a side's account of the installation called `one` told.
    func accept(_ arrivals: Acceptance.Arrival..., from side: Side) throws {
        let one = try present()
        let routes = side == .channel ? [one.route] : try store.directory().routes(of: one.helpdesk.id)
        _ = try store.accept(
            Acceptance(account: one.account(of: side), routes: routes, arrivals: arrivals, at: time.now))
    }

    func engine() -> RelayEngine {
        var settings = RelaySettings()
        // Two sleepers at once would make time run twice as fast.
        settings.housekeepingInterval = JumpingTime.forever
        settings.retentionInterval = JumpingTime.forever
        settings.retentionPause = JumpingTime.forever
        let channel = channel
        let time = time
        return RelayEngine(
            store: store, channels: { $0 == "none" ? nil : channel }, helpdesk: helpdesk,
            http: RecordingSender(replies: []), settings: settings, time: time.relayTime, wakeUp: WakeUp(),
            pulse: Pulse(time: time.relayTime), logger: Logger(label: "test"))
    }

    func deliveries(_ state: Delivery.State) async throws -> [Delivery] {
        try await store.deliveries(DeliveryFilter(states: [state]))
    }
}

extension Installation {
    /// An installation with accounts of its own: the one called `one` has the URLs `/hook/t`, `/freshchat/h` and
    /// `/marketplace/e`; those of others end in their id.
    static func sample(
        _ id: InstallationID = "one", topic: TopicID = "topic-1", kind: ChannelKind = "fake", key: String = "",
        token: String = "token", at now: Date
    ) -> Installation {
        let tail = id == "one" ? "" : "-\(id)"
        return Installation(
            id: id,
            channel: ChannelAccount(
                id: ChannelAccountID("channel-\(id)"), kind: kind, secrets: ["token": Secret("secret\(tail)")],
                endpoints: [Endpoint(.target, token: Secret("t\(tail)"))], registeredURL: "https://x/hook/t\(tail)"),
            helpdesk: HelpdeskAccount(
                id: HelpdeskAccountID("desk-\(id)"), baseURL: "https://desk/v2", token: Secret(token),
                webhookPublicKey: key,
                endpoints: [
                    Endpoint(.helpdesk, token: Secret("h\(tail)")), Endpoint(.event, token: Secret("e\(tail)")),
                ]),
            topic: topic, name: id.rawValue.capitalized, createdAt: now)
    }
}
