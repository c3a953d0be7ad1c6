import Foundation
import Glibc
import Logging
import Relay
import RelayCore
import ServiceLifecycle

/// Registers the target URL of the environment's installation once the workers accept requests, because the channel calls
/// it during the registration. One worker does so; the others see that it is done.
struct EnvironmentRegistration: Service {
    let app: App
    let http: any HTTPSender

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await Perseverance(isDone: isDone, attempt: attempt, report: report).run()
            // A service that returns would end the group.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }

    private func isDone() async throws -> Bool {
        guard let installation = try await current() else { return true }
        return installation.channel.registeredURL == app.endpoints.targetURL(of: installation)
    }

    private func current() async throws -> Installation? {
        try await app.store.installations().first { $0.id == EnvironmentInstallation.id }
    }

    private func attempt() async throws {
        let path = app.settings.dataDirectory + "/registration.lock"
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw CommandFailure("The file \(path) can't be opened: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        // Another worker is doing it.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return }
        guard var installation = try await current(), let channel = App.channel(installation.channel.kind) else {
            return
        }
        let installer = app.installer(over: http)
        let (_, _, topic) = try await installer.check(
            channel, installation.channel, installation.helpdesk, installation.topic.rawValue)
        installation.topicName = topic.name
        try await installer.register(&installation, on: channel)
        app.logger.notice(
            "environment installation connected",
            metadata: ["installation.id": "\(installation.id)", "channel": "\(installation.channel.kind)"])
    }

    private func report(_ error: any Error) {
        app.logger.error(
            "environment installation is not connected yet",
            metadata: ["installation.id": "\(EnvironmentInstallation.id)", "error": "\(error)"])
    }
}

/// Tries something until it is done. No failure ends it, neither of the attempt nor of the check whether it is done: a task
/// that gives up would take the whole worker with it.
struct Perseverance {
    let isDone: () async throws -> Bool
    let attempt: () async throws -> Void
    /// Called with each failure.
    let report: (any Error) -> Void
    var sleep: (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

    static let shortestWait = Duration.seconds(1)
    static let longestWait = Duration.seconds(300)

    /// Until it is done, or the task is cancelled. After each failure in a row the wait is twice as long.
    func run() async {
        var wait = Self.shortestWait
        while !Task.isCancelled {
            do {
                if try await isDone() { return }
                try await attempt()
                wait = Self.shortestWait
            } catch {
                report(error)
                wait = min(wait * 2, Self.longestWait)
            }
            try? await sleep(wait)
        }
    }
}
