package import FoundationEssentials

/// How far an outbound message got, as the channel reports it.
package struct Receipt: Hashable, Sendable {
    /// Ordered: a state is never replaced by a lower one. `failed` stands below `delivered`, because one device of the
    /// customer may refuse what another has shown.
    package enum State: String, Codable, Sendable, Comparable, CaseIterable {
        case sent, delivered, failed, read

        package static func < (left: State, right: State) -> Bool {
            left.rank < right.rank
        }

        private var rank: Int {
            switch self {
            case .sent: 0
            case .failed: 1
            case .delivered: 2
            case .read: 3
            }
        }
    }

    package var messageID: ChannelMessageID
    package var state: State
    package var at: Date
    /// The channel's words for a failure.
    package var reason: String?

    package init(messageID: ChannelMessageID, state: State, at: Date, reason: String? = nil) {
        self.messageID = messageID
        self.state = state
        self.at = at
        self.reason = reason
    }
}
