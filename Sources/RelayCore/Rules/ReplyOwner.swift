/// Whose a message from Freshchat is: by which installation it leaves.
///
/// The conversation decides; where nobody knows it, the topic that the event names does. Several installations on one topic are
/// told apart by the user, then by the reference. The user alone never decides, because agents also answer known users
/// elsewhere. What can't be decided is held, never guessed.
package enum ReplyOwner: Hashable, Sendable {
    case one(InstallationID)
    /// No installation's: a web widget shares the webhook.
    case none
    /// It takes a look at the conversation in Freshchat to say.
    case unknown
    /// It can't be decided, whatever Freshchat says.
    case several([InstallationID])

    /// What a store and an event know.
    package struct Facts: Sendable {
        /// The installation that the conversation is bound to; `nil` if none is.
        package var ownerOfConversation: InstallationID?
        /// The topic that the event, or Freshchat, names.
        package var topic: TopicID?
        package var reference: Reference?
        /// Whether the event, or Freshchat, names a user.
        package var hasUser: Bool
        /// Those of the installations that have a contact with this user.
        package var knowingUser: Set<InstallationID>
        /// Those of the installations that have a contact with this reference.
        package var knowingReference: Set<InstallationID>
        /// Whether Freshchat was asked, so that nothing more is to be found out.
        package var isLookedUp: Bool

        package init(
            ownerOfConversation: InstallationID? = nil, topic: TopicID?, reference: Reference? = nil,
            hasUser: Bool = false,
            knowingUser: Set<InstallationID> = [], knowingReference: Set<InstallationID> = [], isLookedUp: Bool = false
        ) {
            self.ownerOfConversation = ownerOfConversation
            self.topic = topic
            self.reference = reference
            self.hasUser = hasUser
            self.knowingUser = knowingUser
            self.knowingReference = knowingReference
            self.isLookedUp = isLookedUp
        }
    }

    /// - Parameter routes: the installations of the helpdesk account.
    package init(_ facts: Facts, among routes: [Route]) {
        if let owner = facts.ownerOfConversation {
            self = .one(owner)
            return
        }
        guard let topic = facts.topic else {
            // Without its topic it can't be told from a conversation on a web widget.
            self = facts.isLookedUp || routes.isEmpty ? .none : .unknown
            return
        }
        var candidates = routes.filter { $0.accepts && $0.has(topic) }
        guard candidates.count > 1 else {
            self = candidates.first.map { .one($0.installation) } ?? .none
            return
        }
        Self.narrow(&candidates) { facts.knowingUser.contains($0.installation) }
        if candidates.count > 1 { Self.narrow(&candidates) { facts.knowingReference.contains($0.installation) } }
        if candidates.count > 1, let reference = facts.reference {
            let fitting = candidates.filter { $0.user(of: reference) != nil }
            // A reference that no installation makes is of somebody whom none of them knows.
            guard !fitting.isEmpty || !facts.knowingUser.isEmpty else {
                self = .none
                return
            }
            Self.narrow(&candidates) { $0.user(of: reference) != nil }
        }
        if candidates.count == 1 {
            self = .one(candidates[0].installation)
        } else if facts.reference == nil, !facts.isLookedUp {
            self = .unknown
        } else if facts.reference == nil, facts.knowingUser.isEmpty {
            // Somebody whom no channel has brought.
            self = .none
        } else {
            self = .several(candidates.map(\.installation))
        }
    }

    private static func narrow(_ candidates: inout [Route], _ fits: (Route) -> Bool) {
        let fitting = candidates.filter(fits)
        if !fitting.isEmpty { candidates = fitting }
    }
}

extension ReplyOwner {
    /// Why a reply that it was decided of isn't sent, in words for an agent; `nil` if it is.
    package var reason: String? {
        switch self {
        case .one, .unknown: nil
        case .none: "It belongs to no installation"
        case .several(let installations):
            "Several installations could be meant: " + installations.map(\.rawValue).sorted().joined(separator: ", ")
        }
    }
}
