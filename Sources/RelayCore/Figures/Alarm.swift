package import FoundationEssentials

/// A promise at risk: raised once, however many workers see it, and cleared once.
package struct Alarm: Hashable, Sendable {
    /// What is wrong. The raw values are what an operator's log collector looks for: they never change.
    package enum Name: String, Sendable, CaseIterable {
        /// Nothing is sent for it.
        case installationPaused = "installation.paused"
        /// What waits has waited for too long.
        case outboxGrowing = "outbox.growing"
        /// One side of it fails for everyone, and is only probed.
        case breakerOpen = "breaker.open"
        /// Webhooks come whose signatures are wrong, one after the other.
        case signatureFailures = "signature.failures"
        /// Webhooks are refused, for the outbox or the disk is full.
        case storePressure = "store.pressure"
        /// The data store's files were deleted or replaced under the workers. It can't be kept in the store.
        case storeGone = "store.gone"
        /// The socket's file was deleted or replaced: no web server can connect. It isn't kept in the store either.
        case socketGone = "socket.gone"
        /// Deliveries were given up on, and nobody has decided about them yet.
        case deliveryDead = "delivery.dead"
        /// Messages of agents or bots aren't sent, because their kind isn't known.
        case messageWithheld = "message.withheld"
        /// Replies are held because several installations could be meant. Its subject is the helpdesk account.
        case replyUndecided = "reply.undecided"
        /// Freshchat's webhooks don't come, so that replies are found by the poll alone, late.
        case webhookSilent = "webhook.silent"
        /// Deliveries are due, and no worker makes any.
        case relayStalled = "relay.stalled"
        /// A conversation is leased for longer than an attempt can take.
        case laneStuck = "lane.stuck"
    }

    package var name: Name
    /// `nil`: it is about the store and with it about all.
    package var installation: InstallationID?
    /// What of it, where there can be several: a side, `outbox`, `disk`; else empty.
    package var subject: String

    package init(_ name: Name, of installation: InstallationID? = nil, subject: String = "") {
        self.name = name
        self.installation = installation
        self.subject = subject
    }
}

/// An alarm that is raised.
package struct RaisedAlarm: Hashable, Sendable {
    package var alarm: Alarm
    package var reason: String
    package var since: Date

    package init(_ alarm: Alarm, reason: String, since: Date) {
        self.alarm = alarm
        self.reason = reason
        self.since = since
    }
}
