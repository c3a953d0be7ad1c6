package import FoundationEssentials

/// A row of the outbox.
package struct Delivery: Hashable, Sendable {
    package enum State: String, Codable, Sendable, CaseIterable {
        /// To be made, now or later.
        case waiting
        case delivered
        /// Given up on; kept with its reason.
        case dead
        /// In doubt, and the installation says that a person decides.
        case held
        /// Given up on by a person.
        case discarded
    }

    package var id: DeliveryID
    /// Whose it is. While the installation of a reply isn't known, this is the helpdesk account's id.
    package var installation: InstallationID
    package var direction: Direction
    package var orderingKey: OrderingKey
    package var contact: ContactID?
    /// `nil`: the row is there but can't be read, by this version at least.
    package var payload: Payload?
    package var state: State
    /// How many of its pieces are delivered.
    package var progress: Int
    /// Attempts that count towards giving up, of the piece it has reached.
    package var attempts: Int
    package var acceptedAt: Date
    package var nextAttemptAt: Date
    package var finishedAt: Date?
    /// Since when an attempt of the piece it has reached is in doubt.
    package var doubtSince: Date?
    /// Why it waits, is held or is dead, in words for an agent; empty when nothing went wrong.
    package var reason: String
    /// The far side's words, for the operator.
    package var detail: String
    /// Whether one of its key that was accepted later went out before it, while it was dead or held.
    package var isLate: Bool
    /// How a reply came; `nil` for what isn't a reply, and for what an earlier version accepted.
    package var source: ReplySource?
    /// Why it is dead; `nil` for one that isn't dead, and for one that died under an earlier version.
    package var cause: DeadLetterCause?

    package init(
        id: DeliveryID, installation: InstallationID, direction: Direction, orderingKey: OrderingKey,
        contact: ContactID?, payload: Payload?, state: State, progress: Int = 0, attempts: Int = 0, acceptedAt: Date,
        nextAttemptAt: Date, finishedAt: Date? = nil, doubtSince: Date? = nil, reason: String = "", detail: String = "",
        isLate: Bool = false, source: ReplySource? = nil, cause: DeadLetterCause? = nil
    ) {
        self.id = id
        self.installation = installation
        self.direction = direction
        self.orderingKey = orderingKey
        self.contact = contact
        self.payload = payload
        self.state = state
        self.progress = progress
        self.attempts = attempts
        self.acceptedAt = acceptedAt
        self.nextAttemptAt = nextAttemptAt
        self.finishedAt = finishedAt
        self.doubtSince = doubtSince
        self.reason = reason
        self.detail = detail
        self.isLate = isLate
        self.source = source
        self.cause = cause
    }
}
