import Foundation
import Glibc

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
    var supervisorProcess: pid_t? { supervisor.flatMap { $0.isRunning ? $0.id : nil } }
    var logFile: String { "\(folder)/byoc.log" }

    mutating func start() throws {
        supervisor = try launch(
            ["serve", "--socket", "\(folder)/byoc.sock", "--workers", "\(workers)"], output: logFile)
    }

    /// The supervisor's live children.
    func workerProcesses() -> [pid_t] { supervisorProcess.map(Self.children) ?? [] }

    /// Runs a command to its end.
    ///
    /// - Returns: what it printed.
    func run(_ arguments: [String]) async throws -> Data {
        let output = "\(folder)/command.out"
        try? FileManager.default.removeItem(atPath: output)
        let process = try launch(arguments, output: output, errors: "\(folder)/commands.log")
        let deadline = ContinuousClock.now + .seconds(60)
        while process.isRunning {
            guard ContinuousClock.now < deadline else {
                process.signal(SIGKILL)
                throw TortureFailure("byoc \(arguments[0]) took longer than a minute")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        guard process.hasSucceeded else {
            throw TortureFailure("byoc \(arguments[0]) failed; see commands.log")
        }
        return FileManager.default.contents(atPath: output) ?? Data()
    }

    /// Ends everything that is left.
    func stop() async {
        if let supervisor, supervisor.isRunning {
            supervisor.signal(SIGTERM)
            let deadline = ContinuousClock.now + .seconds(30)
            while supervisor.isRunning, ContinuousClock.now < deadline {
                try? await Task.sleep(for: .milliseconds(20))
            }
            supervisor.signal(SIGKILL)
        }
        // Workers whose supervisor was killed may be left; they have the run's folder as theirs.
        for process in Self.processes() where Self.link("cwd", of: process) == Self.resolved(folder) {
            guard Self.link("exe", of: process) == Self.resolved(program) else { continue }
            kill(process, SIGKILL)
        }
    }

    private func launch(_ arguments: [String], output: String, errors: String? = nil) throws -> ChildProcess {
        try ChildProcess(
            program, arguments, environment: environment, directory: folder, output: output, errors: errors ?? output)
    }

    private static func processes() -> [pid_t] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }.sorted()
    }

    /// Whether a process that was sent SIGSTOP still has a thread that runs.
    func isStopping(_ process: pid_t) -> Bool {
        let threads = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")
        return (threads ?? []).contains { thread in
            let state = Self.status(of: "\(process)/task/\(thread)").first
            return state != nil && !["T", "Z", "X"].contains(state)
        }
    }

    private static func children(of parent: pid_t) -> [pid_t] {
        processes().filter { process in
            let fields = status(of: "\(process)")
            return fields.count > 1 && fields[1] == "\(parent)" && fields[0] != "Z"
        }
    }

    /// What the kernel tells of a process or thread: its state, its parent, and so on; nothing when it is gone.
    private static func status(of process: String) -> [Substring] {
        // "1 (a name) S 0 …": the name may have any characters in it.
        let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
    }

    private static func link(_ name: String, of process: pid_t) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/\(name)")
    }

    private static func resolved(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }
}
