package import RelayCore

extension Installer {
    /// Removes an installation, and with the last one of an account unregisters the webhook and forgets the secrets.
    ///
    /// - Parameters:
    ///   - insisting: whether to remove it even if the channel can't be reached or refuses.
    ///   - draining: whether what waits is delivered first. From now on the installation accepts nothing, and the relay
    ///     removes it when nothing waits any more.
    /// - Returns: a warning if the channel refused and the installation was removed nevertheless.
    package func uninstall(
        _ installation: Installation, from channel: (any Channel)?, keepingHistory: Bool, insisting: Bool,
        draining: Bool = false
    ) async throws -> String? {
        if draining {
            try await store.drain(installation.id, now: now())
            return nil
        }
        var warning: String?
        let others = try await store.currentDirectory().installations(of: installation.channel.id)
            .filter { $0.id != installation.id }
        if others.isEmpty, let channel = channel as? any WebhookRegistering {
            do {
                try await channel.unregister(account: installation.channel, over: http)
            } catch {
                guard insisting else {
                    throw SetupFailure(
                        side: error.side, problem: error.problem,
                        remedy: "\(error.remedy)\nOr remove the installation anyway, with --force: "
                            + "then the webhook stays set at \(error.side) until another one replaces it.")
                }
                warning = "The webhook stays set at \(error.side): \(error.problem)"
            }
        }
        try await store.remove(installation.id, keepingHistory: keepingHistory, now: now())
        return warning
    }
}
