/// An account as it was when a request used it.
package enum UsedAccount: Hashable, Sendable {
    case channel(ChannelAccount)
    case helpdesk(HelpdeskAccount)

    package var id: AccountID {
        switch self {
        case .channel(let account): .channel(account.id)
        case .helpdesk(let account): .helpdesk(account.id)
        }
    }
}

extension Installation {
    /// Its account on a side, as it is here.
    package func usedAccount(of side: Side) -> UsedAccount {
        side == .channel ? .channel(channel) : .helpdesk(helpdesk)
    }
}
