import ArgumentParser
import FoundationEssentials
import Logging
import ServiceLifecycle
import Simulators
import UnixSignals

/// Runs the doubles of Viber and Freshchat until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Local doubles of Viber and Freshchat, with an HTTP interface to act as customer and agent.",
        discussion: """
            Listens on 127.0.0.1 only. When all is ready, one line shows the control URL, and the file given with \
            --about-file appears with everything a peer has to know: ports, tokens, topics, the webhook's public key.
            """)

    @Option(help: "Port of the Viber API; 0 is a free one.")
    var viberPort = 0

    @Option(help: "Port of the Freshchat API; 0 is a free one.")
    var freshchatPort = 0

    @Option(help: "Port of the control interface; 0 is a free one.")
    var controlPort = 0

    @Option(help: "The bot's authentication token.")
    var botToken = "4f2a1c7d9e8b6a50-11aa22bb33cc44dd-99ee88ff77006655"

    @Option(help: "The Freshchat API token.")
    var apiToken = "sandbox-api-token"

    @Option(help: "The id of the Freshchat topic.")
    var topicID = "2f1b8c6e-55d0-4f4e-8a3f-7d9f0c1a2b3c"

    @Option(help: "The name of the Freshchat topic.")
    var topicName = "Viber"

    @Option(help: "Seed of ids and mishaps.")
    var seed: UInt64 = 1

    @Option(help: "Entries that the log keeps in memory.")
    var logEntries = 1_000_000

    @Option(help: "Write a JSON file with ports, tokens and keys here once everything listens.")
    var aboutFile: String?

    @OptionGroup(title: "Playground")
    var playground: PlaygroundOptions

    @Option(
        help: "trace, debug, info, notice, warning, error or critical.",
        transform: { name in
            guard let level = Logger.Level(rawValue: name) else { throw ValidationError("\(name) isn't a log level.") }
            return level
        })
    var logLevel = Logger.Level.notice

    func validate() throws {
        for port in [viberPort, freshchatPort, controlPort] where !(0...65535).contains(port) {
            throw ValidationError("\(port) is not a port.")
        }
    }

    func run() async throws {
        let level = logLevel
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
        let logger = Logger(label: "byoc-sandbox")
        var configuration = SandboxConfiguration(
            bot: ViberBot(token: botToken),
            account: FreshchatAccount(token: apiToken, topicID: topicID, topicName: topicName))
        configuration.viberPort = viberPort
        configuration.freshchatPort = freshchatPort
        configuration.controlPort = controlPort
        configuration.seed = seed
        configuration.logCapacity = logEntries
        playground.prepare(&configuration)
        let server = try SandboxServer(configuration, logger: logger)
        playground.addPeople(to: server)
        var services: [any Service] = [SandboxService(server: server, aboutFile: aboutFile, logger: logger)]
        if let steps = playground.steps {
            services.append(BridgeSteps(path: steps, log: server.log, logger: logger))
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        if let aboutFile { try? FileManager.default.removeItem(atPath: aboutFile) }
    }
}

/// The sandbox as a service that a signal can end.
private struct SandboxService: Service {
    let server: SandboxServer
    let aboutFile: String?
    let logger: Logger

    func run() async throws {
        try await server.run { about in
            do {
                if let aboutFile {
                    let encoder = JSONEncoder()
                    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                    // Written beside its place and renamed, so that who waits for the file never reads half of it.
                    try encoder.encode(about).write(to: URL(filePath: aboutFile), options: .atomic)
                }
                logger.notice("Sandbox is ready", metadata: ["control.url": "\(about.control.url)"])
            } catch {
                logger.error("The about file can't be written", metadata: ["error": "\(error)"])
            }
        }
    }
}
