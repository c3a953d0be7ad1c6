import RelayCore

/// What to know before a delivery is retried.
enum RetryAdvice: Hashable {
    /// Nothing speaks against it.
    case none
    /// It may have been delivered, so that retrying it may double it. Only towards channels: what is in doubt towards
    /// Freshchat is looked up there first.
    case mayDouble
    /// The customer can't receive messages until they write again.
    case waitsForCustomer

    init(_ delivery: Delivery, contact: Contact?) {
        guard delivery.direction == .outbound else {
            self = .none
            return
        }
        if delivery.doubtSince != nil {
            self = .mayDouble
        } else if delivery.state == .dead,
            contact?.subscription == .unsubscribed || Self.isOfTheCustomer(delivery.reason)
        {
            self = .waitsForCustomer
        } else {
            self = .none
        }
    }

    /// Whether a reason says that the customer has left, unsubscribed or blocked the account.
    private static func isOfTheCustomer(_ reason: String) -> Bool {
        let reason = reason.lowercased()
        return reason.contains("customer")
            && ["subscribed", "has blocked", "no longer on", "has left", "opted out"].contains(where: reason.contains)
    }
}
