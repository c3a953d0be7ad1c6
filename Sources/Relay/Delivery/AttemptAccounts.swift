import RelayCore

/// Whose credentials an attempt uses.
struct AttemptAccounts: Sendable {
    /// `nil` while the installation of the delivery isn't known.
    var installation: Installation?
    /// The account that the conversation of the delivery is in, which is another one than the installation's if that has
    /// moved since; `nil` if that account is gone.
    var desk: HelpdeskAccount?

    /// The account that a failure on this side is about; `nil` if it is gone.
    func account(of side: Side) -> UsedAccount? {
        switch side {
        case .channel: (installation?.channel).map { .channel($0) }
        case .helpdesk: desk.map { .helpdesk($0) }
        }
    }

    /// What a limit belongs to that a service named.
    func scope(of failure: DeliveryFailure, on side: Side) -> GateScope? {
        switch side {
        case .channel: installation?.scope(of: failure.limit, on: .channel)
        case .helpdesk: desk.map { .account(.helpdesk($0.id)) }
        }
    }

    /// Whether the delivery isn't claimed as long as this account is paused: it is the one that the store looks at.
    func isHeldUp(_ delivery: Delivery, by account: AccountID) -> Bool {
        guard let installation else { return true }
        return installation.account(of: delivery.direction.side) == account
    }
}
