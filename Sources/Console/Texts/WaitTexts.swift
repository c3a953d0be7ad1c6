import RelayCore

/// Why a message waits: on its page, in the list, and in its timeline.
struct WaitTexts: Sendable {
    /// A sentence around a link and a time, each of which may be missing.
    struct Words: Sendable {
        var before: String
        var link = ""
        /// Stands behind the time where there is one, else behind the link.
        var after = ""
    }

    func words(_ reason: WaitReason, party: (Side) -> String, number: (DeliveryID) -> String) -> Words {
        switch reason {
        case .underWay: Words(before: "Being sent now.")
        case .behind(let id): Words(before: "Queued behind", link: number(id), after: ".")
        case .paused: Words(before: "The installation is paused:", link: "view installation", after: ".")
        case .gateClosed(let side, _): Words(before: "\(party(side)) limits the rate. Sending resumes at", after: ".")
        case .breakerOpen(let side, nil):
            Words(before: "\(party(side)) isn't responding. byoc is retrying one message at a time.")
        case .breakerOpen(let side, _?): Words(before: "\(party(side)) isn't responding. Next try at", after: ".")
        case .retry(_, orWhenCustomerWrites: true):
            Words(before: "Retrying at", after: ", or earlier if the customer writes.")
        case .retry(_, orWhenCustomerWrites: false): Words(before: "Retrying at", after: ".")
        case .due: Words(before: "Ready to send.")
        case .noWorker: Words(before: "No worker is running. Start byoc on the server.")
        }
    }

    /// The wait's label in the timeline.
    func label(_ reason: WaitReason) -> String {
        switch reason {
        case .underWay: "Sending"
        case .behind, .due, .noWorker: "Queued"
        case .paused: "Paused"
        case .gateClosed: "Rate limited"
        case .breakerOpen: "Waiting for recovery"
        case .retry: "Next attempt"
        }
    }
}
