// The whole of byoc as it is run: supervisor, workers, nginx and data store in a temporary folder, the far sides in this
// process. Begin with `withByocStack { stack in … }`; everything is stopped at the end, whatever happens.

import Foundation
import Glibc
import Logging
import NIOHTTP1
import Simulators
import Synchronization
import Testing

/// One run of byoc behind nginx, with both simulators.
final class ByocStack: Sendable {
    struct Options: Sendable {
        var workers = 2
        /// Of each worker.
        var threads = 8
        /// nginx's `fastcgi_keep_conn`.
        var keepsConnections = true
        /// nginx's limit of requests per address, as in the example.
        var limitsRate = false
        var drainSeconds = 5
        /// Whether `byoc serve` runs from the start.
        var serves = true
        /// More configuration for every process of byoc.
        var environment: @Sendable (SandboxAbout) -> [String: String] = { _ in [:] }
    }

    private struct State {
        var serve: ChildProcess?
        var nginx: ChildProcess?
        var extra: [ChildProcess] = []
        var commands = 0
        var hasFailed = false
    }

    /// The stack of the running test.
    @TaskLocal static var current: ByocStack?

    let sandbox: SandboxServer
    let about: SandboxAbout
    let options: Options
    /// The temporary folder. The data folder is `data` in it, the logs are `byoc.log` and `nginx.*.log`.
    let folder: String
    let port: Int
    private let state = Mutex(State())

    /// Where the outside reaches byoc, through nginx.
    var baseURL: String { "http://127.0.0.1:\(port)" }
    var log: EventLog { sandbox.log }
    var socket: String { "\(folder)/byoc.sock" }
    var dataFolder: String { "\(folder)/data" }
    var byocLogPath: String { "\(folder)/byoc.log" }

