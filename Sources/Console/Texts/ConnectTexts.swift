/// One of the steps at the head of a long form.
struct StepView: Sendable {
    var label: String
    var isCurrent: Bool
}

struct ConnectTexts: Sendable {
    let title = "Connect a channel"
    let chooseLead = "Which channel do your customers use?"
    let needs = "You will need"
    let stepsLabel = "Steps"
    let topicTitle = "Choose a topic"
    let more = "More settings"
    let topicLegend = "Topic for this channel's conversations"
    let disabled = "disabled in Freshchat"
    let noTopics = """
        This Freshchat account has no topics. Create one in Freshchat under Admin > Topics, then go back and submit the \
        previous step again.
        """
    let name = "Name"
    let nameHelp = "Shown only in byoc. Defaults to the account's name."
    let doubt = "If it's unclear whether a reply was sent"
    let doubtHelp = "This happens when a connection drops or a server stops while sending a reply."
    let doubtResend = "Send it again. The customer may get it twice."
    let doubtHold = "Hold it until someone decides. The customer may not get it."
    let connect = "Connect"

    func connect(_ channel: String) -> String { "\(connect) \(channel)" }

    func connecting(_ channel: String, isRegistering: Bool) -> String {
        isRegistering
            ? """
            byoc saves the installation and registers its URL with \(channel). \(channel) calls that URL immediately, so \
            byoc must be reachable at its public address.
            """
            : "byoc saves the installation and shows its URL. Paste that URL into \(channel)'s webhook settings."
    }

    func steps(at current: Int) -> [StepView] {
        ["Channel", "Channel account", "Freshchat account", "Topic"].enumerated().map {
            StepView(label: $1, isCurrent: $0 == current)
        }
    }

    func channelTitle(_ channel: String) -> String { "Your \(channel) account" }

    func channelLead(_ channel: String) -> String {
        "byoc verifies this with \(channel) before continuing. Secrets are encrypted and never shown again."
    }

    let helpdeskTitle = "Your Freshchat account"

    func helpdeskLead(_ channel: String, _ account: String) -> String {
        "Connected to \(channel) as “\(account)”. Next: Freshchat."
    }

    func topicLead(_ account: String) -> String {
        "Connected to \(account). Choose a topic no other channel uses."
    }

    let noTopic = ProblemText(
        title: "No topic selected", text: "Select the topic for this channel's conversations.")

    let draftLost = ProblemText(
        title: "This form has expired",
        text: "Forms expire after two hours. Nothing was connected or changed. Start again.")
}
