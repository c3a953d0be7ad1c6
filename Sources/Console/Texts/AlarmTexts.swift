import RelayCore

/// The alarms, as the overview shows them.
extension OverviewTexts {
    /// The figures and names that an alarm's words need.
    struct AlarmFacts {
        /// The party that the alarm is about: the channel's name or Freshchat's; empty if it is about none.
        var party = ""
        /// Messages or webhooks that it counts; `nil` if the figures no longer have them.
        var count: Int64?
        /// Private notes that it counts besides.
        var notes: Int64 = 0
        /// The age of the oldest of them.
        var oldest: String?
        /// Whether a person paused the installation, or the environment no longer describes it.
        var isByHand = false
        /// Why Freshchat's webhooks don't come; `nil` if they do by now.
        var silence: WebhookSilence.Cause?
        var subject = ""

        /// Whether it counts private notes alone.
        var isOfNotes: Bool { count == nil && notes > 0 }

        /// "2 messages and 1 private note"; `nil` if the figures no longer have them.
        fileprivate var messages: String? {
            let parts = [
                count.map { counted($0, "message") }, notes > 0 ? counted(notes, "private note") : nil,
            ].compactMap(\.self)
            return parts.isEmpty ? nil : parts.joined(separator: " and ")
        }
    }

    /// The problem; the stable name is shown beside it.
    func alarm(_ name: Alarm.Name, _ facts: AlarmFacts) -> String {
        switch name {
        case .installationPaused: "Paused: nothing is sent"
        case .outboxGrowing: "Messages are waiting too long"
        case .breakerOpen: "\(facts.party) isn't responding"
        case .signatureFailures:
            facts.count.map { "\(counted($0, "invalid \(facts.party) signature")) in a row" }
                ?? "Invalid \(facts.party) signatures"
        case .storePressure: "Webhooks are being rejected"
        case .storeGone: "The data store's files are missing: nothing is accepted"
        case .socketGone: "The socket file is missing: the web server can't connect"
        case .deliveryDead:
            "\(facts.messages ?? "Messages") couldn't be delivered"
        case .messageWithheld: "Messages of an unknown type weren't sent"
        case .replyUndecided:
            facts.count.map { "\(counted($0, "reply", "replies")) held: several installations could be meant" }
                ?? "Replies held: several installations could be meant"
        case .relayStalled: "Messages are due, but none are being sent"
        case .laneStuck: "A worker is stuck on a conversation"
        case .webhookSilent: "No webhooks from Freshchat: replies arrive late"
        }
    }

    /// The cause, where the page has words of its own for it; `nil` to show the alarm's reason.
    func cause(_ name: Alarm.Name, _ facts: AlarmFacts) -> String? {
        switch name {
        case .outboxGrowing:
            if let messages = facts.messages, let oldest = facts.oldest {
                "\(messages) waiting, the oldest for \(oldest)."
            } else {
                ""
            }
        case .deliveryDead, .signatureFailures, .replyUndecided: ""
        case .webhookSilent: facts.silence == nil ? nil : ""
        case .installationPaused, .breakerOpen, .storePressure, .storeGone, .socketGone, .messageWithheld,
            .relayStalled, .laneStuck:
            nil
        }
    }

    /// The remedy.
    func advice(_ name: Alarm.Name, _ facts: AlarmFacts) -> String {
        switch name {
        case .installationPaused:
            facts.isByHand
                ? "Resume it when you are ready."
                : "If a credential was refused, replace it. Sending then resumes automatically."
        case .outboxGrowing: "Check which messages are waiting, and why."
        case .breakerOpen:
            "byoc is retrying one message at a time and will resume by itself. "
                + "If this lasts, check \(facts.party)'s status page."
        case .signatureFailures:
            facts.subject == Side.helpdesk.rawValue
                ? "Unless someone is probing the URL, Freshchat's public key has changed. Enter the new key."
                : "Unless someone is probing the URL, the token no longer matches \(facts.party)'s. Replace the token."
        case .storePressure:
            facts.subject == "disk" ? "Free up disk space." : "Check which messages are waiting, and why."
        case .storeGone: "Restore the files or a backup, as byoc's log describes."
        case .socketGone: "byoc creates it again. If it stays missing, check byoc's log."
        case .deliveryDead:
            (facts.count ?? 0) + facts.notes == 1 ? "Retry or discard it." : "Retry or discard each one."
        case .messageWithheld:
            "The log names the type. If the customer needs the message, send it again from Freshchat."
        case .replyUndecided:
            "Move the installations to different topics, then retry or discard each reply. Retrying decides again."
        case .relayStalled: "Restart byoc and check its log. Waiting messages are kept."
        case .laneStuck:
            "Another worker takes over when the lease ends. If this happens again, restart byoc and check its log."
        case .webhookSilent:
            switch facts.silence {
            case .noKey: "Set up Freshchat's webhook and enter its public key."
            case .wrongSignature: "Their signatures are invalid. Replace Freshchat's public key."
            case .neverHeard, .stopped, nil:
                "Check that Freshchat's webhook is enabled and has this installation's URL."
            }
        }
    }

    /// The link that leads to the remedy.
    func open(_ name: Alarm.Name, _ facts: AlarmFacts) -> String {
        switch name {
        case .installationPaused: facts.isByHand ? "Resume" : "Replace credential"
        case .webhookSilent: facts.silence?.needsKey == true ? "Enter public key" : "View webhook URL"
        case .signatureFailures: "Replace credential"
        case .outboxGrowing, .deliveryDead, .replyUndecided, .relayStalled, .laneStuck, .storePressure: "View messages"
        case .breakerOpen, .messageWithheld, .storeGone, .socketGone: "View installation"
        }
    }

    // MARK: What waits for a person

    func heldTitle(_ count: Int64) -> String { "\(counted(count, "message")) held" }
    var heldAdvice: String { "Decide for each: send it again, mark it as delivered, or discard it." }
    var openHeld: String { "View messages" }
}
