import RelayCore

extension [HelpdeskEvent] {
    /// What of this goes to the store. Whether a webhook told it or we asked, it is sorted in the same way.
    ///
    /// - Parameter ignore: is told of each event that goes nowhere, and why.
    func arrivals(ignore: (_ reason: String, HelpdeskEvent) -> Void) -> [Acceptance.Arrival] {
        compactMap { event in
            switch event.content {
            case .message(let message):
                switch ReplyFilter.verdict(on: message) {
                case .send:
                    return .init(dedupeKey: event.dedupeKey, content: .reply(message), topic: event.topic)
                case .keep(let reason):
                    ignore(reason, event)
                    return nil
                case .withhold(let kind):
                    ignore("of a kind that byoc doesn't know: \(kind)", event)
                    // Under a name of its own: should the same message come with its kind, it is still to be sent.
                    return .init(
                        dedupeKey: DedupeKey("withheld/\(event.dedupeKey)"),
                        content: .withheld(kind: kind, of: message.conversation), topic: event.topic)
                }
            case .status(let conversation, let isResolved, _):
                return .init(
                    dedupeKey: event.dedupeKey, content: .status(conversation: conversation, isResolved: isResolved),
                    topic: event.topic)
            case .ignored(let reason):
                ignore(reason, event)
                return nil
            }
        }
    }
}
