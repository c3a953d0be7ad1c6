import RelayCore

/// The stages of a message, from the webhook to the receipt.
struct TimelineTexts: Sendable {
    let accepted = "Received"
    let acceptedNote = "byoc wrote this note for the agents."
    let sending = "Being sent now"

    func acceptedInbound(_ channel: String) -> String { "\(channel)'s webhook was verified and stored." }

    /// The way by which an agent's reply came.
    func acceptedOutbound(_ source: ReplySource?) -> String {
        switch source {
        case .webhook, nil: "Freshchat's webhook was verified and stored."
        case .productEvent: "Freshchat's product event was stored."
        case .poll: "Found by polling Freshchat, because no webhook had arrived."
        }
    }

    func delay(_ duration: String) -> String { "Received \(duration) after it was written." }

    func attempt(_ number: Int, piece: Int, hasPieces: Bool) -> String {
        hasPieces ? "Part \(piece), attempt \(number)" : "Attempt \(number)"
    }

    func outcome(_ outcome: Attempt.Outcome?) -> String {
        switch outcome {
        case .delivered: "Sent"
        case .failed: "Failed"
        case .inDoubt: "In doubt"
        case nil: sending
        }
    }

    func took(_ outcome: Attempt.Outcome?, _ duration: String) -> String {
        outcome == .delivered ? "Sent in \(duration)" : "\(self.outcome(outcome)) after \(duration)"
    }

    func ended(_ state: Delivery.State) -> String {
        switch state {
        case .delivered: "Delivered"
        case .dead: "Failed"
        case .held: "Held"
        case .discarded: "Discarded"
        case .waiting: "Waiting"
        }
    }

    func receipt(_ state: Receipt.State, _ channel: String) -> String {
        switch state {
        case .sent: "\(channel): sent"
        case .delivered: "\(channel): delivered to the device"
        case .read: "\(channel): read"
        case .failed: "\(channel): failed"
        }
    }

    /// A person's decision.
    func decided(_ kind: DeliveryDecision.Kind, piece: Int, hasPieces: Bool) -> String {
        let made =
            switch kind {
            case .retry: "Retry requested"
            case .resend: "Resend requested"
            case .confirmedArrival: "Marked as delivered"
            case .discard: "Discarded"
            }
        return hasPieces && kind != .discard ? "\(made) (part \(piece))" : made
    }

    /// Where a decision was made.
    func origin(_ origin: DeliveryDecision.Origin) -> String {
        switch origin {
        case .command: "On the command line."
        case .pages(let address?): "On these pages, from \(address)."
        case .pages(nil): "On these pages."
        }
    }
}
