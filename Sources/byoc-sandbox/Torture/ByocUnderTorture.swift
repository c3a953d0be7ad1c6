import Foundation
import Glibc
import Simulators

/// The program that is tortured: its supervisor, its workers, and its commands. Each is a process, known by its id.
struct ByocUnderTorture {
    let program: String
    /// The folder of the run; the data folder, the logs and the socket are in it.
    let folder: String
    let workers: Int
    let environment: [String: String]
    private var supervisor: ChildProcess?

    init(program: String, folder: String, workers: Int, environment: [String: String]) {
        self.program = program
        self.folder = folder
        self.workers = workers
        self.environment = environment
    }

    var isRunning: Bool { supervisor?.isRunning == true }
    var supervisorProcess: pid_t? { supervisor.flatMap { $0.isRunning ? $0.pid : nil } }
    var logFile: String { "\(folder)/byoc.log" }

    mutating func start() throws {
        supervisor = try launch(
            ["serve", "--socket", "\(folder)/byoc.sock", "--workers", "\(workers)"], output: logFile)
    }

    /// The supervisor's live children.
    func workerProcesses() -> [pid_t] {
        supervisorProcess.map { Processes.children(of: $0).filter(Processes.isAlive) } ?? []
    }

    /// Runs a command to its end.
    ///
    /// - Returns: what it printed.
    func run(_ arguments: [String]) async throws -> Data {
        let output = "\(folder)/command.out"
        try? FileManager.default.removeItem(atPath: output)
        let process = try launch(arguments, output: output, errors: "\(folder)/commands.log")
        guard let ending = await process.wait(timeout: .seconds(60)) else {
            process.signal(SIGKILL)
            throw TortureFailure("byoc \(arguments[0]) took longer than a minute")
        }
        guard ending == 0 else {
            throw TortureFailure("byoc \(arguments[0]) failed; see commands.log")
        }
        return FileManager.default.contents(atPath: output) ?? Data()
    }

    /// Ends everything that is left.
    func stop() async {
        if let supervisor, supervisor.isRunning {
            supervisor.signal(SIGTERM)
            _ = await supervisor.wait(timeout: .seconds(30))
            supervisor.signal(SIGKILL)
        }
        // Workers whose supervisor was killed may be left; they have the run's folder as theirs.
        for process in Processes.all where Self.link("cwd", of: process) == Self.resolved(folder) {
            guard Self.link("exe", of: process) == Self.resolved(program) else { continue }
            kill(process, SIGKILL)
        }
    }

    private func launch(_ arguments: [String], output: String, errors: String? = nil) throws -> ChildProcess {
        try ChildProcess(
            program, arguments, environment: environment, directory: folder, output: output, errors: errors ?? output)
    }

    private static func link(_ name: String, of process: pid_t) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/\(name)")
    }

    private static func resolved(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }
}
