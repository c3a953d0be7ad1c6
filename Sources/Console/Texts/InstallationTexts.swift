import RelayCore

struct InstallationsTexts: Sendable {
    let title = "Installations"
    let lead = "Each one connects a channel account to a Freshchat topic."
    let connect = "Connect a channel"
    let emptyTitle = "No channel is connected yet"
    let emptyLead = """
        Connect one, and what customers write there becomes conversations in Freshchat. You need the channel account's \
        token and a Freshchat API token; it takes a few minutes.
        """
    let active = "Active"
    let paused = "Paused"
    let isRemoved = "Removed"
    let removed =
        "The installation is removed and its secrets are forgotten. Take its URL out of Freshchat's webhook setting too, unless another installation uses it."

    func counts(_ counts: OutboxCounts) -> String {
        var parts: [String] = []
        if counts.waiting > 0 { parts.append("\(counts.waiting) waiting") }
        if counts.held > 0 { parts.append("\(counts.held) held") }
        if counts.dead > 0 { parts.append("\(counts.dead) dead") }
        return parts.isEmpty ? "Nothing waits" : parts.joined(separator: ", ")
    }
}

struct InstallationTexts: Sendable {
    let finish = "To finish: Freshchat's webhook"
    let finishSteps = [
        "In Freshchat, open Admin > Marketplace and Integrations > Conversation Webhooks and switch the webhook on.",
        "Paste the Freshchat webhook URL from below there, and save.",
        "Freshchat then shows a public key. Enter it here: until then agents' answers are refused.",
    ]
    let enterKey = "Enter the key"
    let addresses = "Addresses"
    let targetURL = "Target URL"
    let helpdeskURL = "Freshchat webhook URL"
    let helpdeskHelp = """
        Paste it into Freshchat under Admin > Marketplace and Integrations > Conversation Webhooks. Freshchat has one \
        webhook an account: if another installation on the same account has its URL there already, leave that.
        """
    let eventSummary = "If Freshchat's webhook is taken by something else"
    let eventURL = "Product event URL"
    let eventHelp = "A Marketplace app of yours can send its onMessageCreate events here instead."
    let secretHelp = "These URLs are as good as passwords: whoever has one can send to it."
    let health = "How it fares"
    let checkNow = "Ask both sides now"
    let checkHelp =
        "The state as the data store knows it. Ask, and both sides are asked about tokens, webhook and topic."
    let asked = "Both sides were asked just now."
    let actions = "What you can do"
    let test = "Send a test"
    let testHelp = "A message that goes the whole way into Freshchat. The next page says what it does first."
    let pause = "Pause"
    let pauseHelp = "Messages are still taken in and wait; nothing is sent in either direction until you resume."
    let resume = "Resume"
    let resumeHelp = "What has waited is sent at once, in order."
    let register = "Register the webhook again"
    let registerHelp = "After the public address has changed, or when another service took the webhook over."
    let remove = "Remove…"
    let removeHelp = "Disconnects it for good. The next page says what that means."
    let credentials = "Credentials"
    let pausedTitle = "It is paused"
    let pausedByHand = "Paused on the settings pages"
    let fromEnvironment = """
        This installation comes from the server's environment. Change its keys there and reload byoc; to remove it, take \
        BYOC_CHANNEL out.
        """

    func targetRegistered(_ channel: String) -> String {
        "\(channel) calls this. byoc has registered it there: there is nothing to paste."
    }

    func targetToPaste(_ channel: String) -> String { "Paste it into \(channel)'s webhook setting." }

    func facts(_ channel: String, _ installation: Installation) -> [FactView] {
        [
            FactView(label: "Channel", text: channel), FactView(label: "Id", text: installation.id.rawValue),
            FactView(label: "Freshchat", text: installation.helpdesk.baseURL),
            FactView(label: "Topic", text: installation.helpdesk.topic.rawValue),
            FactView(
                label: "In doubt",
                text: installation.doubtPolicy == .resend ? "Send again" : "Hold until a person decides"),
        ]
    }

    /// What was just done, by the word in the address.
    func notice(_ done: String) -> String? {
        switch done {
        case "connected": "Connected. Customers' messages arrive in Freshchat from now on."
        case "paused": "Paused. What comes in waits."
        case "resumed": "It goes on."
        case "registered": "The webhook is registered again."
        case "replaced": "The new one is checked and stored."
        default: nil
        }
    }
}

struct CheckTexts: Sendable {
    let good = "Good"
    let bad = "Wrong"
    let look = "To do"
    let unsure = "Not known"
    let registration = "Webhook"
    let key = "Freshchat's public key"
    let keyThere = "Set. Freshchat's webhooks are verified with it."
    let keyMissing = "Not set: answers of agents are refused until it is."
    let topic = "Topic"
    let topicGone = "Freshchat has no such topic any more. Connect the channel again to another one."
    let breaker = "Calls"
    let nothingYet = "Nothing has come yet."

