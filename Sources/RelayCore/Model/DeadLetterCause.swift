/// Why a delivery is dead, as far as it changes what helps. The raw values are the store's words.
///
/// A refused credential is none of these: it pauses the installation, and its deliveries wait.
package enum DeadLetterCause: String, Codable, Sendable, CaseIterable {
    /// The customer has unsubscribed from the channel account or blocked it: a retry helps once they have written again.
    case unsubscribed
    /// The customer can't be reached on the channel at all, or not with this: no such user, no fitting device, their
    /// country. A retry doesn't help.
    case unreachable
    /// The channel account has no messages or balance left: a retry helps once that has changed.
    case quota
    /// The other service refuses the message itself: a retry helps only if something has changed there.
    case refused
    /// Every attempt failed until byoc gave up: a retry helps once the service works again.
    case exhausted
    /// byoc can't read what is stored of it, or its contact is gone: a retry doesn't help.
    case unreadable
}

extension DeliveryFailure {
    /// The cause that a delivery gets which this failure makes a dead letter.
    package var deadLetterCause: DeadLetterCause { cause ?? (remedy == .giveUp ? .refused : .exhausted) }

    /// By what two notes about one dead letter are told apart: the second one for the same is left out. How a service
    /// failed at last, after many attempts, makes no difference.
    package var noteKey: String {
        let cause = deadLetterCause
        return cause == .exhausted ? cause.rawValue : "\(cause.rawValue): \(reason)"
    }
}
