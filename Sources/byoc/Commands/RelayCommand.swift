import ArgumentParser
import Logging
import Relay
import ServiceLifecycle
import UnixSignals

/// `byoc relay`: the back half alone.
struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay",
        abstract: "Relay what waits, without taking webhooks.",
        discussion: """
            The workers of `byoc serve` relay by themselves. Where the web server runs byoc as plain CGI, a cron job \
            with `byoc relay --for 50` takes care of what waits while nobody writes.
            """)

    @OptionGroup var options: SettingsOptions

    @Option(name: .customLong("for"), help: "Stop after this many seconds, or before when nothing is due any more.")
    var seconds: Int?

    func run() async throws {
        let settings = try options.loader().load()
        try settings.bootstrapLogging()
        let logger = Logger(label: "byoc")
        let app = try App.open(settings, logger: logger)
        try await App.withHTTP { http in
            let wakeUp = WakeUp()
            let health = app.healthKeeper()
            if let seconds {
                try await app.relay(for: .seconds(seconds), over: http, wakeUp: wakeUp)
                await health.look()
                return await health.round()
            }
            var services: [any Service] = [
                health, app.engine(over: http, pulse: Pulse(time: .system), wakeUp: wakeUp),
                app.profileUpdates(over: http),
            ]
            if let reconciliation = app.reconciliation(over: http, wakeUp: wakeUp) { services.append(reconciliation) }
            let group = ServiceGroup(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            try await group.run()
        }
        app.close()
    }
}
