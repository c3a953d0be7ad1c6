/// What it means for an account that its identity became known.
package enum AccountIdentification: Hashable, Sendable {
    /// No other account is the same one.
    case alone
    /// This account was the same one and was given up.
    case merged(AccountID)
    /// Another account is the same one, but each has an installation at the same address. Both accounts stay as they are, until
    /// one of the installations is removed.
    case sharesAddress(InstallationID, InstallationID)
}

extension InstallationDirectory {
    /// The installations that customers can't tell apart: their accounts are one to the channel, and they have the same address.
    package var sharedAddresses: [(InstallationID, InstallationID)] {
        var pairs: [(InstallationID, InstallationID)] = []
        let accepting = all.filter(\.accepts)
        for (index, first) in accepting.enumerated() {
            guard let identity = first.channel.identity else { continue }
            for second in accepting[(index + 1)...]
            where second.channel.identity == identity && second.channel.kind == first.channel.kind
                && second.channel.id != first.channel.id && second.address == first.address
            {
                pairs.append((first.id, second.id))
            }
        }
        return pairs
    }
}
