import FoundationEssentials
import RelayCore

/// What of a conversation's messages is after its beginning: since when it is ours, and how far it is seen.
///
/// All of it goes by Freshchat's clock, which may be minutes or hours away from ours: the store's own time of the beginning
/// serves only where nothing better is known.
struct FoundMessages {
    /// How long before the newest message that was seen one may still turn up: Freshchat's own machines differ by a little,
    /// and the 2 s of freshchat.md §8 Q19. What is seen twice is a repeat and costs nothing.
    static let overlap: TimeInterval = 60
    /// How far the clocks may be apart at the first look.
    static let clockAllowance: TimeInterval = 24 * 60 * 60
    /// Nothing older is ever fetched. Much less than the 30 days for which the names of events are remembered, so that
    /// whatever was taken in is recognised.
    static let longestLookback: TimeInterval = 7 * 24 * 60 * 60

    /// In the order in which they were written.
    private(set) var messages: [HelpdeskEvent]
    private(set) var beginsAt: Date
    private(set) var seenUntil: Date?

    /// From when on to ask for messages.
    static func start(of conversation: WatchedConversation, now: Date) -> Date {
        let earliest = now.addingTimeInterval(-longestLookback)
        guard let seenUntil = conversation.seenUntil else {
            return max(conversation.beginsAt.addingTimeInterval(-clockAllowance), earliest)
        }
        return max(conversation.beginsAt, seenUntil.addingTimeInterval(-overlap), earliest)
    }

    /// - Parameters:
    ///   - history: oldest first.
    ///   - start: from when on it was asked for. A server that doesn't know `from_time` gives everything.
    ///   - known: those that the store knows.
    init(
        _ history: [HelpdeskEvent], from start: Date, of conversation: WatchedConversation,
        known: Set<HelpdeskMessageID>
    ) {
        beginsAt = conversation.beginsAt
        // The first look: what was written before the first message that we made or took in is from before our time. The
        // message itself says so by its place and by Freshchat's clock.
        if conversation.seenUntil == nil,
            let first = history.compactMap(\.message).first(where: { known.contains($0.id) })?.message.sentAt
        {
            beginsAt = first
        }
        let begin = max(beginsAt, start)
        messages = history.filter { event in event.message?.message.sentAt.map { $0 >= begin } ?? false }
        seenUntil = messages.compactMap { $0.message?.message.sentAt }.reduce(conversation.seenUntil) {
            newest, instant in
            max(newest ?? instant, instant)
        }
    }
}

extension HelpdeskEvent {
    var message: HelpdeskMessage? {
        guard case .message(let message) = content else { return nil }
        return message
    }
}
