import FoundationEssentials
import RelayCore

extension WebhookSilence {
    /// What shows it, what is most likely wrong, and what to do, for an operator.
    func reason(now: Date) -> String { "\(evidence(now: now)): \(advice)" }

    private func evidence(now: Date) -> String {
        guard signs.postsUnheard >= HelpdeskSigns.countLimit, let first = signs.firstPostUnheard else {
            return "a reply was found only by polling"
        }
        let minutes = Int((max(0, now.timeIntervalSince(first)) / 60).rounded(.down))
        return "at least \(signs.postsUnheard) messages were posted to Freshchat, the first \(minutes) minutes ago,"
            + " and no webhook came"
    }

    private var advice: String {
        switch cause {
        case .noKey:
            "there is no public key yet, so replies come by polling alone, late; set up Freshchat's webhook and save "
                + "its public key with byoc set-key"
        case .wrongSignature:
            "webhooks come with a wrong signature; save the public key that Freshchat shows now with byoc set-key"
        case .neverHeard:
            "none has ever come; check that Freshchat's webhook is on and has this installation's URL"
        case .stopped:
            "they came before; check that Freshchat's webhook is still on and has this installation's URL"
        }
    }
}
