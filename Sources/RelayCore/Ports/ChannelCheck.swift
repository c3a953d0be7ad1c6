/// What a channel says of our credentials.
package struct ChannelCheck: Hashable, Sendable {
    /// The account's name, as the admin knows it.
    package var accountName: String
    /// What the channel calls the account; `nil` if it doesn't say.
    package var identity: RemoteIdentity?
    /// What customers can write to in this account, the one to offer first at the front. One without a name for an account
    /// that has only one.
    package var addresses: [AddressOffer]
    /// The webhook that is registered now; `nil` when there is none or the channel doesn't tell.
    package var webhookURL: String?

    package init(
        accountName: String, identity: RemoteIdentity? = nil, addresses: [AddressOffer] = [AddressOffer(.only)],
        webhookURL: String? = nil
    ) {
        self.accountName = accountName
        self.identity = identity
        self.addresses = addresses
        self.webhookURL = webhookURL
    }
}
