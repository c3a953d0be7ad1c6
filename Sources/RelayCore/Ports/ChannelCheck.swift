/// What a channel says of our credentials.
package struct ChannelCheck: Hashable, Sendable {
    /// The account's name, as the admin knows it.
    package var accountName: String
    /// The webhook that is registered now; `nil` when there is none or the channel doesn't tell.
    package var webhookURL: String?

    package init(accountName: String, webhookURL: String? = nil) {
        self.accountName = accountName
        self.webhookURL = webhookURL
    }
}
