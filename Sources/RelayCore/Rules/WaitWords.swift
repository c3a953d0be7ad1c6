package import FoundationEssentials

/// A reason for waiting in words. Each surface shows the subject in its own way: as a link, a time, or text.
package struct WaitWords: Hashable, Sendable {
    package enum Subject: Hashable, Sendable {
        case delivery(DeliveryID)
        case pause(reason: String, since: Date)
        case time(Date)
    }

    package var before: String
    /// `nil` if `before` is the whole sentence.
    package var subject: Subject?
    /// Follows the subject without a space.
    package var after: String

    package init(_ before: String, _ subject: Subject? = nil, after: String = "") {
        self.before = before
        self.subject = subject
        self.after = after
    }
}

extension WaitReason {
    /// One or two sentences.
    ///
    /// - Parameter party: the name of the service on a side.
    package func words(party: (Side) -> String) -> WaitWords {
        switch self {
        case .underWay: WaitWords("Being sent now.")
        case .behind(let id): WaitWords("Queued behind", .delivery(id), after: ".")
        case .paused(let reason, let since):
            WaitWords("The installation is paused:", .pause(reason: reason, since: since), after: ".")
        case .accountPaused(let side, let reason, let since):
            WaitWords(
                "The \(party(side)) account is paused:", .pause(reason: reason, since: since),
                after: ". Replacing its credential resumes it.")
        case .gateClosed(let side, let until):
            WaitWords("\(party(side)) limits the rate. Sending resumes at", .time(until), after: ".")
        case .breakerOpen(let side, nil):
            WaitWords("\(party(side)) isn't responding. byoc is retrying one message at a time.")
        case .breakerOpen(let side, let next?):
            WaitWords("\(party(side)) isn't responding. Next try at", .time(next), after: ".")
        case .retry(let at, orWhenCustomerWrites: true):
            WaitWords("Retrying at", .time(at), after: ", or earlier if the customer writes.")
        case .retry(let at, orWhenCustomerWrites: false): WaitWords("Retrying at", .time(at), after: ".")
        case .due: WaitWords("Ready to send.")
        case .noWorker: WaitWords("No worker is running. Start byoc on the server.")
        }
    }
}