    func token(_ side: String) -> String { "\(side) token" }
    func tokenTaken(_ side: String, _ account: String) -> String { "\(side) takes it. The account is \(account)." }
    func failed(_ failure: SetupFailure) -> String {
        "\(failure.problem.capitalisedSentence) \(failure.remedy)"
    }
    func registered(_ channel: String) -> String { "\(channel) says that it calls this installation." }
    func registeredAsStored(_ channel: String) -> String { "Registered with \(channel)." }
    func registeredNowhere(_ channel: String) -> String {
        "\(channel) calls nobody: messages of customers don't arrive. Register the webhook again below."
    }
    func registeredElsewhere(_ channel: String, _ place: String) -> String {
        "\(channel) calls \(place), and not this address: messages of customers don't arrive. Register the webhook again below."
    }
    func notRegistered(_ channel: String) -> String {
        "Not registered with \(channel), or at an older address. Register the webhook again below."
    }
    func pasted(_ channel: String) -> String {
        "\(channel) has no registration by API. Its webhook is set where you pasted the target URL."
    }
    func topicDisabled(_ name: String) -> String { "\(name) is disabled in Freshchat. Enable it there." }
    func breakerOpen(_ side: String) -> String {
        "\(side) fails for everyone just now. byoc tries it with one message at a time and goes on by itself."
    }
    func last(_ side: String) -> String { "Last webhook from \(side)" }
    func lastWebhook(_ count: Int64) -> String {
        (count == 1 ? "One was taken in so far." : "\(count) were taken in so far.") + " The last came"
    }
    func signatures(_ side: String) -> String { "Signatures of \(side)" }
    func signaturesFine(_ all: Int64) -> String {
        all == 0 ? "None was wrong." : "The last one was right; \(all) were wrong before."
    }
    func failingSignatures(_ count: Int64) -> String {
        "\(count) in a row were wrong. If it is not somebody trying, the token or key here is not the one of the far side: replace it below."
    }
}

struct CredentialTexts: Sendable {
    let replace = "Replace"
    let enter = "Enter"
    let none = "Not set"
    let set = "Set"
    let save = "Check and save"

    func lead(_ credential: Credential, _ name: String) -> String {
        switch credential {
        case .helpdeskKey:
            "For \(name). Copy all of what Freshchat shows beside its webhook setting."
        case .helpdeskToken, .channel:
            "For \(name). It is checked before it takes the old one's place; a paused installation goes on then."
        }
    }
}

struct RemoveTexts: Sendable {
    let forget = "Forget its contacts, conversations and messages too"
    let forgetHelp = "Otherwise they stay readable on these pages."
    let insist = "Remove it all the same"
    let button = "Remove"

    func title(_ name: String) -> String { "Remove \(name)?" }

    func effects(_ channel: String, waiting: Int) -> [String] {
        let discarded =
            waiting == 0
            ? "No message waits just now; one that comes in until then is discarded."
            : waiting == 1
                ? "One message that waits is discarded: it is never delivered."
                : "\(waiting) messages that wait are discarded: they are never delivered."
        return [
            "\(channel) is told not to call byoc any more. Customers' messages no longer arrive in Freshchat.",
            discarded,
            "The credentials are forgotten and its URLs stop working. This can't be undone; connecting again makes new URLs.",
            "Nothing is deleted at \(channel) or in Freshchat.",
        ]
    }

    func refused(_ failure: SetupFailure) -> ProblemText {
        ProblemText(
            title: failure.heading,
            text: """
                Nothing was removed. Try again, or remove it all the same: then the webhook stays set at \(failure.side) \
                until another one replaces it.
                """)
    }
}

struct TestTexts: Sendable {
    let what = "What this does"
    let contact = "byoc test"
    let message = "This is a test from byoc's settings pages. No customer wrote it; the conversation may be closed."
    let button = "Send the test"
    let again = "Send another"
    let way = "Its way"
    let posted = "Posted"
    let postedText = "The public target URL answered 2xx: DNS, TLS, web server and signature are right."
    let accepted = "Accepted"
    let notAccepted =
        "The address answered, but this data store has no such message: does the web server lead to these workers?"
    func acceptedText(_ delivery: String) -> String { "It is durable in the data store, as delivery \(delivery)." }

    let delivered = "In Freshchat"
    let deliveredText = "Freshchat has taken it. Look for the contact “byoc test” there."
    let waiting = "Waiting"
    let waitingText = "It is being delivered. Load the page again in a moment."
    let paused = "The installation is paused: the test would be taken in and wait. Resume it first."
    let impossible = "This channel's webhooks can't be imitated. Write to it from a phone instead."

    func title(_ name: String) -> String { "Send a test through \(name)" }

    func effects(_ channel: String) -> [String] {
        [
            "byoc writes a message as \(channel) would, signed with this installation's token, and posts it to the public target URL.",
            "It goes the way of every message: web server, signature, data store, Freshchat. \(channel) itself isn't asked, so whether \(channel) reaches you is told by its webhook's state.",
            "In Freshchat a conversation with the contact “byoc test” appears, or goes on: “\(message)”",
            "An agent's answer to it can't be delivered, for there is no such customer; a private note will say so.",
        ]
    }

    func refused(_ status: Int, _ words: String) -> ProblemText {
        ProblemText(
            title: "The public address answered \(status)",
            text: "The test was posted to the target URL as the channel would do it, and was not taken. It said:",
            code: words)
    }

    func unreached(_ address: String, _ reason: String) -> ProblemText {
        ProblemText(
            title: "The public address can't be reached from here",
            text: """
                Nothing was sent. Is the name right, is the web server running, and does it let this machine through? \
                Channels may reach it all the same, if only this machine can't.
                """,
            code: "\(address): \(reason)")
    }
}
