/// What a limit belongs to: an account, or one address of a channel account. What belongs to one contact makes only that
/// contact's delivery wait.
package enum GateScope: Hashable, Sendable {
    case account(AccountID)
    case address(ChannelAccountID, Address)
}

extension Installation {
    /// What has to be open for a delivery to this side.
    package func scopes(to side: Side) -> [GateScope] {
        switch side {
        case .helpdesk: [.account(.helpdesk(helpdesk.id))]
        case .channel: [.account(.channel(channel.id)), .address(channel.id, address)]
        }
    }

    /// What a limit belongs to that a service named.
    package func scope(of limit: DeliveryFailure.Limit, on side: Side) -> GateScope {
        switch (limit, side) {
        case (.address, .channel): .address(channel.id, address)
        case (.address, .helpdesk), (.account, _): .account(account(of: side))
        }
    }
}
