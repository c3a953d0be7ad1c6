import RelayCore

/// Why a message waits; the sentences are ``RelayCore/WaitReason/words(party:)``.
struct WaitTexts: Sendable {
    let viewInstallation = "view installation"

    /// The wait's label in the timeline.
    func label(_ reason: WaitReason) -> String {
        switch reason {
        case .underWay: "Sending"
        case .behind, .due, .noWorker: "Queued"
        case .paused, .accountPaused: "Paused"
        case .gateClosed: "Rate limited"
        case .breakerOpen: "Waiting for recovery"
        case .retry: "Next attempt"
        }
    }
}
