import RelayCore

/// What Freshchat told, sorted to the installations that it is about. Whether a webhook told it or we asked, it is sorted
/// in the same way.
struct SortedReplies {
    /// Whose a topic is.
    enum Owner {
        case installation(Installation)
        case nobody
        /// Of this installation, reported by another account.
        case foreign(Installation)
    }

    /// What goes to the store, for each installation, in the order of the events.
    private(set) var groups: [(installation: Installation, arrivals: [Acceptance.Arrival])] = []
    /// What another account told of an installation's topic: it goes nowhere.
    private(set) var foreign: [(installation: Installation, event: HelpdeskEvent)] = []

    /// - Parameters:
    ///   - owner: whose a topic is; asked with `nil` when the event doesn't say.
    ///   - ignore: is told of each event that goes nowhere, and why.
    init(
        _ events: [HelpdeskEvent], owner whose: (TopicID?) -> Owner,
        ignore: (_ reason: String, HelpdeskEvent, Installation?) -> Void
    ) {
        for event in events {
            let owner: Installation
            switch whose(event.topic) {
            case .installation(let installation): owner = installation
            case .nobody:
                ignore("of a topic that isn't ours", event, nil)
                continue
            case .foreign(let installation):
                foreign.append((installation, event))
                continue
            }
            switch event.content {
            case .message(let message):
                switch ReplyFilter.verdict(on: message, account: owner.helpdesk) {
                case .send: add(.init(dedupeKey: event.dedupeKey, content: .reply(message)), to: owner)
                case .keep(let reason): ignore(reason, event, owner)
                case .withhold(let kind):
                    ignore("of a kind that byoc doesn't know: \(kind)", event, owner)
                    // Under a name of its own: should the same message come with its kind, it is still to be sent.
                    add(
                        .init(dedupeKey: DedupeKey("withheld/\(event.dedupeKey)"), content: .withheld(kind: kind)),
                        to: owner)
                }
            case .status(let conversation, let isResolved, _):
                add(
                    .init(
                        dedupeKey: event.dedupeKey,
                        content: .status(conversation: conversation, isResolved: isResolved)),
                    to: owner)
            case .ignored(let reason):
                ignore(reason, event, owner)
            }
        }
    }

    private mutating func add(_ arrival: Acceptance.Arrival, to installation: Installation) {
        if let index = groups.firstIndex(where: { $0.installation.id == installation.id }) {
            groups[index].arrivals.append(arrival)
        } else {
            groups.append((installation, [arrival]))
        }
    }
}
