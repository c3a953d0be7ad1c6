/// Our account with the channel: what the adapter declared as its settings, filled in.
package struct ChannelAccount: Hashable, Codable, Sendable {
    package var kind: ChannelKind
    /// Values by ``SettingField/key``, those that are not secret.
    package var settings: [String: String]
    /// Values by ``SettingField/key``, those that are.
    package var secrets: [String: Secret]

    package init(kind: ChannelKind, settings: [String: String] = [:], secrets: [String: Secret] = [:]) {
        self.kind = kind
        self.settings = settings
        self.secrets = secrets
    }
}
