import Foundation
import Glibc
import Simulators

// Killing, stopping, refusing, and what an operator does about it.
extension TortureRun {
    /// Starts byoc on an empty data folder and connects it. The first starts die while they make the tables.
    mutating func begin(secrets: String) async throws {
        for _ in 0..<20 where !byoc.isRunning {
            try points.arm("migration", passes: 0)
            try byoc.start()
            try await waitForStart()
            takeHits()
        }
        _ = points.disarm()
        let printed = try await byoc.run([
            "install", "viber", "--json", "--secrets", secrets, "--set", "api_base_url=\(about.viber.url)",
            "--freshchat-url", about.freshchat.url, "--topic", topic,
        ])
        let json = try JSON(parsing: Array(printed))
        guard let id = json["id"]?.string, let url = json["freshchatWebhookURL"]?.string else {
            throw TortureFailure("byoc install printed no id or no URL")
        }
        installation = id
        sandbox.freshchat.setWebhook(url)
    }

    /// Until it takes requests or has died.
    private func waitForStart() async throws {
        let end = ContinuousClock.now + .seconds(30)
        while byoc.isRunning {
            if await isReady() { return }
            guard ContinuousClock.now < end else { throw TortureFailure("byoc did not get ready; see byoc.log") }
            try await Swift.Task.sleep(for: .milliseconds(20))
        }
    }

    private func isReady() async -> Bool {
        guard let base = byoc.environment["BYOC_BASE_URL"] else { return false }
        return await WebhookClient().get("\(base)/readyz", timeoutMilliseconds: 2000).status == 200
    }

    mutating func restart() throws {
        note("restart", subject: "supervisor")
        try byoc.start()
    }

    // MARK: - Deaths

    /// Notes a death, as the oracle reads it.
    private func noteKill(_ what: String, at time: Int64 = Timestamp.now.milliseconds, text: String = "") {
        log.record(.driver, .action, "kill", subject: what, reference: "\(time)", text: text)
    }

    func note(_ name: String, subject: String = "", text: String = "") {
        log.record(.driver, .action, name, subject: subject, text: text)
    }

    mutating func kill(_ victim: TorturePlan.Victim) async throws {
        let workers = mortalWorkers()
        switch victim {
        case .worker:
            guard let worker = workers.randomElement() else { return try await killLater() }
            noteKill("worker")
            _ = Glibc.kill(worker, SIGKILL)
        case .allWorkers:
            for worker in workers {
                noteKill("worker")
                _ = Glibc.kill(worker, SIGKILL)
            }
        case .supervisor, .everything:
            guard let supervisor = byoc.supervisorProcess else { return try await killLater() }
            noteKill("supervisor")
            _ = Glibc.kill(supervisor, SIGKILL)
            guard victim == .everything else { return }
            for worker in workers {
                noteKill("worker")
                _ = Glibc.kill(worker, SIGKILL)
            }
        }
    }

    private func mortalWorkers() -> [pid_t] { byoc.workerProcesses().filter { !hanging.contains($0) } }

    /// Nobody is there to be killed at the moment; somebody will be.
    private mutating func killLater() async throws {
        try await Swift.Task.sleep(for: .milliseconds(200))
        try await poll()
        if let worker = mortalWorkers().first {
            noteKill("worker")
            _ = Glibc.kill(worker, SIGKILL)
        }
    }

    /// Where an earlier order of the point still waits, some worker is killed in its place.
    mutating func arm(_ point: String, passes: Int) async throws {
        if points.isArmed(point) {
            try await kill(.worker)
        } else {
            try points.arm(point, passes: passes)
        }
    }

    mutating func takeHits() {
        for hit in points.takeHits() {
            if hit.signal == 0 {
                note("hang", subject: "\(hit.process)", text: "\(hit.point) \(hit.subject)")
                hanging.insert(hit.process)
                agenda.append((ContinuousClock.now, .stop(hit.process)))
                continue
            }
            noteKill(hit.point, at: hit.time, text: hit.subject)
        }
        points.returnOrphans()
    }

