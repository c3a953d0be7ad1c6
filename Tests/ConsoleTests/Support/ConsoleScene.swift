import Console
import FoundationEssentials
import HTTPTypes
import Logging
import RelayCore
import RelayTesting
import Synchronization

/// The pages over a store in memory, with a clock that stands until it is moved.
struct ConsoleScene {
    static let password = "correct horse battery"
    static let key = Array(UInt8(0)..<32)
    static let noon = Date(timeIntervalSince1970: 1_770_120_000)

    let store: MemoryStore
    let programme: ProgrammeDouble
    let memory: MemoryDouble
    let console: Console
    let clock: ClockDouble

    /// - Parameters:
    ///   - memory, clock: to share them between scenes, as workers do.
    init(
        baseURL: String = "https://chat.example.com/byoc", password: String? = ConsoleScene.password,
        key: [UInt8] = ConsoleScene.key, memory: MemoryDouble = MemoryDouble(), clock: ClockDouble = ClockDouble()
    ) {
        self.memory = memory
        self.clock = clock
        store = MemoryStore()
        programme = ProgrammeDouble(store: store)
        console = Console(
            settings: ConsoleSettings(baseURL: baseURL, password: password.flatMap { AdminPassword($0) }, key: key),
            store: store, programme: programme, memory: memory,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, now: { clock.now })
    }

    static func installation(_ id: InstallationID, name: String = "Shop") -> Installation {
        Installation(
            id: id,
            channel: ChannelAccount(
                id: ChannelAccountID("channel-of-\(id)"), kind: "double",
                secrets: ["token": Secret("channel-token-of-thirty-letters")],
                endpoints: [Endpoint(.target, token: Secret("target-\(id)"))],
                registeredURL: "https://chat.example.com/byoc/hook/target-\(id)"),
            helpdesk: HelpdeskAccount(
                id: HelpdeskAccountID("desk-of-\(id)"), baseURL: "https://acme.example.com/v2",
                token: Secret("desk-token-of-thirty-letters-x"),
                endpoints: [
                    Endpoint(.helpdesk, token: Secret("helpdesk-\(id)")),
                    Endpoint(.event, token: Secret("event-\(id)")),
                ]),
            topic: "t-1", name: name, createdAt: noon)
    }

    /// Puts an installation into the store.
    func install(_ id: InstallationID = "double-1", name: String = "Shop") async throws -> Installation {
        let installation = Self.installation(id, name: name)
        try await store.save(installation, now: Self.noon)
        return installation
    }

    /// Puts a second installation into the store, which shares the first one's accounts.
    func installSharing(
        _ first: Installation, as id: InstallationID, name: String, address: Address = "second",
        origin: Installation.Origin = .installed
    ) async throws -> Installation {
        var second = Self.installation(id, name: name)
        second.channel = first.channel
        second.helpdesk = first.helpdesk
        second.address = address
        second.origin = origin
        try await store.save(second, now: Self.noon)
        return second
    }

    /// A browser that is signed in.
    func signedIn() async -> Browser {
        var browser = Browser(console)
        await browser.signIn()
        return browser
    }
}

extension Installation {
    /// What a webhook of the channel tells of it.
    func heard(_ arrivals: Acceptance.Arrival..., at: Date) -> Acceptance {
        Acceptance(account: .channel(channel.id), routes: [route], arrivals: arrivals, at: at)
    }

    /// What Freshchat tells of it.
    func heardOfDesk(_ arrivals: Acceptance.Arrival..., at: Date, source: ReplySource? = nil) -> Acceptance {
        let arrivals = arrivals.map { arrival in
            var arrival = arrival
            arrival.topic = topic
            return arrival
        }
        return Acceptance(account: .helpdesk(helpdesk.id), routes: [route], arrivals: arrivals, at: at, source: source)
    }
}

final class ClockDouble: Sendable {
    private let instant: Mutex<Date>

    init(_ now: Date = ConsoleScene.noon) { instant = Mutex(now) }

    var now: Date { instant.withLock { $0 } }

    func pass(_ seconds: TimeInterval) { instant.withLock { $0.addTimeInterval(seconds) } }
}

/// What sign-in remembers, without a file.
final class MemoryDouble: ConsoleMemory {
    private let record = Mutex(SignInRecord())

    func recall() -> SignInRecord { record.withLock { $0 } }

    /// As when the file is removed.
    func forget() { record.withLock { $0 = SignInRecord() } }

    func change<Result>(_ body: (inout SignInRecord) -> Result) -> Result {
        var copy = recall()
        let result = body(&copy)
        record.withLock { [copy] in $0 = copy }
        return result
    }
}
