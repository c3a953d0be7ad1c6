package import FoundationEssentials

/// What is known of how Freshchat's webhooks come for one installation.
package struct HelpdeskSigns: Hashable, Sendable {
    /// When Freshchat last told anything about the installation's topic by a verified webhook or a product event; `nil` if
    /// it never did.
    package var lastHeard: Date?
    /// When the poll last found a reply that no webhook had brought; `nil` if it never did.
    package var lastFound: Date?
    /// Customers' messages posted to Freshchat since it was last heard, counted up to ``countLimit``.
    package var postsUnheard = 0
    /// When the first of them was posted.
    package var firstPostUnheard: Date?

    /// So far posts are counted.
    package static let countLimit = 3

    package init() {}
}

/// Freshchat's webhooks don't come, although they should: each message that byoc posts comes back by one (freshchat.md
/// §8 Q2), and so does each reply.
package struct WebhookSilence: Hashable, Sendable {
    /// What is most likely wrong.
    package enum Cause: String, Sendable, CaseIterable {
        /// The installation has no public key, so that a webhook can't be verified.
        case noKey = "no_key"
        /// Webhooks come, and their signatures are wrong.
        case wrongSignature = "wrong_signature"
        /// None has ever come.
        case neverHeard = "never_heard"
        /// They came before.
        case stopped
    }

    package var cause: Cause
    package var signs: HelpdeskSigns

    package init(cause: Cause, signs: HelpdeskSigns) {
        self.cause = cause
        self.signs = signs
    }
}

/// When silence is worth an alarm.
package struct WebhookSilenceRule: Hashable, Sendable {
    /// The fewest posts without an echo.
    package var posts = HelpdeskSigns.countLimit
    /// How long ago the first of them was.
    package var patience: Duration = .seconds(10 * 60)
    /// For how long the webhook of a reply that the poll found may still come.
    package var grace: Duration = .seconds(60)

    package init() {}

    /// Judges one installation; `nil` if its webhooks come, or nothing shows that they don't.
    package func silence(of installation: StoreMetrics.InstallationState, in metrics: StoreMetrics, now: Date)
        -> WebhookSilence?
    {
        let signs = metrics.helpdesk[installation.id] ?? HelpdeskSigns()
        let heard = signs.lastHeard ?? .distantPast
        let isUnechoed =
            signs.postsUnheard >= posts
            && signs.firstPostUnheard.map { now.timeIntervalSince($0) >= patience / .seconds(1) } ?? false
        let isFound = signs.lastFound.map { $0 > heard && now.timeIntervalSince($0) >= grace / .seconds(1) } ?? false
        guard isUnechoed || isFound else { return nil }
        let failures = metrics.signatures[Flow(installation.id, .outbound)].map { $0.ascii + $0.other } ?? 0
        let cause: WebhookSilence.Cause =
            if !installation.hasWebhookKey {
                .noKey
            } else if failures > 0 {
                .wrongSignature
            } else {
                signs.lastHeard == nil ? .neverHeard : .stopped
            }
        return WebhookSilence(cause: cause, signs: signs)
    }
}
