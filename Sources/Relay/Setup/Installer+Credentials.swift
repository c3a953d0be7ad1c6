package import RelayCore

extension Installer {
    /// Replaces a credential of an account, after its service has accepted the new one. A paused account resumes with all its
    /// installations, because only a refused credential pauses an account. A person's own pause of an installation stays.
    ///
    /// - Parameters:
    ///   - installation: one of the account.
    ///   - channel: its adapter; `nil`: this version has none.
    package func replace(
        _ credential: Credential, of installation: Installation, on channel: (any Channel)?, with value: String
    ) async throws {
        var identity: RemoteIdentity?
        let present = try await change(installation.id) { present, directory in
            try requireOwn([.credential(credential)], of: present, in: directory)
            switch credential {
            case .helpdeskKey:
                let replaced = present.helpdesk.publicKeys
                present.helpdesk.webhookPublicKey = value
                // Freshchat may still sign with it what it sends again.
                present.helpdesk.sparePublicKeys = replaced.filter { $0 != value }
            case .helpdeskToken:
                present.helpdesk.token = Secret(value)
                identity = try await helpdesk.check(present.helpdesk, over: http).identity
                try require(identity, of: present.helpdesk.identity, side: helpdesk.name)
                // One account has one token: what another one was replaced by is the only good one.
                present.helpdesk.spareTokens = []
                present.helpdesk.identity = identity ?? present.helpdesk.identity
            case .channel(let key):
                guard let channel, present.channel.secrets[key] != nil else {
                    let keys = present.channel.secrets.keys.sorted().joined(separator: ", ")
                    throw SetupFailure(
                        side: "byoc", problem: "The channel has no secret “\(key)”.", remedy: "It has: \(keys)")
                }
                present.channel.secrets[key] = Secret(value)
                identity = try await channel.check(present.channel, over: http).identity
                try require(identity, of: present.channel.identity, side: channel.descriptor.name)
                present.channel.identity = identity ?? present.channel.identity
            }
        }
        switch credential {
        case .helpdeskKey: break
        case .helpdeskToken: try await goOn(.helpdesk(present.helpdesk.id), as: identity)
        case .channel: try await goOn(.channel(present.channel.id), as: identity)
        }
    }

    private func goOn(_ account: AccountID, as identity: RemoteIdentity?) async throws {
        try await store.resume(account, now: now())
        if let identity { try await store.identify(account, as: identity, now: now()) }
    }
}