    /// Points that nobody has passed: as many workers die all the same.
    mutating func finishKills() async throws {
        for _ in 0..<points.disarm() {
            try await kill(.worker)
            try await Swift.Task.sleep(for: .milliseconds(300))
            try await poll()
        }
    }

    // MARK: - Other trouble

    /// Not while a worker hangs: the supervisor would kill it when its time to drain is over.
    mutating func reload() {
        guard let supervisor = byoc.supervisorProcess else { return }
        guard hanging.isEmpty else { return agenda.append((ContinuousClock.now + .seconds(1), .reload)) }
        note("reload")
        _ = Glibc.kill(supervisor, SIGHUP)
    }

    mutating func freeze(_ seconds: Double) {
        guard let worker = mortalWorkers().randomElement() else { return }
        note("freeze", subject: "\(worker)", text: "\(seconds) s")
        _ = Glibc.kill(worker, SIGSTOP)
        agenda.append((ContinuousClock.now + .seconds(seconds), .thaw(worker)))
    }

    /// A certain one at once, the others one after the other.
    mutating func inject(_ fault: Fault, _ side: LogEntry.Side) {
        if fault.probability < 1 {
            faults.append((side, fault))
        } else {
            set(fault, side)
        }
    }

    /// Lets those have their turn whose predecessor on the same route is used up.
    mutating func injectNext() {
        var taken: [LogEntry.Side: Set<String>] = [
            .viber: Set(sandbox.viber.faults.map(\.route)), .freshchat: Set(sandbox.freshchat.faults.map(\.route)),
        ]
        let waiting = faults
        faults = []
        for (side, fault) in waiting {
            if taken[side, default: []].insert(fault.route).inserted {
                set(fault, side)
            } else {
                faults.append((side, fault))
            }
        }
    }

    private func set(_ fault: Fault, _ side: LogEntry.Side) {
        if side == .viber { sandbox.viber.inject(fault) } else { sandbox.freshchat.inject(fault) }
    }

    /// Freshchat's token is replaced by another; Viber says a few times that it doesn't know the token.
    func refuseCredential(_ side: LogEntry.Side) {
        note("refuse", subject: side.rawValue)
        if side == .viber {
            sandbox.viber.inject(.apiStatus(2, route: "POST /send_message", count: 3))
        } else {
            sandbox.freshchat.replaceToken(with: "token-after-\(log.last)")
        }
    }

    mutating func perform(_ task: Task) async throws {
        switch task {
        case .stop(let worker): try await stop(worker)
        case .hang(let point, let direction, let passes):
            try await hang(point, direction: direction, passes: passes)
        case .thaw(let worker):
            note("thaw", subject: "\(worker)")
            hanging.remove(worker)
            _ = Glibc.kill(worker, SIGCONT)
        case .reload: reload()
        case .repair(.viber):
            note("repair", subject: "viber")
            await repair(.viber, by: ["resume", installation])
        case .repair(.freshchat):
            note("repair", subject: "freshchat")
            let file = "\(byoc.folder)/token"
            try Data(sandbox.freshchat.token.utf8).write(to: URL(filePath: file))
            await repair(
                .freshchat, by: ["set-key", installation, "--kind", "freshchat-token", "--file", file])
        case .repair: break
        }
    }

    /// The service that the operator's command asks may fail at this moment too; then the operator tries again.
    private mutating func repair(_ side: LogEntry.Side, by command: [String]) async {
        do {
            _ = try await byoc.run(command)
        } catch {
            agenda.append((ContinuousClock.now + .seconds(1), .repair(side)))
        }
    }

    /// Nothing goes wrong any more.
    mutating func calm() {
        note("calm")
        faults = []
        agenda.removeAll { item in
            if case .hang = item.what { true } else { false }
        }
        sandbox.viber.clearFaults()
        sandbox.freshchat.clearFaults()
        var viber = sandbox.viber.knobs
        viber.callbacks = DisturbanceKnobs()
        sandbox.viber.knobs = viber
        var freshchat = sandbox.freshchat.knobs
        freshchat.webhooks = DisturbanceKnobs()
        sandbox.freshchat.knobs = freshchat
    }
}
