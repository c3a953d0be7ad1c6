package import FoundationEssentials

/// Why an attempt didn't succeed, with the decision in it: callers don't switch on channels or status codes.
package struct DeliveryFailure: Error, Hashable, Codable, Sendable, CustomStringConvertible {
    /// What helps.
    package enum Remedy: Hashable, Codable, Sendable {
        /// Try again: after the time that the far side named, else after our backoff.
        case retry(after: Duration?)
        /// Try again at this time, or as soon as the customer writes: Viber's hourly limit (viber.md §7).
        case waitForContact(until: Date)
        /// It is too early: nothing was sent, and nothing is to be until then. It counts as no attempt.
        case wait(until: Date)
        /// The service refuses everything of this account, or of this address, until then (429): nothing is sent there
        /// before. It counts as no attempt. A limit for one contact is ``wait(until:)``.
        case slowDown(until: Date)
        /// A credential or the account itself is refused: the account is paused and the outbox kept.
        case pause
        /// The channel says that no webhook is set: registering it again helps.
        case register
        /// Nothing helps: a dead letter, and the agent is told.
        case giveUp
    }

    /// What a limit belongs to.
    package enum Limit: String, Hashable, Codable, Sendable {
        case account
        /// One phone number, one page.
        case address
    }

    package var remedy: Remedy
    /// True when the far side certainly didn't apply it. False leaves the attempt in doubt.
    package var isCertain: Bool
    /// In words that an agent understands: "The customer has unsubscribed".
    package var reason: String
    /// For the operator: the far side's own words and codes. Never a secret.
    package var detail: String
    /// Whose failure it is; `nil`: that of the side which the delivery goes to.
    package var side: Side?
    /// What ``Remedy/slowDown(until:)`` holds up.
    package var limit: Limit = .account
    /// The service's own fault, if that is what it is; `nil` for any other failure.
    package var fault: ServiceFault?
    /// Why the delivery is dead if this failure ends it; `nil` if the remedy tells, see ``deadLetterCause``.
    package var cause: DeadLetterCause?

    package init(
        _ remedy: Remedy, isCertain: Bool = true, reason: String, detail: String, cause: DeadLetterCause? = nil
    ) {
        self.remedy = remedy
        self.isCertain = isCertain
        self.reason = reason
        self.detail = detail
        self.cause = cause
    }

    /// Whether nothing was sent, so that it is no attempt.
    package var sentNothing: Bool {
        if case .wait = remedy { isCertain } else { false }
    }

    package var description: String { detail.isEmpty ? reason : "\(reason) (\(detail))" }

    package var isRetryable: Bool { remedy != .giveUp }

    package var retryAfter: Duration? {
        guard case .retry(let after) = remedy else { return nil }
        return after
    }

    /// The failure of a request to which no answer came: worth a retry, in doubt unless it never left.
    package init(_ failure: TransportFailure, to side: String) {
        self.init(
            .retry(after: nil), isCertain: failure.isCertain,
            reason: failure.isCertain ? "\(side) could not be reached" : "\(side) didn't confirm the message",
            detail: failure.description)
    }
}

/// Why setting up, changing or removing an installation didn't succeed. The text is for the person who does it.
package struct SetupFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Who refused: "Viber", "Freshchat", or "byoc" itself.
    package var side: String
    /// What was wrong, with the value (secrets masked) and the far side's words.
    package var problem: String
    /// What to do about it.
    package var remedy: String
    /// The key of the ``SettingField`` that is wrong; `nil`: none of them alone, or nobody knows which.
    package var field: String?

    package init(side: String, problem: String, remedy: String, field: String? = nil) {
        self.side = side
        self.problem = problem
        self.remedy = remedy
        self.field = field
    }

    package var description: String { (side == "byoc" ? "" : "\(side): ") + "\(problem)\n\(remedy)" }
}
