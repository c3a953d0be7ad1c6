package import FoundationEssentials

/// Where intake and relay tell what they do, step by step, to people who watch at this moment. Nothing depends on it:
/// a step may be lost, and with nobody watching none is even made.
package protocol Trace: Sendable {
    /// Whether somebody watches. Asked before every step, so it costs next to nothing.
    var isWatched: Bool { get }

    /// Passes a step on. Never waits, never fails.
    func send(_ step: TraceStep)
}

extension Trace {
    /// Makes and sends a step, when somebody watches.
    package func tell(_ kind: TraceStep.Kind, _ fill: (inout TraceStep) -> Void = { _ in }) {
        guard isWatched else { return }
        var step = TraceStep(kind)
        fill(&step)
        send(step)
    }
}

/// Tells nobody.
package struct NoTrace: Trace {
    package init() {}
    package var isWatched: Bool { false }
    package func send(_ step: TraceStep) {}
}

/// One step on the way of a message, or of a worker's life. Never a secret in it.
package struct TraceStep: Hashable, Codable, Sendable {
    package enum Kind: String, Codable, Sendable, CaseIterable {
        /// A webhook's request has been read; nothing of it is believed yet.
        case received
        /// It is genuine.
        case verified
        /// It was answered with an error.
        case refused
        /// Its events are on disk, or were there already.
        case committed
        /// One of its events is nothing for us.
        case ignored
        /// A worker has taken a delivery's lease.
        case claimed
        /// A request to a far side begins.
        case sending
        /// The far side has answered, or it is certain that it won't.
        case answered
        /// The delivery is made.
        case delivered
        /// It goes back to wait.
        case retrying
        /// It is not known whether the far side has it.
        case inDoubt = "in_doubt"
        /// A doubt was looked up, and the message was there.
        case found
        case dead
        /// A person has to decide.
        case held
        /// A private note for the agent is put into the outbox.
        case note
        case discarded
        /// The installation sends nothing more until an operator fixes it.
        case paused
        /// A customer's profile was written to Freshchat, or could not be.
        case profile
        /// A worker takes requests.
        case started
        case stopped
        /// Deliveries of a worker that was killed are taken over.
        case recovered
    }

    package var at: Date
    package var step: Kind
    /// The process.
    package var worker: Int32 = 0
    /// Counts the steps that a worker has told: a gap says that some were missed.
    package var seq: Int64 = 0
    package var request: String?
    package var delivery: Int64?
    package var deliveries: [Int64]?
    package var installation: String?
    package var direction: Direction?
    package var channel: String?
    /// The customer, by their id on the channel.
    package var contact: String?
    /// The customer's name, where the channel tells it.
    package var name: String?
    /// What it is about: `message`, `delivered`, `seen`, `note`, …
    package var event: String?
    /// The beginning of the message.
    package var text: String?
    /// How long it took, by a monotonic clock.
    package var ms: Double?
    package var attempt: Int?
    /// The far side's HTTP status.
    package var status: Int?
    package var outcome: String?
    /// In words.
    package var detail: String?

    package init(_ step: Kind, at: Date = Date()) {
        self.at = at
        self.step = step
    }
}

extension TraceStep {
    /// Which way, and whose.
    package mutating func set(_ flow: Flow, _ channel: ChannelKind) {
        installation = flow.installation.rawValue
        direction = flow.direction
        self.channel = channel.rawValue
    }

    package mutating func set(_ profile: ContactProfile) {
        contact = profile.userID.rawValue
        name = profile.name
    }

    /// - Parameter text: as much of it as one line shows.
    package mutating func set(text: String) { self.text = text.truncated(to: 120) }

    package mutating func set(time: Duration) { ms = Double(time.microseconds) / 1000 }

    package mutating func set(_ content: ChannelEvent.Content) {
        switch content {
        case .message(let incoming):
            event = "message"
            set(incoming.from)
            set(text: incoming.message.plainText)
        case .receipt(let receipt):
            event = receipt.state == .read ? "seen" : receipt.state.rawValue
            detail = receipt.reason
        case .subscription(let change):
            event = change.kind.rawValue
            set(change.user)
        case .ignored(let reason):
            detail = reason
        }
    }

    package mutating func set(_ content: HelpdeskEvent.Content) {
        switch content {
        case .message(let message):
            event = "message"
            name = message.actorName
            set(text: message.message.plainText)
        case .status(_, let isResolved, _):
            event = isResolved ? "resolved" : "reopened"
        case .ignored(let reason):
            detail = reason
        }
    }

    /// What a delivery is.
    package mutating func set(_ payload: Payload?) {
        switch payload {
        case .message(let incoming):
            event = "message"
            set(text: incoming.message.plainText)
        case .reply(let reply):
            event = "message"
            set(text: reply.message.plainText)
        case .note(let text, _):
            event = "note"
            set(text: text)
        case nil: break
        }
    }
}
