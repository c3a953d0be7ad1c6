package import RelayCore

extension Installer {
    /// Puts another credential in the place of one that an installation has. What a far side has to say of it is asked
    /// first; an installation that was paused goes on, for a refused credential is what pauses one.
    ///
    /// - Parameter channel: its adapter; `nil`: this version has none.
    package func replace(
        _ credential: Credential, of installation: Installation, on channel: (any Channel)?, with value: String
    ) async throws {
        var installation = installation
        guard installation.origin != .environment else {
            throw SetupFailure(
                side: "byoc", problem: "\(installation.id) comes from the environment.",
                remedy: "Change its keys there and reload byoc.")
        }
        switch credential {
        case .helpdeskKey:
            installation.helpdesk.webhookPublicKey = value
        case .helpdeskToken:
            installation.helpdesk.token = Secret(value)
            _ = try await helpdesk.check(installation.helpdesk, over: http)
        case .channel(let key):
            guard let channel, installation.channel.secrets[key] != nil else {
                let keys = installation.channel.secrets.keys.sorted().joined(separator: ", ")
                throw SetupFailure(
                    side: "byoc", problem: "The channel has no secret “\(key)”.", remedy: "It has: \(keys)")
            }
            installation.channel.secrets[key] = Secret(value)
            _ = try await channel.check(installation.channel, over: http)
        }
        try await store.save(installation, now: now())
        if credential != .helpdeskKey, case .paused = installation.state {
            try await store.resume(installation.id, now: now())
        }
    }
}
