import RelayCore

struct OverviewTexts: Sendable {
    let title = "Overview"
    let lead = "What goes on now and went on in the last hour."
    let alarms = "What needs you"
    let calm = "No alarm is raised."
    let connect = "Connect a channel"
    let emptyTitle = "Welcome"
    let emptyLead = """
        No channel is connected yet. Connect one, and what customers write there becomes conversations in Freshchat; the \
        answers go back to their phones.
        """
    let waiting = "Waiting"
    let oldest = "Oldest"
    let inDoubt = "In doubt"
    let held = "Held for you"
    let dead = "Dead"
    let none = "–"
    let quick = "Half within"
    let slow = "99 % within"
    let perMinute = "a minute now"
    let lastHour = "in the last hour"
    let from = "60 min ago"
    let to = "now"
    let table = "The same as a table"
    let minutes = "Minutes ago"
    let came = "Came in"
    let went = "Delivered"
    let lost = "Given up"
    let queueTitle = "Waiting"
    let unknown = "not noted"
    let more = "more than a day"
    let store = "Data store"
    let open = "Look"

    func flow(_ direction: Direction) -> String {
        direction == .inbound ? "From customers" : "To customers"
    }

    func since(_ duration: String) -> String { "for \(duration)" }

    func chart(_ direction: Direction, name: String, total: Int64, highest: Int64, isComplete: Bool) -> String {
        let what = direction == .inbound ? "Messages from customers of \(name)" : "Messages to customers of \(name)"
        let known = isComplete ? "" : " Some minutes weren't noted."
        guard total > 0 else { return "\(what), minute by minute: none in the last hour.\(known)" }
        return "\(what), minute by minute: \(total) in the last hour, at most \(highest) in one minute.\(known)"
    }

    func queue(_ direction: Direction, name: String, most: Int64) -> String {
        let what = direction == .inbound ? "from customers of \(name)" : "to customers of \(name)"
        return "What waited \(what) at the beginning of each minute: \(most) at most in the last hour."
    }

    func span(_ first: Int, _ last: Int) -> String { "\(first)–\(last)" }

    /// What is wrong, for a person; the stable name stands beside it.
    func alarm(_ name: Alarm.Name) -> String {
        switch name {
        case .installationPaused: "Paused: nothing is sent"
        case .outboxGrowing: "Messages wait for too long"
        case .breakerOpen: "One side fails for everyone"
        case .signatureFailures: "Webhooks come with wrong signatures"
        case .storePressure: "Webhooks are refused: there is too little room"
        case .storeGone: "The data store's files are gone: nothing is accepted"
        case .socketGone: "The socket's file is gone: no web server can connect"
        case .deliveryDead: "Messages were given up on"
        case .webhookSilent: "Freshchat's webhooks don't arrive"
        case .messageWithheld: "Messages of an unknown kind were not sent"
        case .relayStalled: "Messages are due, and none is sent"
        case .laneStuck: "A worker hangs in a conversation"
        }
    }

    /// Which side or direction of an installation an alarm is about; `nil`: the whole, or a version's that we don't know.
    func subject(_ subject: String, channel: String?) -> String? {
        if let direction = Direction(rawValue: subject) { return flow(direction) }
        switch Side(rawValue: subject) {
        case .channel: return channel
        case .helpdesk: return "Freshchat"
        case nil: return nil
        }
    }

    /// What to do about it.
    func advice(_ name: Alarm.Name) -> String {
        switch name {
        case .installationPaused: "Mend the credential, then resume it on its page."
        case .outboxGrowing: "See what waits, and why."
        case .breakerOpen: "byoc probes it and goes on by itself. If it stays, look at that side's status page."
        case .signatureFailures: "Check the token and the webhook key on the installation's page."
        case .storePressure: "Make room on the disk, or find out why so much waits."
        case .storeGone: "Put the files back, or restore a backup, as the log says."
        case .socketGone: "byoc makes another one. If it stays, the log says what keeps it from doing so."
        case .deliveryDead: "Look at each: try it again, or discard it."
        case .webhookSilent: "Check Freshchat's webhook and its public key on the installation's page."
        case .messageWithheld:
            "The log names the kind. If the customer needs the message, send it from Freshchat again."
        case .relayStalled: "Restart byoc and look into its log: nothing that waits is lost."
        case .laneStuck:
            "Another worker takes over when the lease ends. If this comes back, restart byoc and look into its log."
        }
    }
}
