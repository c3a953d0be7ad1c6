/// One of the steps at the head of a long form.
struct StepView: Sendable {
    var label: String
    var isCurrent: Bool
}

struct ConnectTexts: Sendable {
    let title = "Connect a channel"
    let chooseLead = "Which one do your customers write on?"
    let needs = "What you need"
    let stepsLabel = "Steps"
    let topicTitle = "Choose the topic"
    let more = "More settings"
    let topicLegend = "Conversations go to this topic"
    let disabled = "disabled in Freshchat"
    let noTopics = """
        This Freshchat account has no topic. Make one under Admin > Topics, then send the form of the step before once more.
        """
    let name = "What the installation is called here"
    let nameHelp = "Only these pages and the commands show it. The channel account's own name when left empty."
    let doubt = "A reply of which nobody knows whether it was sent"
    let doubtHelp = "It happens when a connection breaks in the middle of an answer, or a server dies."
    let doubtResend = "Send it again: the customer may get it twice"
    let doubtHold = "Hold it until a person decides: the customer may not get it"
    let connect = "Connect"
    let connecting = """
        byoc now stores the installation and registers its URL. The channel calls that URL at once, so byoc must be \
        reachable at its public address.
        """

    func steps(at current: Int) -> [StepView] {
        ["Channel", "Channel account", "Freshchat account", "Topic"].enumerated().map {
            StepView(label: $1, isCurrent: $0 == current)
        }
    }

    func channelTitle(_ channel: String) -> String { "Your \(channel) account" }

    func channelLead(_ channel: String) -> String {
        "byoc asks \(channel) whether this is right before it goes on. Secrets are stored encrypted and never shown again."
    }

    let deskTitle = "Your Freshchat account"

    func deskLead(_ channel: String, _ account: String) -> String {
        "\(channel) knows us: the account is called “\(account)”. Now the side where your agents answer."
    }

    func topicLead(_ account: String) -> String {
        "Freshchat knows us too: this is \(account). A topic for each channel is easiest to tell apart."
    }

    let noTopic = ProblemText(title: "No topic was chosen", text: "Choose the one that conversations go to.")

    let draftLost = ProblemText(
        title: "What you entered has expired",
        text: """
            A form may lie open for two hours. Begin again under Installations; nothing was connected and nothing was \
            changed.
            """)
}
