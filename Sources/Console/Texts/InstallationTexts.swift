import RelayCore

struct InstallationsTexts: Sendable {
    let title = "Installations"
    let lead = "Each installation connects one channel account to one Freshchat topic."
    let connect = "Connect a channel"
    let emptyTitle = "No channel connected"
    let emptyLead = """
        Connect a channel to turn customers' messages into Freshchat conversations. You need the channel account's token \
        and a Freshchat API token. It takes a few minutes.
        """
    let active = "Active"
    let paused = "Paused"
    let draining = "Being removed"
    let isRemoved = "Removed"
    let unknownChannel = "The channel"
    let removed = """
        Installation removed, secrets deleted. Also remove its URL from Freshchat's webhook settings, unless another \
        installation uses it.
        """

    func counts(_ counts: OutboxCounts) -> String {
        var parts: [String] = []
        if counts.waiting > 0 { parts.append("\(Int64(counts.waiting).grouped) waiting") }
        if counts.held > 0 { parts.append("\(Int64(counts.held).grouped) held") }
        if counts.dead > 0 { parts.append("\(Int64(counts.dead).grouped) failed") }
        return parts.isEmpty ? "No messages waiting" : parts.joined(separator: ", ")
    }
}

struct InstallationTexts: Sendable {
    let finish = "Finish setup: Freshchat webhook"
    let finishSteps = [
        "In Freshchat, open Admin > Marketplace and Integrations > Conversation Webhooks and enable the webhook.",
        "Paste the Freshchat webhook URL there and save.",
        "Freshchat then shows a public key. Enter it here. Until then, agents' replies are rejected.",
    ]
    let showURL = "Show webhook URL"
    let enterKey = "Enter public key"
    let addresses = "Webhook URLs"
    let targetURL = "Target URL"
    let helpdeskURL = "Freshchat webhook URL"
    let helpdeskHelp = """
        Paste this into Freshchat under Admin > Marketplace and Integrations > Conversation Webhooks. Freshchat allows \
        one webhook per account. If another installation uses it, don't change it.
        """
    let eventSummary = "Freshchat's webhook already in use?"
    let eventURL = "Product event URL"
    let eventHelp = "Your Marketplace app can send its onMessageCreate events here instead."
    let secretHelp = "Treat these URLs like passwords."
    let health = "Status"
    let checkNow = "Run live checks"
    let asked = "Checked just now."
    let actions = "Actions"
    let test = "Send test message"
    let testHelp = "Sends a message all the way to Freshchat. The next page explains how."
    let pause = "Pause installation"
    let pauseHelp = "New messages are queued. Nothing is sent until you resume."
    let resume = "Resume installation"
    let resumeHelp = "Sends all waiting messages right away, in order."
    let register = "Register webhook"
    let registerHelp = "Use this when the public address has changed or another service has taken over the webhook."
    let remove = "Remove installation"
    let removeHelp = "Disconnects the channel permanently. The next page lists the effects."
    let credentials = "Credentials"
    let pausedTitle = "Paused"
    let pausedAdvice = "If a credential was refused, replace it. Sending then resumes automatically."
    /// The reason that a pause on these pages gets.
    let pausedByHand = "Paused on the settings pages"
    let fromEnvironment = """
        This installation comes from the server's environment. Change its keys there and reload byoc. To remove it, \
        delete BYOC_CHANNEL.
        """
    let details = "Details"

    func checkHelp(_ channel: String) -> String {
        "Last known state. Live checks query \(channel) and Freshchat."
    }

    func targetRegistered(_ channel: String) -> String { "byoc registers this with \(channel). Nothing to paste." }

    func targetToPaste(_ channel: String) -> String { "Paste this into \(channel)'s webhook settings." }

    func facts(_ channel: String, _ installation: Installation) -> [FactView] {
        let topic = installation.topicName ?? ""
        return [
            FactView(label: "Channel", text: channel),
            FactView(label: "Topic", text: topic.isEmpty ? installation.topic.rawValue : topic),
        ] + (installation.hasNamedAddress ? [FactView(label: "Address", text: installation.address.rawValue)] : [])
    }

    /// IDs and addresses, to be compared with those in other systems.
    func moreFacts(_ installation: Installation) -> [FactView] {
        [
            FactView(label: "ID", text: installation.id.rawValue),
            FactView(label: "Freshchat", text: installation.helpdesk.baseURL),
            FactView(label: "Topic ID", text: installation.topic.rawValue),
        ]
    }

    /// The news of what was just done, by its word in the ``Notice``.
    func notice(_ done: String) -> String? {
        switch done {
        case "connected": "Connected. Customers' messages now arrive in Freshchat."
        case "paused": "Paused. New messages are queued."
        case "resumed": "Resumed."
        case "registered": "Webhook registered."
        case "replaced": "Credential verified and saved."
        case "changed": "Settings saved."
        case "moved": "Moved. New conversations are created on this topic."
        default: nil
        }
    }
}
