import Synchronization

/// What the playground's page is told besides what the doubles know.
package struct PlaygroundConfiguration: Sendable {
    /// Whether the page has the switches that make trouble.
    package var hasTrouble = true
    /// The process whose children are the bridge's workers; nil when there is none to be killed.
    package var supervisor: Int32?
    /// The bridge's public address.
    package var bridgeURL = ""
    /// Signs in to the settings pages; empty when there are none.
    package var adminPassword = ""

    package init() {}
}

/// The page on which people play customer and agent, and watch the bridge.
package final class Playground: Sendable {
    let configuration: PlaygroundConfiguration
    private let log: EventLog
    private let ledger = Mutex(Ledger())
    private let switches = Mutex(Trouble())
    private let pictures = Mutex(0)

    init(_ configuration: PlaygroundConfiguration, log: EventLog) {
        self.configuration = configuration
        self.log = log
    }

    /// What was sent and what arrived, as of now.
    package var books: Ledger {
        ledger.withLock { ledger in
            ledger.read(log)
            return ledger
        }
    }

    package var trouble: Trouble { switches.withLock { $0 } }

    /// Sets the switches; both doubles behave so from now on.
    func set(_ trouble: Trouble, _ server: SandboxServer) {
        switches.withLock { switches in
            switches = trouble
            trouble.apply(to: server.viber, server.freshchat)
        }
        log.record(.driver, .action, "trouble", text: (try? JSON(encoding: trouble))?.text ?? "")
    }

    /// A caption that no other picture has, so that each can be told from the others.
    func caption() -> String {
        pictures.withLock { count in
            count += 1
            return "Photo \(count)"
        }
    }

    package var workers: [Int32] { configuration.supervisor.map { WorkerProcesses(supervisor: $0).alive } ?? [] }

    /// Ends one of the workers with SIGKILL and returns which; nil when there is no such worker.
    func kill(_ worker: Int32?) -> Int32? {
        guard let supervisor = configuration.supervisor,
            let killed = WorkerProcesses(supervisor: supervisor).kill(worker)
        else { return nil }
        log.record(.driver, .action, "worker.killed", subject: String(killed))
        return killed
    }
}
