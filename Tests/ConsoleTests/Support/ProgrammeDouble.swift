import Console
import FoundationEssentials
import HTTPTypes
import RelayCore
import RelayTesting
import Synchronization

/// The programme around the pages: keeps what it was asked to do, and answers what a test wants.
final class ProgrammeDouble: ConsoleProgramme {
    struct State: Sendable {
        var channelCheck: Result<ChannelCheck, SetupFailure> = .success(ChannelCheck(accountName: "Shop bot"))
        var helpdeskCheck: Result<HelpdeskCheck, SetupFailure> = .success(
            HelpdeskCheck(
                accountName: "acme",
                topics: [
                    .init(id: "t-1", name: "Chat", isEnabled: true), .init(id: "t-2", name: "Old", isEnabled: false),
                ]))
        var reply = HTTPReply(status: .ok)
        var removal: SetupFailure?
        var checked: [ChannelAccount] = []
        var plans: [ConnectionPlan] = []
        var replaced: [Credential] = []
        var changes: [InstallationEdit] = []
        /// What refuses a change, a move or another address.
        var refusal: SetupFailure?
        var added: [AddressPlan] = []
        var posted: [String] = []
        var warnings: [String] = []
        var findings: [Finding] = []
    }

    let state = Mutex(State())
    private let store: MemoryStore

    init(store: MemoryStore) { self.store = store }

    let channels: [any Channel] = [ChannelDouble(), ChannelDouble(kind: "other", name: "Other")]
    let helpdeskFields = HelpdeskFields(
        address: SettingField(
            key: "desk_url", label: "Desk address", help: "Where it is.",
            problem: { $0.hasPrefix("https://") ? nil : "it must begin with https" }),
        token: SettingField(key: "desk_token", label: "Desk token", help: "On the same page.", isSecret: true),
        webhookKey: SettingField(
            key: "desk_key", label: "Desk key", help: "Beside the webhook.", isRequired: false,
            problem: { $0.hasPrefix("KEY") ? nil : "it is no key" }))

    func urls(of installation: Installation) -> InstallationURLs {
        InstallationURLs(
            target: "https://chat.example.com/byoc/hook/\(installation.channel.targetToken.reveal())",
            helpdesk: "https://chat.example.com/byoc/freshchat/\(installation.helpdesk.helpdeskToken.reveal())",
            productEvent: "https://chat.example.com/byoc/marketplace/\(installation.helpdesk.eventSecret.reveal())")
    }

    func helpdeskAccount(address: String, token: Secret) throws(SetupFailure) -> HelpdeskAccount {
        HelpdeskAccount(baseURL: address, token: token)
    }

    func check(_ account: ChannelAccount, of channel: any Channel) async throws(SetupFailure) -> ChannelCheck {
        let result = state.withLock { state in
            state.checked.append(account)
            return state.channelCheck
        }
        return try result.get()
    }

    func check(_ account: HelpdeskAccount) async throws(SetupFailure) -> HelpdeskCheck {
        let result = state.withLock { $0.helpdeskCheck }
        return try result.get()
    }

    func connect(_ plan: ConnectionPlan) async throws -> Connection {
        let warnings = state.withLock { state in
            state.plans.append(plan)
            return state.warnings
        }
        let made = ConsoleScene.installation("double-new", name: plan.name ?? "Shop bot")
        try await store.save(made, now: ConsoleScene.noon)
        return Connection(installation: made.id, warnings: warnings)
    }

    func register(_ installation: Installation) async throws {}

    func replace(_ credential: Credential, of installation: Installation, with value: String) async throws {
        state.withLock { $0.replaced.append(credential) }
    }

    func change(_ installation: Installation, by change: InstallationEdit) async throws {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
        state.withLock { $0.changes.append(change) }
        var changed = installation
        if let name = change.name { changed.name = name }
        changed.channel.settings.merge(change.settings) { $1 }
        if let limit = change.textLimit { changed.helpdesk.textLimit = limit }
        if let policy = change.resolvedPolicy { changed.resolvedPolicy = policy }
        if let policy = change.doubtPolicy { changed.doubtPolicy = policy }
        if let forwards = change.forwardsSystemLines { changed.forwardsSystemLines = forwards }
        try await store.save(changed, now: ConsoleScene.noon)
    }

    func move(_ installation: Installation, to topic: TopicID) async throws {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
        try await store.move(installation.id, to: MoveTarget(topic: topic), now: ConsoleScene.noon)
    }

    func add(_ plan: AddressPlan) async throws -> Connection {
        if let refusal = state.withLock({ $0.refusal }) { throw refusal }
        state.withLock { $0.added.append(plan) }
        guard var made = try await store.installation(plan.besides) else { throw StoreFailure(.notFound, "none") }
        made.id = "double-added"
        made.address = plan.address
        made.topic = plan.topic
        made.name = plan.name ?? "\(plan.address)"
        try await store.save(made, now: ConsoleScene.noon)
        return Connection(installation: made.id, warnings: [])
    }

    func remove(
        _ installation: Installation, keepingHistory: Bool, insisting: Bool, draining: Bool
    ) async throws -> String? {
        let refusal = state.withLock { $0.removal }
        if let refusal, !insisting { throw refusal }
        if draining {
            try await store.drain(installation.id, now: ConsoleScene.noon)
            return nil
        }
        try await store.remove(installation.id, keepingHistory: keepingHistory, now: ConsoleScene.noon)
        return refusal.map(\.problem)
    }

    func examine(_ installation: InstallationID?) async -> [Finding] { state.withLock { $0.findings } }

    func post(_ webhook: SampleWebhook, to targetURL: String) async throws(TransportFailure) -> HTTPReply {
        state.withLock { state in
            state.posted.append(targetURL)
            return state.reply
        }
    }
}

/// A channel with a secret and a plain setting.
struct ChannelDouble: WebhookRegistering, SampleEventMaking {
    let descriptor: ChannelDescriptor

    init(kind: ChannelKind = "double", name: String = "Double") {
        descriptor = ChannelDescriptor(kind: kind, name: name, fields: Self.fields)
    }

    private static let fields = [
        SettingField(key: "token", label: "Token", help: "From the account's page.", isSecret: true),
        SettingField(
            key: "sender", label: "Sender name", help: "What customers see.", isRequired: false,
            problem: { $0.count > 10 ? "it is too long" : nil }),
    ]

    func read(_ request: WebhookRequest, account: ChannelAccount) throws(WebhookRefusal) -> WebhookReading<ChannelEvent>
    {
        WebhookReading(events: [])
    }

    func pieces(of message: Message, account: ChannelAccount) -> [Message] { [message] }

    func send(
        _ piece: OutboundPiece, account: ChannelAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ChannelMessageID? { nil }

    func check(_ account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) -> ChannelCheck {
        ChannelCheck(accountName: "")
    }

    func register(targetURL: String, account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) {}

    func unregister(account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) {}

    let sampleEvents = [SampleEventKind("message", "a customer writes a text")]

    func sampleWebhook(_ kind: String, _ event: SampleEvent, account: ChannelAccount) -> SampleWebhook? {
        SampleWebhook(headers: [:], body: Array((event.text ?? "").utf8))
    }
}
