import FastCGI
import Foundation
import Logging
import Relay
import RelayCore

/// Plain CGI: one request, its answer, then relaying for a bounded time.
struct CGIRequest {
    let app: App

    func run() async throws {
        let wakeUp = WakeUp()
        let meter = IntakeMeter()
        let pressure = Pressure()
        let health = app.healthKeeper(meter: meter, pressure: pressure)
        await health.check()
        try await App.withHTTP { http in
            let front = Front(
                intake: Intake(
                    store: app.store, channels: App.channel, helpdesk: app.helpdesk, pulse: nil, wakeUp: wakeUp,
                    meter: meter, pressure: pressure, trace: app.trace, logger: app.logger),
                console: ConsoleFront(console: app.console(over: http), places: 1), proof: app.proof,
                baseURL: app.settings.baseURL)
            PlainCGI.respond(
                configuration: ResponderConfiguration(threads: 1, bodyLimit: app.settings.bodyLimit),
                logger: app.logger, handler: front.respond(to:))
            if app.settings.cgiRelayTime > .zero {
                try await app.relay(for: app.settings.cgiRelayTime, over: http, wakeUp: wakeUp)
            }
        }
        await health.round()
        app.close()
    }
}
