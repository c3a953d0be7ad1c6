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
    /// The customer can't be reached at all, or what is stored can't be read.
    case isHopeless
    /// The channel account has nothing left to send with.
    case waitsForQuota

    init(_ delivery: Delivery, contact: Contact?) {
        guard delivery.direction == .outbound else {
            self = .none
            return
        }
        if delivery.doubtSince != nil {
            self = .mayDouble
        } else if delivery.state == .dead {
            self = Self.advice(on: delivery.cause, contact?.subscription)
        } else {
            self = .none
        }
    }

    private static func advice(
        on cause: DeadLetterCause?, _ subscription: SubscriptionChange.Kind?
    ) -> RetryAdvice {
        switch cause {
        case .unreachable, .unreadable: .isHopeless
        // They may have written again since.
        case .unsubscribed: subscription == .subscribed ? .none : .waitsForCustomer
        case .quota: .waitsForQuota
        case .refused, .exhausted, nil: subscription == .unsubscribed ? .waitsForCustomer : .none
        }
    }
}
