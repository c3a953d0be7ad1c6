import Logging
import RelayCore

/// Pauses accounts whose credential a service has refused: the one rule for deliveries, profiles and looks into
/// conversations.
struct AccountRefusals: Sendable {
    let store: any OutboxStore
    let time: RelayTime

    /// Pauses the account, unless a spare credential takes over or another one has taken the place of the refused one meanwhile.
    ///
    /// - Returns: whether the account is paused now.
    func pause(
        _ used: UsedAccount, because failure: DeliveryFailure, _ logger: Logger
    ) async throws(StoreFailure) -> Bool {
        let refusal = try await store.refuse(used, reason: failure.description, now: time.now())
        let message: Logger.Message
        switch refusal {
        case .outdated: return false
        case .paused: message = "account paused"
        case .spareTakesOver: message = "credential of an account refused; a spare one takes over"
        }
        logger.error(
            message,
            metadata: ["account.id": "\(used.id)", "reason": "\(failure.reason)", "detail": "\(failure.detail)"])
        return refusal == .paused
    }
}
