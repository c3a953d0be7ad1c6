import RelayCore

/// The list of messages.
struct MessagesTexts: Sendable {
    let title = "Messages"
    let lead = "Everything that went, or is to go, between customers and agents; the newest first."
    let filter = "Find messages"
    let text = "Text"
    let contact = "Customer"
    let state = "State"
    let directionLabel = "Direction"
    let installation = "Installation"
    let channel = "Channel"
    let any = "Any"
    let both = "Both"
    let all = "All"
    let search = "Search"
    let clear = "Clear the filter"
    let pages = "Pages of the list"
    let newest = "Newest"
    let newer = "Newer"
    let older = "Older"
    let lookOn = "Look further back"
    let connect = "Connect a channel"
    let toInstallations = "See the installations"
    let unconnectedTitle = "No channel is connected yet"
    let unconnectedLead = "Connect one, and what customers write there is listed here."
    let noneTitle = "No messages yet"
    let noneLead = """
        Write to your account on the channel from a phone, or send a test from an installation's page: it appears here \
        within seconds, by itself.
        """
    let nothingFoundTitle = "Nothing matches"
    let nothingFoundLead = """
        A customer is found by his whole id, or by a part of his name; a text by any part of it. Old messages are removed \
        after the time that is set for keeping them.
        """
    let endTitle = "The list ends here"
    let endLead = "There is nothing further on this side."

    func direction(_ direction: Direction) -> String {
        direction == .inbound ? "From customers" : "To customers"
    }

    func lookedThrough(_ count: Int) -> String {
        "\(count) messages were looked through for this. There may be more further back."
    }

    func moreContacts(_ count: Int) -> String {
        "More customers may have that name than were looked for: \(count) at most. Give more of the name, or the id."
    }
}

/// One message, in the list and on its page.
struct MessageTexts: Sendable {
    let back = "All messages"
    let from = "From"
    let to = "To"
    let noteAbout = "Note to the agents about"
    let nobody = "somebody not known yet"
    let unreadable = "(This version of byoc can't read it.)"
    let blank = "(no text)"
    let late = "out of order"
    let content = "The message"
    let way = "Its way"
    let decide = "What you can do"
    let more = "All of this customer's messages"
    let location = "Place"
    let card = "Contact card"
    let link = "Link"
    let choice = "Button"
    let unsupported = "A part that byoc can't show"
    let number = "Number"
    let installation = "Installation"
    let customer = "Customer"
    let accepted = "Taken in"
    let acceptedInbound = "The channel's webhook was verified and stored."
    let acceptedOutbound = "Freshchat's webhook was verified and stored."
    let acceptedNote = "byoc wrote it itself, for the agents."
    let nextAttempt = "Next attempt"
    let inHand = "Being sent now"
    let cancel = "Leave it as it is"
    let removedInstallation = "Its installation is removed, so nothing more can be done with it."

    func standing(_ standing: MessageQuery.Standing) -> String {
        switch standing {
        case .waiting: "Waiting"
        case .inDoubt: "In doubt"
        case .held: "Held for you"
        case .dead: "Dead"
        case .delivered: "Delivered"
        case .discarded: "Discarded"
        }
    }

    /// What its state means, for somebody who sees it for the first time.
    func meaning(_ standing: MessageQuery.Standing) -> String {
        switch standing {
        case .waiting: "It is sent as soon as it is due and those before it are through."
        case .inDoubt: "An attempt was broken off, and nobody knows whether it arrived. It is settled by itself."
        case .held: "An attempt was broken off, and nobody knows whether the customer has it. You decide."
        case .dead: "byoc has given up on it. It is kept until you try it again or discard it."
        case .delivered: "The other side has taken it."
        case .discarded: "It was given up for good, and is not sent."
        }
    }

    func kind(_ kind: Attachment.Kind) -> String {
        switch kind {
        case .image: "Picture"
        case .video: "Video"
        case .audio: "Audio"
        case .file: "File"
        case .sticker: "Sticker"
        }
    }

    func details(_ attachment: Attachment) -> [String] {
        var details: [String] = []
        if let type = attachment.contentType, !type.isEmpty { details.append(type) }
        if let bytes = attachment.byteCount { details.append(size(bytes)) }
        if let seconds = attachment.seconds, seconds.isFinite, seconds >= 0, seconds < 1e9 {
            details.append("\(Int(seconds.rounded())) s")
        }
        return details
    }

    private func size(_ bytes: Int64) -> String {
        switch bytes {
        case ..<1024: "\(max(0, bytes)) bytes"
        case ..<(1024 * 1024): "\(bytes / 1024) KiB"
        default: "\(bytes / (1024 * 1024)) MiB"
        }
    }

    func title(_ way: String, _ name: String) -> String { "\(way) \(name)" }

    func attempt(_ number: Int, piece: Int, hasPieces: Bool) -> String {
        hasPieces ? "Attempt \(number), for piece \(piece)" : "Attempt \(number)"
    }

    func outcome(_ outcome: Attempt.Outcome?) -> String {
        switch outcome {
        case .delivered: "Taken"
        case .failed: "Failed"
        case .inDoubt: "In doubt"
        case nil: inHand
        }
    }

    func took(_ duration: String) -> String { "after \(duration)" }

    func ended(_ state: Delivery.State) -> String {
        switch state {
        case .delivered: "Delivered"
        case .dead: "Given up"
        case .held: "Held for a person"
        case .discarded: "Discarded"
        case .waiting: "Waiting"
        }
    }

    func receipt(_ state: Receipt.State) -> String {
        switch state {
        case .sent: "The channel says: sent"
        case .delivered: "The channel says: on the customer's device"
        case .read: "The channel says: read"
        case .failed: "The channel says: failed"
        }
    }

    func done(_ name: String) -> String? {
        switch MessageDecision(rawValue: name) {
        case .retry: "It will be tried again now."
        case .resend: "It will be sent again now."
        case .arrived: "Noted: it arrived, and isn't sent again."
        case .discard: "It is discarded."
        case nil: nil
        }
    }

    func button(_ decision: MessageDecision) -> String {
        switch decision {
        case .retry: "Try again now"
        case .resend: "Send it again"
        case .arrived: "It arrived"
        case .discard: "Discard"
        }
    }

    /// What a decision does, to be read before it is made.
    func help(_ decision: MessageDecision) -> String {
        switch decision {
        case .retry: "Makes it due at once, in its place in the conversation, with its attempts counted from the start."
        case .resend: "If it did arrive, the customer gets it twice."
        case .arrived: "If it didn't arrive, the customer never gets it. Ask the customer, or look on a phone, first."
        case .discard: "Gives it up for good. Those behind it go on."
        }
    }

    func effects(_ decision: MessageDecision) -> [String] {
        switch decision {
        case .retry:
            [
                "It becomes due at once and keeps its place: what was accepted after it waits for it.",
                "If later messages of the conversation went out meanwhile, it goes out late and is marked so.",
                "Its attempts are counted from the start.",
            ]
        case .resend:
            [
                "It is sent to the customer once more. If the first attempt did arrive, the customer has it twice.",
                "Later messages of the conversation that went out meanwhile stay where they are.",
            ]
        case .arrived:
            [
                "It counts as arrived and isn't sent again. If it didn't arrive, the customer never gets it.",
                "Of a message in several pieces, the pieces behind this one are sent now.",
            ]
        case .discard:
            [
                "It is never sent, and this can't be undone.",
                "The message itself stays in the list until old messages are removed.",
                "What waits behind it in the conversation goes on.",
            ]
        }
    }

    let changed = "The message has moved on since that page was opened. See how it stands now, and decide again."
}
