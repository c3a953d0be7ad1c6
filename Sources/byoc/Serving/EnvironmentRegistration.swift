import Foundation
import Glibc
import Logging
import Relay
import RelayCore
import ServiceLifecycle

/// Registers the target URL of the environment's installation, once the workers take requests: the channel calls it
/// during the registration. One worker does it; the others see that it is done.
struct EnvironmentRegistration: Service {
    let app: App
    let http: any HTTPSender

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var wait = Duration.seconds(1)
            while try await !isDone() {
                if try await !attempt() { wait = min(wait * 2, .seconds(300)) }
                try? await Task.sleep(for: wait)
                if Task.isCancelled { return }
            }
            // A service that returns would end the group.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }

    private func isDone() async throws -> Bool {
        guard let installation = try await current() else { return true }
        return installation.registeredURL == app.endpoints.targetURL(of: installation)
    }

    private func current() async throws -> Installation? {
        try await app.store.installations().first { $0.id == EnvironmentInstallation.id }
    }

    /// - Returns: whether there is no reason to wait longer the next time.
    private func attempt() async throws -> Bool {
        let path = app.settings.dataDirectory + "/registration.lock"
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return true }
        guard var installation = try await current(), let channel = App.channel(installation.channel.kind) else {
            return true
        }
        do {
            let installer = app.installer(over: http)
            _ = try await installer.check(
                channel, installation.channel, installation.helpdesk, installation.helpdesk.topic.rawValue)
            try await installer.register(&installation, on: channel)
            app.logger.notice(
                "installation from the environment is connected",
                metadata: ["installation.id": "\(installation.id)", "channel": "\(installation.channel.kind)"])
            return true
        } catch {
            app.logger.error(
                "installation from the environment is not connected yet",
                metadata: ["installation.id": "\(installation.id)", "error": "\(error)"])
            return false
        }
    }
}
