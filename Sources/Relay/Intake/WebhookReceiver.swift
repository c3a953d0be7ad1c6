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

    /// Which installations have heard what told something about these: they, and if none of the account is among them, all of
    /// the account, because its webhook works.
    func hearing(_ about: Set<InstallationID>) -> Set<InstallationID> {
        let own = Set(installations.map(\.id))
        return about.isDisjoint(with: own) ? about.union(own) : about
    }

    var metadata: Logger.Metadata {
        only.map { ["installation.id": "\($0.id)"] } ?? ["account.id": "\(account)"]
    }
}

/// How a webhook is answered, and which installations it told something about.
struct HandledWebhook {
    var response: WebhookResponse
    var about: Set<InstallationID> = []
}
