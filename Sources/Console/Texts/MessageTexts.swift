import RelayCore

/// One message, in the list and on its page.
struct MessageTexts: Sendable {
    let back = "All messages"
    let from = "From"
    let to = "To"
    let noteAbout = "Private note about"
    let nobody = "an unknown customer"
    let unreadable = "(This version of byoc can't read this message.)"
    let blank = "(no text)"
    let late = "Out of order"
    let lateMeaning = "Later messages of this conversation were sent before it."
    let content = "Message"
    let way = "Timeline"
    let decide = "Actions"
    let more = "View conversation"
    let location = "Location"
    let card = "Contact card"
    let link = "Link"
    let choice = "Button"
    let unsupported = "Unsupported part"
    let numberLabel = "Number"
    let installation = "Installation"
    let customer = "Customer ID"
    let removedInstallation = "The installation was removed, so this message can't be changed."

    /// A message's number, as it is written everywhere.
    func number(_ id: DeliveryID) -> String { "#\(id)" }

    func title(_ way: String, _ name: String) -> String { "\(way) \(name)" }

    func standing(_ standing: MessageQuery.Standing) -> String {
        switch standing {
        case .waiting: "Waiting"
        case .inDoubt: "In doubt"
        case .held: "Held"
        case .dead: "Failed"
        case .delivered: "Delivered"
        case .discarded: "Discarded"
        }
    }

    /// A state's meaning, for somebody who sees it for the first time. The reason for waiting stands behind it.
    ///
    /// - Parameter party: the name of the recipient's service.
    func meaning(_ standing: MessageQuery.Standing, _ party: String) -> String {
        switch standing {
        case .waiting: ""
        case .inDoubt: "It's unclear whether this message was sent. byoc resolves this automatically."
        case .held:
            """
            It's unclear whether this message was sent: it may or may not have reached the customer. Choose what to do.
            """
        case .dead: "Delivery failed."
        case .delivered: "\(party) accepted this message."
        case .discarded: "This message won't be sent."
        }
    }

    let confirmedByOperator = "An operator marked this message as delivered."

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
        case ..<1024: counted(max(0, bytes), "byte")
        case ..<(1024 * 1024): "\(bytes / 1024) KiB"
        default: "\((bytes / (1024 * 1024)).grouped) MiB"
        }
    }
}
