import FoundationEssentials
import Logging
import RelayCore

/// Removes installations that were taken out of service, once they have nothing waiting any more.
struct Draining {
    let store: any InstallationStore & AccountStore
    let channels: @Sendable (ChannelKind) -> (any Channel)?
    let http: any HTTPSender
    let time: RelayTime
    let logger: Logger

    /// How often what has ended is cleared away while nothing drains: places that were left, and what was parked.
    private static let longestPause: Duration = .seconds(60)

    /// Until the task is cancelled.
    func run(every interval: Duration) async {
        var clearedAt: Date?
        while !Task.isCancelled {
            let isDue = clearedAt.map { $0.duration(until: time.now()) >= Self.longestPause } ?? true
            if await finish(always: isDue) { clearedAt = time.now() }
            guard (try? await time.sleep(interval)) != nil else { return }
        }
    }

    /// - Parameter always: also while nothing drains.
    /// - Returns: whether what has ended was cleared away.
    @discardableResult
    func finish(always: Bool = true) async -> Bool {
        do {
            let before = try await store.currentDirectory()
            let isDraining = before.all.contains { if case .draining = $0.ownState { true } else { false } }
            guard isDraining || always else { return false }
            for id in try await store.finishDraining(now: time.now()) { await record(id, before) }
            return true
        } catch {
            logger.error("housekeeping failed", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// The channel calls a URL that nobody hears any more, unless another installation is on the same account.
    private func record(_ id: InstallationID, _ before: InstallationDirectory) async {
        logger.notice("installation removed, nothing of it waited any more", metadata: ["installation.id": "\(id)"])
        guard let account = before[id]?.channel, let present = try? await store.currentDirectory(),
            present.installations(of: account.id).isEmpty,
            let channel = channels(account.kind) as? any WebhookRegistering
        else { return }
        do {
            try await channel.unregister(account: account, over: http)
        } catch {
            logger.warning(
                "webhook of a removed installation stays set",
                metadata: ["installation.id": "\(id)", "error": "\(error)"])
        }
    }
}
