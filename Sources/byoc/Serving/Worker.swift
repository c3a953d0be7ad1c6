import FastCGI
import Foundation
import Glibc
import Logging
import Relay
import RelayCore
import ServiceLifecycle
import UnixSignals

/// One worker process: front half and relay, until it is stopped.
struct Worker {
    let app: App
    let socket: ListeningSocket
    /// Announces that the worker accepts requests; `nil` if nobody waits for it.
    let readiness: ReadinessPipe?
    /// The process that supervises this one; `nil` if there is none.
    let supervisor: pid_t?

    func run() async throws {
        let settings = app.settings
        let logger = app.logger
        try await App.withHTTP { http in
            let time = RelayTime.system
            let pulse = Pulse(time: time)
            let wakeUp = WakeUp()
            let meter = IntakeMeter()
            let pressure = Pressure()
            let stalls = Stalls()
            let relays = settings.relayConcurrency > 0
            let front = Front(
                intake: Intake(
                    store: app.store, channels: App.channel, helpdesk: app.helpdesk, pulse: relays ? pulse : nil,
                    wakeUp: wakeUp, meter: meter, pressure: pressure, stalls: stalls, trace: app.trace,
                    logger: logger),
                console: ConsoleFront(
                    console: app.console(over: http), places: ConsoleFront.places(threads: settings.threads)),
                proof: app.proof, baseURL: settings.baseURL)
            let responder = FastCGIResponder(
                listeningOn: socket.descriptor,
                configuration: ResponderConfiguration(threads: settings.threads, bodyLimit: settings.bodyLimit),
                logger: logger, handler: front.respond(to:))
            let place = Surrounding(.socketGone, isReportedElsewhere: supervisor != nil) { socket.obstacle }
            var services: [any Service] = [
                app.healthKeeper(meter: meter, pressure: pressure, stalls: stalls, surroundings: [place]),
                StoreWatch(app: app),
            ]
            if relays {
                services.append(app.engine(over: http, pulse: pulse, wakeUp: wakeUp))
                services.append(app.profileUpdates(over: http))
                services.append(app.accountIdentities(over: http))
                if let reconciliation = app.reconciliation(over: http, wakeUp: wakeUp) {
                    services.append(reconciliation)
                }
            }
            if settings.channelKind != nil {
                services.append(EnvironmentRegistration(app: app, http: http))
            }
            if let supervisor { services.append(ParentWatch(parent: supervisor)) }
            // Stopped from last to first: first requests, then deliveries.
            services.append(
                FrontService(
                    responder: responder, drainTime: settings.drainTime, logger: logger,
                    onReady: {
                        logger.info("worker ready", metadata: ["threads": "\(settings.threads)"])
                        app.trace.record(.started) { $0.detail = "accepting webhooks" }
                        reach(.reload, "new worker")
                        readiness?.announce()
                    }))
            var configuration = ServiceGroupConfiguration(
                services: services.map {
                    .init(
                        service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: [.sigterm, .sigint, .sighup], logger: logger)
            configuration.maximumGracefulShutdownDuration = settings.drainTime + settings.drainTime + .seconds(5)
            try await ServiceGroup(configuration: configuration).run()
        }
        reach(.reload, "old worker")
        app.close()
        app.trace.record(.stopped)
        logger.info("worker stopped")
    }
}

/// Ends the worker when its supervisor has died, so that no orphan continues with an old configuration.
private struct ParentWatch: Service {
    let parent: pid_t

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while getppid() == parent {
                guard (try? await Task.sleep(for: .seconds(1))) != nil else { return }
            }
            // By signal, and not by returning here: a service that ends while the others are being shut down lets the
            // group cancel them, with their in-flight work.
            kill(getpid(), SIGTERM)
        }
        try await gracefulShutdown()
    }
}

/// Ends the worker when the data store's files were replaced, so that the next one opens those that are in place now.
private struct StoreWatch: Service {
    let app: App

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !app.mustReopen() {
                guard (try? await Task.sleep(for: .milliseconds(500))) != nil else { return }
            }
        }
        guard app.mustReopen() else { return }
        // As a failure, so that the supervisor or process manager starts this process again.
        throw CommandFailure("The data store's files were replaced, so this worker restarts to open the new ones.")
    }
}

/// The descriptor on which a worker reports to its supervisor that it accepts requests.
struct ReadinessPipe: Sendable {
    let descriptor: Int32

    func announce() {
        var byte: UInt8 = 1
        _ = write(descriptor, &byte, 1)
        close(descriptor)
    }
}
