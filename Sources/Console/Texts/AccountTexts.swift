import RelayCore

/// The accounts that installations share, and what is parked for an address.
struct AccountTexts: Sendable {
    let identity = "Account ID"

    func label(_ party: String) -> String { "\(party) account" }

    /// In front of links to the other installations.
    func shared(_ party: String) -> String {
        "This installation shares its \(party) account. A new credential applies to all of its installations:"
    }

    /// The news in the connect form: the account is known.
    func known(_ party: String, _ names: [String]) -> String {
        "byoc knows this \(party) account from \(names.joined(separator: ", ")). The new installation shares it."
    }

    func undecidedOwner(_ account: String) -> String { "Freshchat account \(account)" }

    // MARK: Parked messages

    let parkedAdvice =
        "Connect this address again to receive them. byoc deletes them seven days after the first arrived."
    let connectAgain = "Connect a channel"

    func parkedTitle(_ count: Int) -> String { "\(counted(Int64(count), "message")) without an installation" }

    func parkedReason(_ channel: String, _ address: Address, since: String) -> String {
        let place = address == .only ? "this \(channel) account" : "\(channel) address \(address)"
        return "The installation of \(place) was removed or moved. The oldest message came \(since) ago."
    }
}

/// An address of a channel account: while connecting, and added to an account.
struct AddressTexts: Sendable {
    let title = "Choose an address"
    let legend = "Address that customers write to"
    let add = "Add an address"
    let addHelp = "Connects another address of this account to a topic."
    let noneLeft = "Every address of this account is connected."

    func lead(_ channel: String, _ account: String) -> String {
        "\(channel) account “\(account)” has several addresses."
    }

    func addLead(_ channel: String) -> String {
        "byoc uses the \(channel) and Freshchat accounts of this installation. No credentials are needed."
    }

    let noAddress = ProblemText(title: "No address selected", text: "Select the address that customers write to.")

    func taken(_ installation: String) -> ProblemText {
        ProblemText(
            title: "Already connected as \(installation)",
            text: "Move that installation to another topic, or edit its settings, on its page.")
    }
}

/// An installation's settings: on its page and in the form.
struct SettingsTexts: Sendable {
    let title = "Settings"
    let edit = "Edit settings"
    let save = "Save settings"
    let name = SettingField(key: "name", label: "Name", help: "Shown only in byoc.")
    let textLimit = SettingField(
        key: "text_limit", label: "Freshchat text limit",
        help: "Longer messages are split. Applies to every installation of this Freshchat account.")
    let resolved = "When a customer writes in a resolved conversation"
    let reopen = "Reopen it"
    let newConversation = "Start a new one"
    let doubt = "If it's unclear whether a reply was sent"
    let doubtResend = "Send it again. The customer may get it twice."
    let doubtHold = "Hold it until someone decides. The customer may not get it."
    let system = "Freshchat's system messages"
    let systemLabel = "Send Freshchat's system messages to customers"
    let systemSent = "Sent to customers"
    let systemKept = "Not sent to customers"
    let sharedWithEnvironment = """
        This installation shares an account with the one from the server's environment. Change that account's credentials \
        and settings there and reload byoc.
        """

    func notANumber(_ range: ClosedRange<Int>) -> String {
        "It must be a whole number from \(range.lowerBound) to \(Int64(range.upperBound).grouped)."
    }

    func lead(_ name: String) -> String { "For \(name). Waiting messages are kept." }

    func resolved(_ policy: Installation.ResolvedPolicy) -> String {
        policy == .reopen ? reopen : newConversation
    }

    func doubt(_ policy: Installation.DoubtPolicy) -> String {
        policy == .resend ? "Send again" : "Hold for a decision"
    }
}

/// Moving an installation to another topic.
struct MoveTexts: Sendable {
    let move = "Move to another topic"
    let help = "Keeps waiting messages and open conversations."
    let legend = "New topic"
    let current = "current"
    let button = "Move installation"

    func title(_ name: String) -> String { "Move \(name) to another topic" }

    let effects = [
        "New conversations are created on the new topic.",
        "Open conversations stay where they are. Agents can still reply there.",
        "Each customer's next message starts a conversation on the new topic.",
        "Waiting messages are kept. Those from customers go to the new topic.",
    ]
}

/// Taking an installation out of service.
struct DrainTexts: Sendable {
    let how = "Waiting messages"
    let deliver = "Deliver them first, then remove"
    let discard = "Discard them and remove now"
    let title = "Being removed"
    let removeNow = "Remove now"

    func effect(_ waiting: Int) -> String {
        """
        \(counted(Int64(waiting), "message is", "messages are")) waiting. byoc accepts nothing new, delivers what waits, \
        and then removes the installation.
        """
    }

    func progress(inbound: Int64, outbound: Int64) -> String {
        guard inbound + outbound > 0 else { return "Nothing is waiting any more. byoc removes it within a minute." }
        return "Waiting: \(counted(inbound, "message")) from customers, \(outbound.grouped) to customers."
    }

    let explanation = "byoc accepts no new messages and removes the installation once nothing is waiting."
}