    /// The program, as it was built together with these tests.
    static var program: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var folder = URL(fileURLWithPath: tests).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("byoc").path
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                return candidate
            }
            let built = folder.appendingPathComponent(".build/debug/byoc").path
            if FileManager.default.isExecutableFile(atPath: built) { return built }
            folder.deleteLastPathComponent()
        }
        return ".build/debug/byoc"
    }

    fileprivate init(_ sandbox: SandboxServer, _ about: SandboxAbout, _ options: Options) throws {
        self.sandbox = sandbox
        self.about = about
        self.options = options
        port = try NginxConfiguration.freePort()
        var template = Array("/tmp/byoc-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StackFailure("no temporary folder") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// What every process of byoc is given; nothing else is inherited.
    var environment: [String: String] {
        [
            "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC",
            "BYOC_DATA_DIR": dataFolder, "BYOC_BASE_URL": baseURL, "BYOC_LOG_LEVEL": "debug",
            "BYOC_DRAIN_SECONDS": "\(options.drainSeconds)",
        ].merging(options.environment(about)) { $1 }
    }

    // MARK: - Life

    fileprivate func start() async throws {
        try await startNginx()
        if options.serves { try await startServing() }
    }

    private func startNginx() async throws {
        let configuration = NginxConfiguration(
            folder: folder, port: port, socket: socket, keepsConnections: options.keepsConnections,
            limitsRate: options.limitsRate)
        try configuration.text().write(toFile: "\(folder)/nginx.conf", atomically: false, encoding: .utf8)
        let nginx = try ChildProcess(
            NginxConfiguration.program,
            ["-p", folder, "-c", "\(folder)/nginx.conf", "-e", "\(folder)/nginx.error.log", "-g", "daemon off;"],
            environment: ["PATH": "/usr/sbin:/usr/bin:/bin"], directory: folder, output: "\(folder)/nginx.out",
            errors: "\(folder)/nginx.out")
        state.withLock { $0.nginx = nginx }
        try await poll("nginx to listen") {
            guard nginx.ending == nil else { throw StackFailure("nginx has ended") }
            return (try? await self.request(.GET, "/")) != nil
        }
    }

    /// Starts `byoc serve` and waits until it is ready, as nginx sees it.
    ///
    /// - Parameter arguments: instead of the options' socket, workers and threads.
    func startServing(_ arguments: [String]? = nil, environment: [String: String] = [:]) async throws {
        let arguments =
            arguments
            ?? ["--socket", socket, "--workers", "\(options.workers)", "--threads", "\(options.threads)"]
        let serve = try start(["serve"] + arguments, environment: environment)
        state.withLock { $0.serve = serve }
        try await poll("byoc to be ready") {
            if let code = serve.ending { throw StackFailure("byoc serve has ended with \(code)") }
            return (try? await self.request(.GET, "/readyz"))?.status == 200
        }
        // The one that answered is ready; a test that counts workers wants all of them.
        try await poll("all workers to run") { self.workers.count == self.options.workers || serve.ending != nil }
    }

    /// Starts a process of byoc that goes on beside the others.
    ///
    /// - Parameter output: a file; nil: `byoc.log`.
    @discardableResult
    func start(
        _ arguments: [String], environment: [String: String] = [:], output: String? = nil
    ) throws -> ChildProcess {
        let process = try ChildProcess(
            Self.program, arguments, environment: self.environment.merging(environment) { $1 }, directory: folder,
            output: output ?? byocLogPath, errors: byocLogPath)
        state.withLock { $0.extra.append(process) }
        return process
    }

    /// SIGTERM to `byoc serve`; waits until it and its workers have ended.
    ///
    /// - Returns: the exit code.
    @discardableResult
    func stopServing() async throws -> Int32 {
        guard let serve else { return 0 }
        let children = workers
        serve.signal(SIGTERM)
        guard let code = await serve.wait(timeout: .seconds(60)) else {
            throw StackFailure("byoc serve did not end after SIGTERM")
        }
        try await poll("the workers to end") { !children.contains(where: Processes.isAlive) }
        state.withLock { $0.serve = nil }
        return code
    }

    /// Stops and starts `byoc serve` again.
    func restartServing() async throws {
        try await stopServing()
        try await startServing()
    }

    /// The supervisor; nil when `byoc serve` doesn't run.
    var serve: ChildProcess? { state.withLock { $0.serve } }

    /// The worker processes, by their ids.
    var workers: [pid_t] { serve.map { Processes.children(of: $0.pid) } ?? [] }

    /// Sends a signal to the supervisor.
    func signal(_ number: Int32) { serve?.signal(number) }

    /// SIGKILL to one process of this stack, usually a worker.
    func kill(_ pid: pid_t) { _ = Glibc.kill(pid, SIGKILL) }

    fileprivate func stop() async {
        let (all, nginx) = state.withLock { ($0.extra, $0.nginx) }
        var children = all.filter { $0.ending == nil }.flatMap { Processes.children(of: $0.pid) }
        if let nginx, nginx.ending == nil { children += Processes.children(of: nginx.pid) }
        for process in all { process.signal(SIGTERM) }
        for process in all where await process.wait(timeout: .seconds(20)) == nil {
            noteFailure()
            print("byoc (\(process.pid)) did not end after SIGTERM and was killed")
            process.signal(SIGKILL)
            _ = await process.wait(timeout: .seconds(5))
        }
        nginx?.signal(SIGTERM)
        if await nginx?.wait(timeout: .seconds(10)) == nil { nginx?.signal(SIGKILL) }
        for child in children where Processes.isAlive(child) { kill(child) }
    }

    // MARK: - Failures

    func noteFailure() { state.withLock { $0.hasFailed = true } }

    /// Prints what happened when the test has failed, and removes the folder.
    fileprivate func conclude() {
        if state.withLock({ $0.hasFailed }) {
            print("──── \(folder)")
            for name in ["byoc.log", "commands.log", "nginx.error.log", "nginx.access.log", "nginx.out"] {
                let lines = text(of: name).split(separator: "\n").suffix(60)
                if !lines.isEmpty { print("──── \(name)\n" + lines.joined(separator: "\n")) }
            }
            print("──── far sides")
            for entry in log.entries().suffix(60) {
                print(
                    "\(entry.number) \(entry.side) \(entry.kind) \(entry.name) \(entry.subject) \(entry.reference) "
                        + "\(entry.status) \(entry.text.prefix(200))")
            }
        }
        if ProcessInfo.processInfo.environment["BYOC_TESTS_KEEP"] == nil {
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    /// A file of the folder; empty when there is none.
    func text(of file: String) -> String {
        FileManager.default.contents(atPath: "\(folder)/\(file)").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// A new number for each command that is run.
    func nextCommand() -> Int {
        state.withLock { state in
            state.commands += 1
            return state.commands
        }
    }
}

/// Runs byoc behind nginx, with both simulators, while the body runs.
func withByocStack<Result: Sendable>(
    _ options: ByocStack.Options = ByocStack.Options(),
    sandbox configuration: SandboxConfiguration = .forTests,
    _ body: @escaping @Sendable (ByocStack) async throws -> Result
) async throws -> Result {
    // Its servers are cancelled at the end, which they log as an error.
    var logger = Logger(label: "sandbox")
    logger.logLevel = .critical
    return try await withSandbox(configuration, logger: logger) { sandbox, about in
        let stack = try ByocStack(sandbox, about, options)
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(
                try await ByocStack.$current.withValue(stack) {
                    try await stack.start()
                    return try await body(stack)
                })
        } catch {
            stack.noteFailure()
            outcome = .failure(error)
        }
        // A task of its own: it must do its work also when the test's time was up and this task is cancelled.
        await Task {
            await stack.stop()
            stack.conclude()
        }.value
        return try outcome.get()
    }
}

extension SandboxConfiguration {
    /// As the far sides are, but with waits of milliseconds between repeats.
    static var forTests: SandboxConfiguration {
        var configuration = SandboxConfiguration()
        configuration.viberKnobs.timeScale = 0.05
        configuration.freshchatKnobs.timeScale = 0.05
        return configuration
    }

    static func forTests(_ change: (inout SandboxConfiguration) -> Void) -> SandboxConfiguration {
        var configuration = forTests
        change(&configuration)
        return configuration
    }
}
