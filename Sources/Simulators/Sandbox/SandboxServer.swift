package import CryptoExtras
package import Logging
import Synchronization

/// What a sandbox starts with.
package struct SandboxConfiguration: Sendable {
    /// 0 is a free port, for each of the three.
    package var viberPort = 0
    package var freshchatPort = 0
    package var controlPort = 0
    /// At least one.
    package var bots: [ViberBot]
    package var account: FreshchatAccount
    package var viberKnobs = ViberKnobs()
    package var freshchatKnobs = FreshchatKnobs()
    /// The key of Freshchat's webhooks, 2048 bits; made when it is `nil`, which takes some tenths of a second.
    package var webhookKey: _RSA.Signing.PrivateKey?
    /// The same seed gives the same ids and the same mishaps.
    package var seed: UInt64 = 1
    /// The most entries of the log.
    package var logCapacity = 1_000_000
    /// The page on the control port; nil for none.
    package var playground: PlaygroundConfiguration?

    package init(
        bot: ViberBot = ViberBot(token: "4f2a1c7d9e8b6a50-11aa22bb33cc44dd-99ee88ff77006655"),
        account: FreshchatAccount = FreshchatAccount(token: "sandbox-api-token")
    ) {
        bots = [bot]
        self.account = account
    }
}

/// Both far sides and the control interface, on three ports of 127.0.0.1.
package final class SandboxServer: Sendable {
    package let log: EventLog
    package let viber: ViberSimulator
    package let freshchat: FreshchatSimulator
    /// Nil in a sandbox that nobody looks at.
    package let playground: Playground?

    private let dispatcher: WebhookDispatcher
    private let configuration: SandboxConfiguration
    private let logger: Logger
    private let ports = Mutex(Ports())

    private struct Ports {
        var viber: Int?
        var freshchat: Int?
        var control: Int?
    }

    package init(_ configuration: SandboxConfiguration = SandboxConfiguration(), logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        log = EventLog(capacity: configuration.logCapacity)
        dispatcher = WebhookDispatcher(log: log)
        playground = configuration.playground.map { [log] in Playground($0, log: log) }
        viber = ViberSimulator(
            bots: configuration.bots, knobs: configuration.viberKnobs, seed: configuration.seed, log: log,
            dispatcher: dispatcher)
        freshchat = try FreshchatSimulator(
            account: configuration.account, knobs: configuration.freshchatKnobs, key: configuration.webhookKey,
            seed: configuration.seed, log: log, dispatcher: dispatcher)
    }

    /// Webhooks and receipts that are still to be sent, or sent again.
    package var pending: Int { dispatcher.pending }

    /// Waits until nothing is to be sent any more; false when that did not come within the time-out.
    package func settle(timeout: Duration = .seconds(10)) async -> Bool {
        await log.wait(timeout: timeout) { self.pending == 0 }
    }

    /// Serves until it is cancelled or the surrounding service group shuts down; throws when a port is taken. To be run
    /// once.
    ///
    /// - Parameter onReady: called once all three ports accept connections.
    package func run(onReady: @escaping @Sendable (SandboxAbout) -> Void = { _ in }) async throws {
        let viber = LoopbackServer(port: configuration.viberPort, logger: logger) { await self.viber.respond(to: $0) }
        let freshchat = LoopbackServer(port: configuration.freshchatPort, logger: logger) {
            await self.freshchat.respond(to: $0)
        }
        let control = LoopbackServer(port: configuration.controlPort, bodyLimit: 4 << 20, logger: logger) {
            await self.respondToControl($0)
        }
        let listening: @Sendable (@Sendable (inout Ports) -> Void) -> Void = { note in
            let isReady = self.ports.withLock { ports in
                note(&ports)
                return ports.viber != nil && ports.freshchat != nil && ports.control != nil
            }
            if isReady, let about = self.about { onReady(about) }
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.dispatcher.run() }
            group.addTask {
                try await viber.run { port in
                    self.viber.serve(at: "http://127.0.0.1:\(port)")
                    listening { $0.viber = port }
                }
            }
            group.addTask {
                try await freshchat.run { port in
                    self.freshchat.serve(at: "http://127.0.0.1:\(port)")
                    listening { $0.freshchat = port }
                }
            }
            group.addTask { try await control.run { port in listening { $0.control = port } } }
            // The first server that ends, by a shutdown or an error, ends them all.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// What a peer has to know; nil until all ports are open.
    package var about: SandboxAbout? {
        let ports = ports.withLock { $0 }
        guard let viberPort = ports.viber, let freshchatPort = ports.freshchat, let controlPort = ports.control,
            let bot = viber.bots.first
        else { return nil }
        return SandboxAbout(
            viber: SandboxAbout.Viber(
                url: "http://127.0.0.1:\(viberPort)/pa", port: viberPort, token: bot.token, botID: bot.id,
                botName: bot.name),
            freshchat: SandboxAbout.Freshchat(
                url: "http://127.0.0.1:\(freshchatPort)/v2", port: freshchatPort, token: freshchat.token,
                topics: freshchat.account.topics.map { SandboxAbout.Named(id: $0.id, name: $0.name) },
                agents: freshchat.account.agents.map { SandboxAbout.Named(id: $0.id, name: $0.firstName) },
                webhookPublicKey: freshchat.webhookPublicKey),
            control: SandboxAbout.Control(url: "http://127.0.0.1:\(controlPort)", port: controlPort))
    }
}

/// What a peer has to know to use the sandbox; the body of `GET /about`.
package struct SandboxAbout: Codable, Sendable, Equatable {
    package struct Viber: Codable, Sendable, Equatable {
        /// The base URL of the API, up to and including `/pa`.
        package var url: String
        package var port: Int
        package var token: String
        package var botID: String
        package var botName: String
    }

    package struct Freshchat: Codable, Sendable, Equatable {
        /// The base URL of the API, up to and including `/v2`.
        package var url: String
        package var port: Int
        package var token: String
        /// The first is the one to use; the others are foreign.
        package var topics: [Named]
        package var agents: [Named]
        /// PEM, with the wrong label, as the settings page shows it (freshchat.md §2.2).
        package var webhookPublicKey: String
    }

    package struct Control: Codable, Sendable, Equatable {
        package var url: String
        package var port: Int
    }

    package struct Named: Codable, Sendable, Equatable {
        package var id: String
        package var name: String
    }

    package var viber: Viber
    package var freshchat: Freshchat
    package var control: Control
}

/// Runs a sandbox while the body runs.
///
/// - Throws: what the body throws, or why the sandbox could not start.
package func withSandbox<Result: Sendable>(
    _ configuration: SandboxConfiguration = SandboxConfiguration(), logger: Logger = Logger(label: "sandbox"),
    _ body: @escaping @Sendable (SandboxServer, SandboxAbout) async throws -> Result
) async throws -> Result {
    let sandbox = try SandboxServer(configuration, logger: logger)
    let (ready, isReady) = AsyncStream<SandboxAbout>.makeStream()
    return try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask {
            defer { isReady.finish() }
            try await sandbox.run { isReady.yield($0) }
            return nil
        }
        group.addTask {
            for await about in ready { return try await body(sandbox, about) }
            return nil
        }
        defer { group.cancelAll() }
        while let result = try await group.next() {
            if let result { return result }
        }
        throw CancellationError()
    }
}
