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
            channel: ChannelAccount(kind: "double", secrets: ["token": Secret("channel-token-of-thirty-letters")]),
            helpdesk: HelpdeskAccount(
                baseURL: "https://acme.example.com/v2", token: Secret("desk-token-of-thirty-letters-x"), topic: "t-1"),
            name: name, targetToken: Secret("target-\(id)"), helpdeskToken: Secret("helpdesk-\(id)"),
            eventSecret: Secret("event-\(id)"), registeredURL: "https://chat.example.com/byoc/hook/target-\(id)",
            createdAt: noon)
    }

    /// Puts an installation into the store.
    func install(_ id: InstallationID = "double-1", name: String = "Shop") async throws -> Installation {
        let installation = Self.installation(id, name: name)
        try await store.save(installation, now: Self.noon)
        return installation
    }

    /// A browser that is signed in.
    func signedIn() async -> Browser {
        var browser = Browser(console)
        await browser.signIn()
        return browser
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
