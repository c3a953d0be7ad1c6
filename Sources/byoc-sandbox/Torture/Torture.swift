import ArgumentParser
import Foundation
import Logging
import Simulators

/// Tortures byoc behind a running nginx, and judges by the far sides' logs.
struct Torture: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kill byoc's workers under load, let both services misbehave, and count what came of it.",
        discussion: """
            To be run by deploy/torture, which builds, and starts nginx. The last line is “kills=N messages=N lost=N …”; \
            exit code 0 only if nothing was lost, doubled in Freshchat, out of order, or where it doesn't belong.
            """)

    @Option(help: "The program byoc, from a debug build.") var byoc: String
    @Option(help: "The run's folder.") var folder: String
    @Option(help: "Where nginx passes requests on to byoc's socket in that folder.") var baseURL: String
    @Option(help: "The same seed gives the same messages, faults and kills.") var seed: UInt64 = 1
    @Option(help: "Processes to kill.") var kills = 50
    @Option(help: "Worker processes.") var workers = 4
    @Option(help: "Messages, in both directions together.") var messages = 2000
    @Option(help: "Write nothing more after so many minutes.") var minutes = 60
    @Option(help: "Messages under way at once.") var window = 150
    @Option(help: "Silences of each service.") var silences = 2
    @Option(help: "How long a silence lasts, in seconds.") var silenceSeconds = 30
    @Option(help: "Answers that each service begins and never ends.") var holds = 3
    @Option(help: "Workers to be stopped, with something in flight, for longer than a lease.") var hangs = 2
    @Option(help: "How many of Freshchat's webhooks are never sent, 0 to 1; byoc's poll brings them.") var drop = 0.01
    @Flag(help: "Leave the services' log in the folder, as a failure does: services.jsonl.") var keepLog = false
    @Option(help: "A setting for byoc, as KEY=value. May be repeated.") var setting: [String] = []

    func run() async throws {
        var options = TorturePlan.Options()
        options.seed = seed
        options.messages = messages
        options.kills = kills
        options.silences = silences
        options.silenceSeconds = silenceSeconds
        options.holds = holds
        options.hangs = hangs
        options.loneDeaths = max(10, kills / 10)
        let plan = TorturePlan(options)
        let points = try PointFolder(path: "\(folder)/points")
        var environment = [
            "PATH": "/usr/bin:/bin", "HOME": folder, "BYOC_DATA_DIR": "\(folder)/data", "BYOC_BASE_URL": baseURL,
            "BYOC_NAMED_POINTS_DIR": points.path, "BYOC_DRAIN_SECONDS": "5",
            "BYOC_LEASE_SECONDS": "30",
        ]
        if drop > 0 {
            // What no webhook brings is to be found within the run.
            environment["BYOC_FRESHCHAT_POLL_SECONDS"] = "1"
            environment["BYOC_FRESHCHAT_POLL_CALLS"] = "6000"
        }
        for setting in setting {
            let sides = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { throw ValidationError("--setting takes KEY=value.") }
            environment[String(sides[0])] = String(sides[1])
        }
        var logger = Logger(label: "sandbox")
        logger.logLevel = .critical
        let isGood = try await withSandbox(sandboxConfiguration, logger: logger) { [self, environment] sandbox, about in
            let process = ByocUnderTorture(
                program: byoc, folder: folder, workers: workers, environment: environment)
            var run = TortureRun(
                plan: plan, sandbox: sandbox, about: about, byoc: process, points: points, window: window,
                limit: .seconds(minutes * 60), isPolled: drop > 0)
            let started = ContinuousClock.now
            do {
                try await run.begin(secrets: try secrets(about))
                try await run.run()
            } catch {
                print("The run was broken off: \(error)")
            }
            let elapsed = (ContinuousClock.now - started) / .seconds(1)
            let log = sandbox.log.entries()
            let oracle = Oracle(log, Oracle.Options(isPolled: drop > 0, topic: run.topic))
            if keepLog || !oracle.verdict.isGood { try Self.write(log, to: "\(folder)/services.jsonl") }
            if !oracle.verdict.isGood { await Stories(oracle.verdict, byoc: run.byoc).report() }
            await run.byoc.stop()
            TortureSummary(log: log, oracle.verdict, seconds: elapsed).report()
            return oracle.verdict.isGood
        }
        if !isGood { throw ExitCode.failure }
    }

    private static func write(_ log: [LogEntry], to path: String) throws {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        defer { try? file.close() }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for entry in log { try file.write(contentsOf: encoder.encode(entry) + Data("\n".utf8)) }
    }

    private var sandboxConfiguration: SandboxConfiguration {
        var configuration = SandboxConfiguration()
        configuration.seed = seed
        configuration.logCapacity = 50_000_000
        configuration.viberKnobs.timeScale = 0.05
        configuration.viberKnobs.callbacks.duplicateProbability = 0.03
        configuration.viberKnobs.callbacks.reorderProbability = 0.01
        configuration.freshchatKnobs.timeScale = 0.25
        configuration.freshchatKnobs.webhookRetries = drop > 0 ? 3 : 9
        configuration.freshchatKnobs.webhooks = configuration.viberKnobs.callbacks
        configuration.freshchatKnobs.webhooks.dropProbability = drop
        return configuration
    }

    /// The credentials for `byoc install`, in a file.
    private func secrets(_ about: SandboxAbout) throws -> String {
        let file = "\(folder)/secrets"
        let key = about.freshchat.webhookPublicKey.replacing("\n", with: "\\n")
        let lines =
            "auth_token=\(about.viber.token)\nfreshchat_token=\(about.freshchat.token)\nwebhook_key=\(key)\n"
        try Data(lines.utf8).write(to: URL(filePath: file))
        return file
    }
}
