import ArgumentParser
import FastCGI
import Foundation
import Glibc
import Logging

/// `byoc serve`: the workers.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take webhooks behind a web server, and relay.",
        discussion: """
            Listens on --socket, or on the socket that it inherits as descriptor 0 (spawn-fcgi, systemd). With its own \
            socket it runs and supervises the workers: one that dies is started again, SIGHUP replaces all without a \
            failed request, SIGTERM finishes what is in hand. Called as a CGI program it answers the one request.
            """)

    @OptionGroup var options: SettingsOptions

    @Option(help: "Where to listen: a socket's path, or HOST:PORT (BYOC_SOCKET).")
    var socket: String?

    @Option(help: "Mode of the socket's path (BYOC_SOCKET_MODE).")
    var socketMode: String?

    @Option(help: "Worker processes (BYOC_WORKERS).")
    var workers: String?

    @Option(help: "Requests that one worker takes at the same moment (BYOC_THREADS).")
    var threads: String?

    /// The process that started this one as a worker.
    @Option(help: .hidden)
    var supervisor: Int32?

    func run() async throws {
        let loader = options.loader([
            "BYOC_SOCKET": socket, "BYOC_SOCKET_MODE": socketMode, "BYOC_WORKERS": workers, "BYOC_THREADS": threads,
        ])
        let inherited = ListeningSocket.inherited()
        let isCGI = inherited == nil && socket == nil && PlainCGI.isCGI
        let settings =
            inherited == nil && !isCGI
            ? try loader.load(needing: .baseURL, .socket) : try loader.load(needing: .baseURL)
        try settings.bootstrapLogging()
        let logger = Logger(label: "byoc")
        // A supervisor has seen the store before it started this one: what isn't there now was lost.
        if supervisor == nil {
            for caution in settings.cautions + EndpointCheck.cautions(about: settings.socket) {
                logger.warning(
                    "\(caution.problem)", metadata: ["reason": "\(caution.reason)", "remedy": "\(caution.remedy)"])
            }
        }
        let app = try App.open(settings, mustExist: supervisor != nil, logger: logger)
        try await EnvironmentInstallation.store(app)
        if isCGI { return try await CGIRequest(app: app).run() }

        // Who gives the socket and asks for one worker keeps it running himself.
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

    /// The workers read the configuration anew, so that a reload brings what has changed in it.
    private var workerArguments: [String] {
        // By its number: a worker that starts while its supervisor dies would take the next parent for it.
        var arguments = ["serve", "--supervisor", String(getpid())]
        for (name, value) in [
            ("--env-file", options.file), ("--data-dir", options.dataDirectory), ("--threads", threads),
        ] {
            if let value { arguments += [name, value] }
        }
        return arguments
    }
}
