import FoundationEssentials
import Logging

extension Decision {
    /// The decision as the log shows it: `action`, and `next_attempt_at` if there is a next attempt.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = ["action": "\(action)"]
        if let nextAttempt { metadata["next_attempt_at"] = "\(nextAttempt.formatted(.iso8601))" }
        return metadata
    }

    private var action: String {
        switch self {
        case .retry(_, _, wakesOnContact: true): "wait for the customer"
        case .retry: "retry"
        case .closeGate: "wait for the rate limit"
        case .pause: "pause the account"
        case .register: "register the webhook and retry"
        case .markDead: "dead"
        }
    }

    private var nextAttempt: Date? {
        switch self {
        case .retry(let at, _, _): at
        case .closeGate(let until): until
        case .register(let retryAt): retryAt
        case .pause, .markDead: nil
        }
    }
}
