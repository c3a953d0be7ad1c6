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
    let unregistered = Log<ChannelAccountID>()
    var kind: ChannelKind = "fake"
    var form = Reference.Form.user
    /// What the channel calls the account of a token; `nil`: it doesn't say.
    var identify: @Sendable (Secret?) throws(SetupFailure) -> RemoteIdentity? = { _ throws(SetupFailure) in nil }
    var addresses = [AddressOffer(.only)]
    var isIdempotent = false
    /// `nil`: taken.
    var answer: @Sendable (OutboundPiece, Int) async -> DeliveryFailure? = { _, _ in nil }
    var registration: SetupFailure?

    var descriptor: ChannelDescriptor {
        ChannelDescriptor(
            kind: kind, name: "Fake",
            fields: [
                SettingField(key: "token", label: "Token", help: "", isSecret: true),
                SettingField(key: "greeting", label: "Greeting", help: "", isRequired: false) {
                    $0 == "bad" ? "a bad greeting" : nil
                },
            ], methods: [.post, .get], referenceForm: form, isIdempotent: isIdempotent)
    }

    func read(
        _ request: WebhookRequest, account: ChannelAccount
    ) throws(WebhookRefusal) -> WebhookReading<ChannelEvent> {
        var text = String(decoding: request.body, as: UTF8.self)
        if text == "forged" { throw WebhookRefusal(.notGenuine, "not signed") }
        // “sales@bert/hello” is for the address “sales”.
        var address = Address.only
        if let end = text.firstIndex(of: "@") {
            address = Address(String(text[..<end]))
            text = String(text[text.index(after: end)...])
        }
        // “bert/hello” is written by bert; who isn't named is anna.
        let user = text.split(separator: "/").first.flatMap { text.contains("/") ? String($0) : nil } ?? "anna"
        let profile = ContactProfile(userID: ChannelUserID(user), name: user.capitalized)
        return WebhookReading(
            events: [
                ChannelEvent(
                    dedupeKey: DedupeKey("\(address)@\(text)"), address: address,
                    content: text == "noise"
                        ? .ignored(reason: "noise")
                        : .message(
                            IncomingMessage(from: profile, message: Message(text: text), id: ChannelMessageID(text))))
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
        ChannelCheck(
            accountName: "Fake account", identity: try identify(account.secrets["token"]), addresses: addresses)
    }

    func register(
        targetURL: String, account: ChannelAccount, over http: any HTTPSender
    ) async throws(SetupFailure) {
        if let registration { throw registration }
        _ = registered.add(targetURL)
    }

    func unregister(account: ChannelAccount, over http: any HTTPSender) async throws(SetupFailure) {
        _ = unregistered.add(account.id)
    }
}

/// A helpdesk that remembers what it was given.
struct FakeHelpdesk: Helpdesk {
    let name = "Desk"
    let posted = Log<InboundPiece>()
    let notes = Log<String>()
    /// The tokens that posts and notes were made with.
    let tokens = Log<String>()
    let asksFor = Log<HelpdeskConversationID>()
    /// Whom and what a post is for in the helpdesk.
    var places: @Sendable (InboundPiece) -> (HelpdeskUserID, HelpdeskConversationID) = { _ in
        ("user-1", "conversation-1")
    }
    let created = Log<Reference>()
    var identify: @Sendable (Secret) -> RemoteIdentity? = { _ in nil }
    var topics: [TopicID] = ["topic-1"]
    /// What the helpdesk knows of a conversation, instead of one on `topic-1` with ``reference``.
    var facts: (@Sendable (HelpdeskConversationID) throws(DeliveryFailure) -> ConversationFacts?)?
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
        guard key.isEmpty ? account.publicKeys.isEmpty : account.publicKeys.contains(key) else {
            throw WebhookRefusal(.notGenuine, "not signed")
        }
        return try Self.reading(request)
    }

    static let signature = HTTPField.Name.authorization

    private static func reading(_ request: WebhookRequest) throws(WebhookRefusal) -> WebhookReading<HelpdeskEvent> {
        if request.body.isEmpty { throw WebhookRefusal(.malformed, "empty") }
        // "topic/actor/text", then perhaps "/conversation/user/reference"; "-" for what isn't told
        let words = String(decoding: request.body, as: UTF8.self).split(separator: "/").map(String.init)
        func word(_ index: Int, _ usual: String) -> String? {
            let word = index < words.count ? words[index] : usual
            return word == "-" ? nil : word
        }
        return WebhookReading(events: [
            HelpdeskEvent(
                dedupeKey: DedupeKey(words[2]), topic: word(0, "").map { TopicID($0) },
                content: .message(
                    HelpdeskMessage(
                        id: HelpdeskMessageID(words[2]),
                        conversation: HelpdeskConversationID(word(3, "conversation-1") ?? ""),
                        user: word(4, "user-1").map { HelpdeskUserID($0) }, reference: word(5, "fake:anna"),
                        actor: .init(rawValue: words[1]) ?? .system, actorID: "agent-1", isPrivate: false,
                        message: Message(text: words[2]))))
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
        let (user, conversation) = places(piece)
        if piece.user == nil { try await keeper.aboutToCreateUser(piece.reference) }
        let number = posted.add(piece)
        _ = tokens.add(account.token.reveal())
        if let failure = await answer(piece, number) { throw failure }
        if piece.user == nil {
            if !created.all.contains(piece.reference) {
                // Long enough for others to come in between.
                for _ in 0..<100 { await Task.yield() }
                _ = created.add(piece.reference)
            }
            try await keeper.found(user: user, written: knowsUser ? nil : piece.profile)
        }
        if piece.conversation == nil { try await keeper.found(conversation: conversation) }
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
        _ = tokens.add(account.token.reveal())
        return HelpdeskMessageID("note-\(notes.add(text))")
    }

    func firstName(
        of agent: AgentID, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> String? {
        _ = lookedUp.add(agent.rawValue)
        return "Denise"
    }

    func lookUp(
        _ conversation: HelpdeskConversationID, user: HelpdeskUserID?, account: HelpdeskAccount,
        over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationFacts? {
        _ = asksFor.add(conversation)
        if let facts { return try facts(conversation) }
        return ConversationFacts(topic: "topic-1", user: user, reference: reference.map { Reference($0) })
    }

    func messages(
        in conversation: HelpdeskConversationID, since: Date, account: HelpdeskAccount, over http: any HTTPSender
    ) async throws(DeliveryFailure) -> ConversationHistory? {
        try await history(asked.add(since)).get()
    }

    func check(_ account: HelpdeskAccount, over http: any HTTPSender) async throws(SetupFailure) -> HelpdeskCheck {
        HelpdeskCheck(
            accountName: "Desk account", identity: identify(account.token),
            topics: topics.map { .init(id: $0, name: "The \($0)", isEnabled: true) })
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
