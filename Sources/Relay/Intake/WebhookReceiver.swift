import Logging
import RelayCore

/// The account that a webhook came for, with its installations.
struct WebhookReceiver {
    let account: AccountID
    let installations: [Installation]

    /// Its installation, if it has only one.
    var only: Installation? { installations.count == 1 ? installations.first : nil }

    /// What it is called where one name stands for it: its only installation, else the account.
    var name: InstallationID { only?.id ?? InstallationID(account.rawValue) }

    var metadata: Logger.Metadata {
        only.map { ["installation.id": "\($0.id)"] } ?? ["account.id": "\(account)"]
    }
}

/// How a webhook is answered, and which installations it told something about.
struct HandledWebhook {
    var response: WebhookResponse
    /// Empty if it told nothing about any of them in particular.
    var about: Set<InstallationID> = []
}
