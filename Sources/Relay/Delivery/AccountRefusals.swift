import Logging
import RelayCore

/// An account as it was when a request used it.
enum UsedAccount: Sendable {
    case channel(ChannelAccount)
    case helpdesk(HelpdeskAccount)

    var id: AccountID {
        switch self {
        case .channel(let account): .channel(account.id)
        case .helpdesk(let account): .helpdesk(account.id)
        }
    }
}

/// Pauses accounts whose credential a service has refused: the one rule for deliveries, profiles and looks into
/// conversations.
struct AccountRefusals: Sendable {
    let store: any OutboxStore & AccountStore
    let time: RelayTime

    /// Pauses the account unless its credential was replaced while it was used, which is no reason to pause the new one, or
    /// a spare one takes over.
    ///
    /// - Returns: whether the account is paused now.
    func pause(
        _ used: UsedAccount, because failure: DeliveryFailure, _ logger: Logger
    ) async throws(StoreFailure) -> Bool {
        let directory = try await store.currentDirectory()
        let isPresent =
            switch used {
            case .channel(let account): directory[account.id]?.hasSameCredentials(as: account) ?? false
            case .helpdesk(let account): directory[account.id]?.hasSameCredentials(as: account) ?? false
            }
        guard isPresent else { return false }
        let isPaused = try await store.refuse(used.id, reason: failure.description, now: time.now())
        logger.error(
            isPaused ? "account paused" : "credential of an account refused; a spare one takes over",
            metadata: ["account.id": "\(used.id)", "reason": "\(failure.reason)", "detail": "\(failure.detail)"])
        return isPaused
    }
}
