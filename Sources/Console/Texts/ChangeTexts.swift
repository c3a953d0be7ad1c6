import RelayCore

struct CredentialTexts: Sendable {
    let replace = "Replace"
    let enter = "Enter"
    let none = "Not set"
    let set = "Set"
    let save = "Verify and save"

    func lead(_ credential: Credential, _ name: String) -> String {
        switch credential {
        case .helpdeskKey:
            "For \(name). Copy the whole key that Freshchat shows next to its webhook settings."
        case .helpdeskToken, .channel:
            "For \(name). byoc verifies it before replacing the old one. What stopped because it was refused then resumes."
        }
    }
}

struct RemoveTexts: Sendable {
    let forget = "Also delete its contacts, conversations and messages"
    let forgetHelp = "Otherwise they stay readable on these pages. Only possible when removing now."
    let insist = "Remove anyway"
    let button = "Remove installation"

    func title(_ name: String) -> String { "Remove \(name)?" }

    func effects(_ channel: String, discarded waiting: Int) -> [String] {
        let discarded =
            waiting == 0
            ? "No messages are waiting. Any that arrive before the removal are discarded."
            : "If you remove it now, \(counted(Int64(waiting), "waiting message")) will be discarded and never delivered."
        return [
            "byoc removes its webhook from \(channel). Customers' messages no longer arrive in Freshchat.",
            discarded,
            "Credentials are deleted and the URLs stop working. This can't be undone. Connecting again creates new URLs.",
            "Nothing is deleted in \(channel) or Freshchat.",
        ]
    }

    func refused(_ failure: SetupFailure) -> ProblemText {
        ProblemText(
            title: failure.heading,
            text: """
                Nothing was removed. Try again, or remove it anyway. The webhook then stays set in \(failure.side) until \
                another one replaces it.
                """)
    }
}

struct TestTexts: Sendable {
    let what = "How it works"
    let contact = "byoc test"
    let message = "This is a test from byoc's settings pages. No customer wrote it. You can close the conversation."
    let button = "Send test message"
    let again = "Send another test message"
    let done = "Done"
    let way = "Timeline"
    let posted = "Posted"
    let postedText = "The target URL accepted the message. DNS, TLS, web server and signature work."
    let accepted = "Received"
    let notAccepted =
        "The address responded, but the message isn't in this data store. Check that the web server forwards to this byoc."
    func acceptedText(_ delivery: String) -> String { "Stored as #\(delivery)." }

    let delivered = "In Freshchat"
    let deliveredText = "Freshchat accepted the message. Look for the contact “byoc test”."
    let waiting = "Waiting"
    let waitingText = "Being delivered. Reload the page in a moment."
    let viewMessage = "View message"
    let paused = "The installation is paused, so the test message would be queued. Resume it first."
    let accountPaused = """
        The Freshchat account is paused, so the test message would be queued. Replace its credential first.
        """
    let draining = "The installation is being removed, so it accepts no messages, test messages included."
    let impossible = "byoc can't simulate this channel's webhooks. Write to it from a phone instead."

    func title(_ name: String) -> String { "Send a test message through \(name)" }

    func effects(_ channel: String) -> [String] {
        [
            "byoc writes a message as \(channel) would, signs it, and posts it to the public target URL.",
            "It passes the web server, the signature check and the data store, and arrives in Freshchat.",
            "This doesn't test \(channel)'s own connection; see Webhook under Status.",
            "Freshchat shows it in a conversation with the contact “byoc test”: “\(message)”",
            "Replies to it can't be delivered (there is no real customer); a private note will say so.",
        ]
    }

    func refused(_ status: Int, _ words: String) -> ProblemText {
        ProblemText(
            title: "The public address returned \(status)",
            text: "byoc posted the test message to the target URL as the channel would. The response was:",
            code: words)
    }

    func unreached(_ address: String, _ reason: String) -> ProblemText {
        ProblemText(
            title: "This server can't reach the public address",
            text: """
                Nothing was sent. Check the host name, the web server, and whether it accepts connections from this server. \
                The channel may still be able to reach it.
                """,
            code: "\(address): \(reason)")
    }
}
