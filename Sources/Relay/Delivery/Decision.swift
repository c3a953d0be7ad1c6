package import FoundationEssentials
package import RelayCore

/// What to do after an attempt that failed: a value in, a value out.
package enum Decision: Hashable, Sendable {
    /// Back to the outbox, to be tried again at this time.
    case retry(at: Date, counting: Bool, wakesOnContact: Bool)
    /// Nothing goes to that account or address before then; the delivery waits with the others.
    case closeGate(until: Date)
    /// The account is paused, the delivery stays first in its order.
    case pause
    /// The webhook is registered again and the delivery tried once more.
    case register(retryAt: Date)
    /// A dead letter.
    case markDead

    /// - Parameters:
    ///   - failures: counted attempts of this piece, the failed one included.
    ///   - acceptedAt: when the delivery was accepted.
    package static func after(
        _ failure: DeliveryFailure, failures: Int, acceptedAt: Date, now: Date, policy: RetryPolicy,
        random: (ClosedRange<Double>) -> Double
    ) -> Decision {
        switch failure.remedy {
        case .giveUp: return .markDead
        case .pause: return .pause
        case .slowDown(let until):
            return .closeGate(
                until: min(max(until, now.adding(.milliseconds(100))), now.adding(policy.longestAskedWait)))
        case .waitForContact(let until): return .retry(at: until, counting: false, wakesOnContact: true)
        case .wait(let until): return .retry(at: until, counting: false, wakesOnContact: false)
        case .retry, .register:
            if policy.isExhausted(failures: failures, age: acceptedAt.duration(until: now)) { return .markDead }
            let wait = policy.backoff.wait(after: failures, random: random)
            if failure.remedy == .register { return .register(retryAt: now.adding(wait)) }
            return .retry(
                at: now.adding(policy.wait(askedFor: failure.retryAfter) ?? wait), counting: true, wakesOnContact: false
            )
        }
    }
}

/// For how long a delivery is tried.
package struct RetryPolicy: Hashable, Sendable {
    package var backoff = Backoff()
    /// A delivery is given up on when it is older than this…
    package var horizon: Duration = .seconds(24 * 60 * 60)
    /// …and has been tried at least this often, so that what waited while its installation was paused gets its chance.
    package var leastAttempts = 12

    /// The longest wait that a service can ask us for, with a refusal or with a fault. What asks for more is asked again
    /// after this: a `Retry-After` of a day, from a gateway that is mistaken, would hold up a conversation for a day.
    package var longestAskedWait: Duration = .seconds(5 * 60)

    package init() {}

    /// The wait that a service asked for, within bounds.
    ///
    /// - Returns: `nil` for none, and for a wait that is no time at all: then our own backoff is right, so that a service
    ///   that says "now" with each of its faults isn't asked in a tight loop.
    func wait(askedFor wait: Duration?) -> Duration? {
        wait.flatMap { $0 > .zero ? min($0, longestAskedWait) : nil }
    }

    func isExhausted(failures: Int, age: Duration) -> Bool {
        failures >= leastAttempts && age >= horizon
    }
}
