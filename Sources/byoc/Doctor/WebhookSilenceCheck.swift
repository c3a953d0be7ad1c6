import Foundation
import RelayCore

/// Whether Freshchat's webhooks come: every message that byoc posts comes back by one.
struct WebhookSilenceCheck {
    let installation: Installation
    let metrics: StoreMetrics
    let now: Date

    func finding() -> Finding {
        let subject = "Freshchat webhook"
        let state = StoreMetrics.InstallationState(
            id: installation.id, pausedReason: nil, hasWebhookKey: !installation.helpdesk.webhookPublicKey.isEmpty)
        guard let silence = WebhookSilenceRule().silence(of: state, in: metrics, now: now) else {
            let heard = metrics.helpdesk[installation.id]?.lastHeard.map { "last received \(Terminal.age($0)) ago" }
            return Finding(.ok, subject, heard ?? "none received yet", installation: installation.id)
        }
        return Finding(
            .error, subject, problem(silence), why: "Replies are found only by polling, minutes late.",
            do: remedy(silence.cause), installation: installation.id)
    }

    private func problem(_ silence: WebhookSilence) -> String {
        switch silence.cause {
        case .noKey: "byoc accepts none, because the installation has no public key"
        case .wrongSignature: "every one has a wrong signature"
        case .neverHeard: "none has ever arrived, although byoc posted messages or found replies by polling"
        case .stopped:
            (silence.lastHeard.map { "none has arrived for \(Terminal.age($0))" } ?? "none arrives")
                + ", although byoc posted messages or found replies by polling"
        }
    }

    private func remedy(_ cause: WebhookSilence.Cause) -> String {
        switch cause {
        case .noKey, .wrongSignature:
            "Save the public key shown beside the webhook in Freshchat, then: byoc set-key \(installation.id) < key.pem"
        case .neverHeard, .stopped:
            "Check in Freshchat that the webhook is enabled and has the URL that this shows: byoc show \(installation.id)"
        }
    }
}
