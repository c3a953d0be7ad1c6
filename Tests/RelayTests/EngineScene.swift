// A relay on a store in memory, with a channel and a helpdesk that do as the test says, and a clock that jumps.

import FoundationEssentials
import HTTPTypes
import Logging
import Relay
import RelayCore
import RelayTesting
import Synchronization
import Testing

/// Time that stands still until somebody sleeps while nothing is being made: then it jumps to the end of the sleep.
final class JumpingTime: Sendable {
    private let instant = Mutex(Date(timeIntervalSince1970: 1_790_000_000))
    private let work = Mutex<@Sendable () -> Bool>({ false })

    /// Sets what tells whether something is being made, for which time stands still.
    func stands(while isBusy: @escaping @Sendable () -> Bool) { work.withLock { $0 = isBusy } }

    private var isBusy: Bool { work.withLock { $0 }() }

    var now: Date { instant.withLock { $0 } }

    func advance(_ seconds: Double) { instant.withLock { $0 += seconds } }

    /// Goes with the wall clock, which nobody sets here.
    var bootClock: BootClock {
        BootClock { .seconds(self.now.timeIntervalSince1970 - 1_789_999_000) }
    }

    /// From this duration on a sleep lasts until it is cancelled, and time stands still for it.
    static let forever = Duration.seconds(1_000_000)

    /// A sleep of the relay takes no time on the wall, but gives way to others.
    var relayTime: RelayTime {
        RelayTime(
            now: { self.now },
            sleep: { duration in
                if duration >= Self.forever {
                    for await _ in AsyncStream<Never>.makeStream().stream {}
                }
                repeat {
                    try Task.checkCancellation()
                    await Task.yield()
                } while self.isBusy
                self.advance(duration / .seconds(1))
            },
            random: { $0.upperBound }, bootClock: bootClock)
    }
}

/// A channel whose sends are answered by the test.
struct FakeChannel: WebhookRegistering {
    let sent = Log<OutboundPiece>()
    let registered = Log<String>()
    var isIdempotent = false
    /// `nil`: taken.
    var answer: @Sendable (OutboundPiece, Int) async -> DeliveryFailure? = { _, _ in nil }
    var registration: SetupFailure?

    var descriptor: ChannelDescriptor {
        ChannelDescriptor(kind: "fake", name: "Fake", fields: [], methods: [.post, .get], isIdempotent: isIdempotent)
    }

    func read(
        _ request: WebhookRequest, account: ChannelAccount
    ) throws(WebhookRefusal) -> WebhookReading<ChannelEvent> {
        let text = String(decoding: request.body, as: UTF8.self)
        if text == "forged" { throw WebhookRefusal(.notGenuine, "not signed") }
        // “bert/hello” is written by bert; who isn't named is anna.
        let user = text.split(separator: "/").first.flatMap { text.contains("/") ? String($0) : nil } ?? "anna"
        let profile = ContactProfile(userID: ChannelUserID(user), name: user.capitalized)
        return WebhookReading(
            events: [
                ChannelEvent(
                    dedupeKey: DedupeKey(text),
                    content: text == "noise"
                        ? .ignored(reason: "noise")
                        : .message(
                            InboundMessage(from: profile, message: Message(text: text), id: ChannelMessageID(text))))
            ],
            response: text == "hello?" ? .text(.ok, "welcome") : nil)
    }

    func pieces(of message: Message, account: ChannelAccount) -> [Message] {
        message.plainText.split(separator: "|").map { Message(text: String($0)) }
    }

