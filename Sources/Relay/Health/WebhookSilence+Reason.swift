import FoundationEssentials
import RelayCore

extension WebhookSilence {
    /// What shows it, what is most likely wrong, and what to do, for an operator.
    func reason(now: Date) -> String { "\(evidence(now: now)): \(advice)" }

    private func evidence(now: Date) -> String {
        switch sign {
        case .polled: return "a reply was found only by polling"
        case .unechoed(let posts, let first):
            let minutes = Int(first.duration(until: now).seconds / 60)
            return "at least \(posts) messages were posted to Freshchat, the first \(minutes) minutes ago,"
                + " and no webhook came"
        }
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
            "webhooks came earlier; check that Freshchat's webhook is still on and has this installation's URL"
        }
    }
}
