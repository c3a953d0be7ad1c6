package import FoundationEssentials
package import RelayCore

/// What to do after an attempt that failed: a value in, a value out.
package enum Decision: Hashable, Sendable {
    /// Back to the outbox, to be tried again at this time.
    case retry(at: Date, counting: Bool, wakesOnContact: Bool)
    /// Nothing of this installation goes to that side before then; the delivery waits with the others.
    case closeGate(until: Date)
    /// The installation is paused, the delivery stays first in its order.
    case pause
    /// The webhook is registered again and the delivery tried once more.
    case register(retryAt: Date)
    /// A dead letter.
    case bury

    /// - Parameters:
    ///   - failures: counted attempts of this piece, the failed one included.
    ///   - acceptedAt: when the delivery was accepted.
    package static func after(
        _ failure: DeliveryFailure, failures: Int, acceptedAt: Date, now: Date, policy: RetryPolicy,
        random: (ClosedRange<Double>) -> Double
    ) -> Decision {
        switch failure.remedy {
        case .giveUp: return .bury
        case .pause: return .pause
        case .slowDown(let until): return .closeGate(until: max(until, now.adding(.milliseconds(100))))
        case .waitForContact(let until): return .retry(at: until, counting: false, wakesOnContact: true)
        case .wait(let until): return .retry(at: until, counting: false, wakesOnContact: false)
        case .retry, .register:
            if policy.isExhausted(failures: failures, age: acceptedAt.duration(until: now)) { return .bury }
            let wait = policy.backoff.wait(after: failures, random: random)
            if failure.remedy == .register { return .register(retryAt: now.adding(wait)) }
            return .retry(
                at: now.adding(failure.retryAfter.map { max($0, .zero) } ?? wait), counting: true,
                wakesOnContact: false)
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

    package init() {}

    func isExhausted(failures: Int, age: Duration) -> Bool {
        failures >= leastAttempts && age >= horizon
    }
}
