import ArgumentParser
import FastCGI
import Foundation
import Glibc
import Logging
import RelayCore

/// `byoc serve`: the workers.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the FastCGI workers.",
        discussion: """
            Accepts webhooks behind a web server and relays them. Listens on --socket, or on the socket that it inherits \
            as descriptor 0 (spawn-fcgi, systemd). With its own socket it supervises the workers: it restarts a worker that \
            dies, replaces all workers on SIGHUP without a failed request, and finishes in-flight work on SIGTERM. Run as a \
            CGI program, it answers that one request.

            Creates the data store if there is none. Doesn't read /etc/byoc/env by itself: the systemd unit passes its \
            settings with EnvironmentFile=; elsewhere use --env-file.
            """)

    @OptionGroup var options: SettingsOptions

    @Option(help: "The socket to listen on: a path, or HOST:PORT (BYOC_SOCKET).")
    var socket: String?

    @Option(help: "File mode of the socket (BYOC_SOCKET_MODE).")
    var socketMode: String?

    @Option(help: "Number of worker processes (BYOC_WORKERS).")
    var workers: String?

    @Option(help: "Concurrent requests per worker (BYOC_THREADS).")
    var threads: String?

    /// The process that started this one as a worker.
    @Option(help: .hidden)
    var supervisor: Int32?

    func run() async throws {
        let loader = options.loader(
            [
                "BYOC_SOCKET": socket, "BYOC_SOCKET_MODE": socketMode, "BYOC_WORKERS": workers, "BYOC_THREADS": threads,
            ], systemFile: nil)
        let inherited = ListeningSocket.inherited()
        let isCGI = inherited == nil && socket == nil && PlainCGI.isCGI
        let settings =
            inherited == nil && !isCGI
            ? try loader.load(needing: .baseURL, .socket) : try loader.load(needing: .baseURL)
        try settings.bootstrapLogging()
        let logger = Logger(label: "byoc")
        if supervisor == nil {
            for caution in settings.cautions + EndpointCheck.cautions(about: settings.socket) {
                logger.warning(
                    "\(caution.problem)", metadata: ["reason": "\(caution.reason)", "remedy": "\(caution.remedy)"])
            }
        }
        let app = try await open(settings, waits: supervisor == nil && !isCGI, logger)
        if isCGI { return try await CGIRequest(app: app).run() }

        // A process manager that passes the socket and asks for one worker restarts it by itself.
        if let inherited, supervisor != nil || (settings.workers ?? 1) == 1 {
            let worker = Worker(
                app: app, socket: inherited,
                readiness: supervisor.map { _ in ReadinessPipe(descriptor: WorkerProcess.readinessDescriptor) },
                supervisor: supervisor)
            return try await worker.run()
        }
        // The supervisor has checked that the store opens; from here on only the workers use it.
        app.close()
        let open = { try ListeningSocket.open(at: settings.socket, mode: mode_t(settings.socketMode)) }
        let served = ServedSocket(try inherited ?? open(), open: open)
        defer { served.socket.removeFile() }
        logger.notice(
            "serving",
            metadata: [
                "socket": "\(inherited == nil ? settings.socket : "inherited")",
                "workers": "\(settings.workers ?? 2)", "base_url": "\(settings.baseURL)",
                "data_dir": "\(settings.dataDirectory)",
            ])
        try await Supervisor(
            count: settings.workers ?? 2, socket: served, arguments: workerArguments,
            patience: settings.drainTime + settings.drainTime + .seconds(10), logger: logger
        ).run()
        logger.notice("stopped")
    }

    /// Opens the data store, and brings the environment's installation up to date.
    ///
    /// - Parameter waits: whether to wait for as long as another program has locked the store. A worker doesn't need to: its
    ///   supervisor starts it again. A CGI program must not: its client waits for a response.
    private func open(_ settings: Settings, waits: Bool, _ logger: Logger) async throws -> App {
        while true {
            do {
                // Since the supervisor opened the store, a worker that finds none has lost it.
                let app = try App.open(settings, mustExist: supervisor != nil, logger: logger)
                do {
                    try await EnvironmentInstallation.store(app)
                    return app
                } catch {
                    app.close()
                    throw error
                }
            } catch let failure as StoreFailure where failure.isLocked && waits {
                logger.warning("data store locked; retrying", metadata: ["error": "\(failure)"])
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// The workers read the settings again, so that a reload applies changes.
    private var workerArguments: [String] {
        // By its number: a worker that starts while its supervisor dies would mistake the next parent for it.
        var arguments = ["serve", "--supervisor", String(getpid())]
        for (name, value) in [
            ("--env-file", options.file), ("--data-dir", options.dataDirectory), ("--threads", threads),
        ] {
            if let value { arguments += [name, value] }
        }
        return arguments
    }
}
