/// Our account with a channel: what has a webhook, settings and secrets. Its installations share it.
package struct ChannelAccount: Hashable, Codable, Sendable {
    /// Empty for one that isn't stored yet.
    package var id: ChannelAccountID
    package var kind: ChannelKind
    /// What the channel calls it; `nil` until a check has told.
    package var identity: RemoteIdentity?
    /// Values by ``SettingField/key``, those that are not secret.
    package var settings: [String: String]
    /// Values by ``SettingField/key``, those that are.
    package var secrets: [String: Secret]
    package var endpoints: [Endpoint]
    /// The target URL as it was registered with the channel, to see whether it is still right; empty before that.
    package var registeredURL: String
    package var state: AccountState

    package init(
        id: ChannelAccountID = "", kind: ChannelKind, identity: RemoteIdentity? = nil, settings: [String: String] = [:],
        secrets: [String: Secret] = [:], endpoints: [Endpoint] = [], registeredURL: String = "",
        state: AccountState = .active
    ) {
        self.id = id
        self.kind = kind
        self.identity = identity
        self.settings = settings
        self.secrets = secrets
        self.endpoints = endpoints
        self.registeredURL = registeredURL
        self.state = state
    }

    /// The unguessable segment of the target URL; empty for one that isn't stored yet.
    package var targetToken: Secret { endpoints.present(for: .target) ?? Secret("") }

    /// Whether both would be the same to the channel: the same credentials and settings, whatever byoc knows besides.
    package func hasSameCredentials(as other: ChannelAccount) -> Bool {
        kind == other.kind && secrets == other.secrets && settings == other.settings
    }
}
