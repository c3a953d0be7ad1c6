/// What to know before a failed or held delivery is retried.
package enum RetryAdvice: Hashable, Sendable, CaseIterable {
    /// Nothing speaks against it.
    case none
    /// It may have been delivered, so that retrying may double it.
    case mayDouble
    /// The customer can't receive messages until they write again.
    case waitsForCustomer
    /// The customer can't be reached at all.
    case unreachable
    /// byoc can't read what is stored of it.
    case unreadable
    /// The channel account has nothing left to send with.
    case waitsForQuota
    /// The service refuses the message itself.
    case refused
    /// Every attempt failed.
    case exhausted

    /// - Parameter subscription: the customer's to the channel account, if known.
    package init(_ delivery: Delivery, subscription: SubscriptionChange.Kind?) {
        if delivery.mayDouble {
            self = .mayDouble
            return
        }
        guard delivery.state == .dead else {
            self = .none
            return
        }
        let isToCustomer = delivery.direction == .outbound
        switch delivery.cause {
        // They may have written again since.
        case .unsubscribed: self = subscription == .subscribed ? .none : .waitsForCustomer
        case .unreachable: self = .unreachable
        case .unreadable: self = .unreadable
        case .quota: self = .waitsForQuota
        case .refused, .exhausted, nil:
            if isToCustomer, subscription == .unsubscribed {
                self = .waitsForCustomer
            } else {
                self = delivery.cause == nil ? .none : delivery.cause == .refused ? .refused : .exhausted
            }
        }
    }

    /// Whether retrying now does harm or no good.
    package var speaksAgainst: Bool {
        switch self {
        case .mayDouble, .waitsForCustomer, .unreachable, .unreadable, .waitsForQuota: true
        case .none, .refused, .exhausted: false
        }
    }

    /// Whether retrying can't help unless the customer does something.
    package var isHopeless: Bool {
        switch self {
        case .waitsForCustomer, .unreachable, .unreadable: true
        case .none, .mayDouble, .waitsForQuota, .refused, .exhausted: false
        }
    }

    /// The advice as one sentence; `nil` for ``none``.
    ///
    /// - Parameter party: the name of the service that the delivery goes to.
    package func sentence(party: String) -> String? {
        switch self {
        case .none: nil
        case .mayDouble: "It may already have been delivered: retrying may send the customer the same message twice."
        case .waitsForCustomer:
            "The customer has left \(party): retrying won't help until they write again."
        case .unreachable: "\(party) can't reach this customer: retrying won't help."
        case .unreadable: "byoc can't read this message: retrying won't help."
        case .waitsForQuota: "The \(party) account has no messages left: retry once that has changed."
        case .refused: "\(party) rejected this message: retry only if something has changed there."
        case .exhausted: "All attempts failed: retry once \(party) works again."
        }
    }
}

extension Delivery {
    /// Whether another attempt may give the customer the message twice: towards Freshchat a doubt is looked up first.
    package var mayDouble: Bool {
        guard doubtSince != nil, case .reply = payload else { return false }
        return true
    }

    /// Whether it is a private note for agents, and no message of a customer's.
    package var isNote: Bool {
        if case .note = payload { true } else { false }
    }
}
