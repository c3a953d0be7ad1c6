import AsyncHTTPClient
import Channels
import Foundation
import Freshchat
import Logging
import Outbound
import Relay
import RelayCore
import SQLiteStore
import Vault

/// The parts of the program, put together for one process.
struct App {
    let settings: Settings
    let store: any Store
    let key: EncryptionKey
    let logger: Logger
    private let closeStore: @Sendable () -> Void
    /// Whether the store's files were replaced while this process had them open: then it has to end and start again.
    let mustReopen: @Sendable () -> Bool
    let helpdesk: any Helpdesk = FreshchatHelpdesk()
    /// Reports this process's steps to `byoc tail`.
    let trace: any Trace

    var endpoints: Endpoints { Endpoints(baseURL: settings.baseURL) }

    private init(
        settings: Settings, store: any Store, key: EncryptionKey, logger: Logger,
        closeStore: @escaping @Sendable () -> Void, mustReopen: @escaping @Sendable () -> Bool
    ) {
        self.settings = settings
        self.store = store
        self.key = key
        self.logger = logger
        self.closeStore = closeStore
        self.mustReopen = mustReopen
        trace = SocketTrace(dataDirectory: settings.dataDirectory)
    }

    /// Opens the data store, and creates folder and key the first time. Commands that must not create them call
    /// ``checkStore(of:)`` first.
    ///
    /// - Parameter mustExist: the store was there a moment ago, and nothing is created in its place if it is gone.
    static func open(_ settings: Settings, mustExist: Bool = false, logger: Logger) throws -> App {
        let key: EncryptionKey
        var configuration = SQLiteStoreConfiguration(directory: settings.dataDirectory)
        configuration.mustExist = mustExist
        if let text = settings.secretKey {
            do {
                key = try EncryptionKey(parsing: text.reveal())
            } catch {
                throw CommandFailure("BYOC_SECRET_KEY: \(error)")
            }
        } else if mustExist, let present = try EncryptionKey.load(from: settings.dataDirectory) {
            key = present
        } else if mustExist {
            throw StoreFailure(
                .gone,
                "secret.key is missing from \(settings.dataDirectory). "
                    + EncryptionKey.restoreAdvice(settings.dataDirectory))
        } else {
            let directory = try DataDirectory(settings.dataDirectory)
            let loaded = try EncryptionKey.loadOrCreate(in: directory.path, hasStore: directory.hasStore)
            key = loaded.key
            if loaded.wasCreated {
                logger.notice(
                    "secret key created; store a copy apart from the data store",
                    metadata: ["path": "\(loaded.path)"])
            }
        }
        let store = try SQLiteStore.open(configuration, key: key, logger: logger)
        return App(
            settings: settings, store: store, key: key, logger: logger, closeStore: { store.close() },
            mustReopen: { store.mustReopen })
    }

    /// Writes what is queued, and closes the store. Call it when the store is no longer used.
    func close() { closeStore() }

    static func channel(_ kind: ChannelKind) -> (any Channel)? { ChannelRegistry.channel(kind) }

    /// Runs with an HTTP client for the APIs of channels and Freshchat.
    static func withHTTP<Result>(_ body: (any HTTPSender) async throws -> Result) async throws -> Result {
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: HTTPClientSender.configuration)
        let result: Result
        do {
            result = try await body(HTTPClientSender(client))
        } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
        return result
    }

    func installer(over http: any HTTPSender) -> Installer {
        Installer(store: store, helpdesk: helpdesk, http: http, endpoints: endpoints)
    }

    func engine(over http: any HTTPSender, pulse: Pulse, wakeUp: WakeUp) -> RelayEngine {
        var relay = RelaySettings()
        relay.concurrency = settings.relayConcurrency
        relay.drainTime = settings.drainTime
        relay.lease = settings.leaseTime
        relay.retention = settings.retention
        return RelayEngine(
            store: store, channels: Self.channel, helpdesk: helpdesk, http: http, settings: relay, wakeUp: wakeUp,
            pulse: pulse, trace: trace, logger: logger)
    }

    /// The poll for lost webhooks; `nil` if it is switched off.
    func reconciliation(over http: any HTTPSender, wakeUp: WakeUp) -> Reconciliation? {
        guard settings.desk.pollInterval > .zero else { return nil }
        return Reconciliation(
            store: store, helpdesk: helpdesk, http: http,
            pace: PollPace(interval: settings.desk.pollInterval, callsPerMinute: settings.desk.pollCalls),
            wakeUp: wakeUp, trace: trace, logger: logger)
    }

    func profileUpdates(over http: any HTTPSender) -> ProfileUpdates {
        ProfileUpdates(
            store: store, channels: Self.channel, helpdesk: helpdesk, http: http, trace: trace, logger: logger)
    }

    /// Asks the services who their accounts are, so that what is one account is kept as one.
    func accountIdentities(over http: any HTTPSender) -> AccountIdentities {
        AccountIdentities(store: store, channels: Self.channel, helpdesk: helpdesk, http: http, logger: logger)
    }

    /// Makes the due deliveries, writes profiles and polls for lost webhooks, until nothing is left to do or the limit is
    /// reached.
    func relay(for limit: Duration, over http: any HTTPSender, wakeUp: WakeUp) async throws {
        let end = ContinuousClock.now + limit
        let engine = engine(over: http, pulse: Pulse(time: .system), wakeUp: wakeUp)
        try await engine.run(for: limit)
        await accountIdentities(over: http).run(for: ContinuousClock.now.duration(to: end))
        await profileUpdates(over: http).run(for: ContinuousClock.now.duration(to: end))
        guard let reconciliation = reconciliation(over: http, wakeUp: wakeUp) else { return }
        if await reconciliation.run(for: ContinuousClock.now.duration(to: end)) > 0 {
            try await engine.run(for: ContinuousClock.now.duration(to: end))
        }
    }

    var proof: EndpointProof { EndpointProof(dataDirectory: settings.dataDirectory, key: key) }

    /// - Parameters:
    ///   - meter: the counts to store.
    ///   - pressure: kept up to date.
    ///   - surroundings: further conditions to check.
    func healthKeeper(
        meter: IntakeMeter = IntakeMeter(), pressure: Pressure = Pressure(), stalls: Stalls = Stalls(),
        surroundings: [Surrounding] = []
    ) -> HealthKeeper {
        var limits = PressureLimits()
        limits.outbox = settings.outboxLimit
        limits.diskReserve = settings.diskReserve
        return HealthKeeper(
            store: store, limits: limits, meter: meter, pressure: pressure, stalls: stalls, lease: settings.leaseTime,
            surroundings: surroundings, logger: logger)
    }

    /// The installation with this id.
    func installation(_ id: String) async throws -> Installation {
        let all = try await store.installations()
        if let found = all.first(where: { $0.id.rawValue == id }) { return found }
        let known = all.map(\.id.rawValue).joined(separator: ", ")
        throw CommandFailure(
            "There is no installation “\(id)”.",
            remedy: known.isEmpty
                ? "Nothing is installed yet. Connect a channel: byoc install viber" : "Installations: \(known)")
    }
}
