/// One credential of an installation that can be replaced by another.
package enum Credential: Hashable, Sendable {
    /// A secret setting of the channel, by its ``SettingField/key``.
    case channel(String)
    case helpdeskToken
    /// The public key that verifies Freshchat's webhooks.
    case helpdeskKey
}
