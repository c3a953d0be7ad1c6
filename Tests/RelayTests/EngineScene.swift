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
        try await store.save(
            Installation(
                id: "one", channel: ChannelAccount(kind: "fake"),
                helpdesk: HelpdeskAccount(baseURL: "https://desk/v2", token: Secret("token"), topic: "topic-1"),
                name: "One", doubtPolicy: doubtPolicy, targetToken: Secret("t"), helpdeskToken: Secret("h"),
                eventSecret: Secret("e"), registeredURL: registeredURL, createdAt: time.now),
            now: time.now)
    }

    func intake(_ meter: IntakeMeter = IntakeMeter()) -> Intake {
        let channel = channel
        return Intake(
            store: store, channels: { $0 == "fake" ? channel : nil }, helpdesk: helpdesk, pulse: nil,
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

    func customerWrites(_ texts: String...) {
        for text in texts { #expect(call("/hook/t", text).status == .ok) }
    }

    func agentWrites(_ texts: String...) {
        for text in texts { #expect(call("/freshchat/h", "topic-1/agent/\(text)").status == .ok) }
    }

    /// Relays until nothing is due or waits for a later time within an hour.
    func relay() async throws {
        try await engine().run(for: .seconds(3600))
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
            store: store, channels: { $0 == "fake" ? channel : nil }, helpdesk: helpdesk,
            http: RecordingSender(replies: []), settings: settings, time: time.relayTime, wakeUp: WakeUp(),
            pulse: Pulse(time: time.relayTime), logger: Logger(label: "test"))
    }

    func deliveries(_ state: Delivery.State) async throws -> [Delivery] {
        try await store.deliveries(DeliveryFilter(states: [state]))
    }
}
