/// What is counted for ever, by installation and direction. The raw value is the name under which the store keeps it.
package enum Counter: String, Sendable, CaseIterable {
    /// Deliveries put into the outbox, notes for agents among them. A reply whose owner isn't known is counted once that is
    /// settled: for the installation, or for the helpdesk account when it is discarded.
    case accepted
    /// Of those, private notes for agents.
    case notesAccepted = "notes_accepted"
    /// Events of webhooks that were known already, and our own echoes.
    case repeated
    /// Deliveries made.
    case delivered
    /// Of those, private notes for agents.
    case notesDelivered = "notes_delivered"
    /// Attempts that failed, or ended in doubt, and whose delivery goes on waiting.
    case retried
    /// Deliveries given up on.
    case dead
    /// Of those, private notes for agents.
    case notesDead = "notes_dead"
    /// Attempts of which nobody knows whether the far side applied them.
    case inDoubt = "in_doubt"
    /// Pieces in doubt that were sent again because the installation says so: the customer may have them twice.
    case resent
    /// Deliveries that were left to a person.
    case held
    /// Deliveries given up by a person, with their installation, or as none of ours.
    case discarded
    /// Deliveries made after later ones of their key.
    case late
    /// Messages that no webhook brought, found by asking Freshchat.
    case polled
    /// Updates of customers' profiles in Freshchat.
    case profiles
    /// Webhooks whose signature was missing or wrong.
    case signatureFailures = "signature_failures"
    /// Messages of agents or bots that weren't sent, because nobody knows their kind.
    case withheld
    /// Freshchat's events about the installation's topic that were signed for another account, and refused.
    case foreign
}

/// One direction of one installation: what figures are told apart by. Inbound stands for the channel's webhooks too, and
/// outbound for Freshchat's.
package struct Flow: Hashable, Sendable, Comparable {
    package var installation: InstallationID
    package var direction: Direction

    package init(_ installation: InstallationID, _ direction: Direction) {
        self.installation = installation
        self.direction = direction
    }

    package static func < (left: Flow, right: Flow) -> Bool {
        (left.installation.rawValue, left.direction.rawValue) < (right.installation.rawValue, right.direction.rawValue)
    }
}

extension Acceptance.Content {
    /// Whose webhook tells such a thing.
    package var direction: Direction {
        switch self {
        case .message, .receipt, .subscription: .inbound
        case .reply, .status, .withheld: .outbound
        }
    }

    /// Whether a delivery comes of it.
    package var isDelivery: Bool {
        switch self {
        case .message, .reply: true
        case .receipt, .subscription, .status, .withheld: false
        }
    }
}
