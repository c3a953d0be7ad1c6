import ArgumentParser
import Logging
import Relay
import RelayCore
import ServiceLifecycle
import UnixSignals

/// `byoc relay`: the back half alone.
struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay",
        abstract: "Deliver queued messages without accepting webhooks.",
        discussion: """
            The workers of `byoc serve` relay by themselves. Where the web server runs byoc as plain CGI, run \
            `byoc relay --for 50` from cron every minute: it delivers what is queued while no requests come in.

            With --json it prints, when it ends, how many deliveries were made meanwhile by all processes, and what is \
            left.
            """)

    @OptionGroup var options: SettingsOptions

    @Option(
        name: .customLong("for"), parsing: .unconditional,
        help: "Stop after this many seconds, or earlier when nothing is due. By default it runs until stopped.")
    var seconds: Int?

    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        if let seconds, seconds < 0 { throw ValidationError("--for takes 0 or more seconds, not \(seconds).") }
    }

    /// What a script reads.
    private struct Report: Encodable {
        var delivered: Int64
        var waiting: Int
        var inDoubt: Int
        var held: Int
        var dead: Int
    }

    func run() async throws {
        let settings = try options.loader().load()
        try App.checkStore(of: settings)
        try settings.bootstrapLogging()
        let logger = Logger(label: "byoc")
        let app = try App.open(settings, logger: logger)
        defer { app.close() }
        let before = json ? try await delivered(app) : 0
        try await relay(app, logger)
        guard json else { return }
        let counts = try await app.store.counts(of: nil)
        try Terminal.printJSON(
            Report(
                delivered: try await delivered(app) - before, waiting: counts.waiting, inDoubt: counts.inDoubt,
                held: counts.held, dead: counts.dead))
    }

    private func relay(_ app: App, _ logger: Logger) async throws {
        try await App.withHTTP { http in
            let wakeUp = WakeUp()
            let health = app.healthKeeper()
            if let seconds {
                try await app.relay(for: .seconds(seconds), over: http, wakeUp: wakeUp)
                await health.check()
                return await health.round()
            }
            var services: [any Service] = [
                health, app.engine(over: http, pulse: Pulse(time: .system), wakeUp: wakeUp),
                app.profileUpdates(over: http), app.accountIdentities(over: http),
            ]
            if let reconciliation = app.reconciliation(over: http, wakeUp: wakeUp) { services.append(reconciliation) }
            let group = ServiceGroup(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            try await group.run()
        }
    }

    private func delivered(_ app: App) async throws -> Int64 {
        try await app.store.currentMetrics().counters.values.reduce(0) { $0 + ($1[.delivered] ?? 0) }
    }
}