    func send(
        _ piece: OutboundPiece, account: ChannelAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ChannelMessageID? {
        let number = sent.add(piece)
        if let failure = await answer(piece, number) { throw failure }
        return ChannelMessageID("sent-\(number)")
    }

    func check(_ account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) -> ChannelCheck {
        ChannelCheck(accountName: "Fake account")
    }

    func register(
        targetURL: String, account: ChannelAccount, over http: any HTTPSender
    ) async throws(SetupFailure) {
        if let registration { throw registration }
        _ = registered.add(targetURL)
    }

    func unregister(account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) {}
}

/// A helpdesk that remembers what it was given.
struct FakeHelpdesk: Helpdesk {
    let name = "Desk"
    let posted = Log<InboundPiece>()
    let notes = Log<String>()
    let lookedUp = Log<String>()
    /// Whether there is a user before the first message.
    var knowsUser = false
    var answer: @Sendable (InboundPiece, Int) async -> DeliveryFailure? = { _, _ in nil }
    var reference: String?
    /// From when on a conversation's messages were asked for.
    let asked = Log<Date>()
    let updated = Log<ProfileUpdate>()
    var profileAnswer: @Sendable (ProfileUpdate, Int) async -> Result<ProfileOutcome, DeliveryFailure> = { _, _ in
        .success(.written(without: []))
    }
    var history: @Sendable (Int) async -> Result<ConversationHistory?, DeliveryFailure> = { _ in .success(nil) }

    func readWebhook(
        _ request: WebhookRequest, account: HelpdeskAccount
    ) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        // The key stands for a signature by it.
        let key = request.headers[Self.signature] ?? ""
        guard key == account.webhookPublicKey else { throw WebhookRefusal(.notGenuine, "not signed") }
        return try Self.reading(request)
    }

    static let signature = HTTPField.Name.authorization

    private static func reading(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        if request.body.isEmpty { throw WebhookRefusal(.malformed, "empty") }
        // "topic/actor/text"
        let words = String(decoding: request.body, as: UTF8.self).split(separator: "/").map(String.init)
        return WebhookReading(events: [
            HelpdeskEvent(
                dedupeKey: DedupeKey(words[2]), topic: TopicID(words[0]),
                content: .message(
                    HelpdeskMessage(
                        id: HelpdeskMessageID(words[2]), conversation: "conversation-1", user: "user-1",
                        reference: "fake:anna", actor: .init(rawValue: words[1]) ?? .system, actorID: "agent-1",
                        isPrivate: false, message: Message(text: words[2]))))
        ])
    }

    func readProductEvent(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        try Self.reading(request)
    }

    func pieces(of message: Message, account: HelpdeskAccount) -> [Message] {
        message.plainText.split(separator: "|").map { Message(text: String($0)) }
    }

    func post(
        _ piece: InboundPiece, account: HelpdeskAccount, over http: any HTTPSender, keeper: any MappingKeeper
    ) async throws(DeliveryFailure) -> HelpdeskMessageID? {
        let number = posted.add(piece)
        if let failure = await answer(piece, number) { throw failure }
        if piece.user == nil {
            try await keeper.found(user: "user-1", written: knowsUser ? nil : piece.profile)
        }
        if piece.conversation == nil { try await keeper.found(conversation: "conversation-1") }
        return HelpdeskMessageID("posted-\(number)")
    }

    func update(
        _ update: ProfileUpdate, channelName: String, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ProfileOutcome {
        try await profileAnswer(update, updated.add(update)).get()
    }

    func note(
        _ text: String, in conversation: HelpdeskConversationID, doubt: Doubt?, isKnown: @escaping KnownMessages,
        account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> HelpdeskMessageID? {
        HelpdeskMessageID("note-\(notes.add(text))")
    }

    func firstName(
        of agent: AgentID, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> String? {
        _ = lookedUp.add(agent.rawValue)
        return "Denise"
    }

    func reference(
        of conversation: HelpdeskConversationID, user: HelpdeskUserID?, account: HelpdeskAccount,
        over http: any HTTPSender
    ) async throws(DeliveryFailure) -> String? {
        reference
    }

    func messages(
        in conversation: HelpdeskConversationID, since: Date, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationHistory? {
        try await history(asked.add(since)).get()
    }

    func check(_ account: HelpdeskAccount, over http: any HTTPSender) async throws(SetupFailure) -> HelpdeskCheck {
        HelpdeskCheck(accountName: "Desk account", topics: [.init(id: "topic-1", name: "Fake", isEnabled: true)])
    }
}

/// What was handed over, in order.
final class Log<Entry: Sendable>: Sendable {
    private let entries = Mutex<[Entry]>([])

    /// - Returns: the entry's number, from 1.
    func add(_ entry: Entry) -> Int {
        entries.withLock { entries in
            entries.append(entry)
            return entries.count
        }
    }

    var all: [Entry] { entries.withLock { $0 } }
    var count: Int { all.count }
}

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
