import FoundationEssentials
import RelayCore

extension FreshchatClient {
    /// A conversation's messages, as the events that the webhook would have sent (freshchat.md §2.3, §8 Q1).
    func history(
        of conversation: HelpdeskConversationID, since: Date
    ) async throws(APIFailure) -> ConversationHistory? {
        let list: MessageList?
        do {
            list = try await walk(conversation, from: since, trustsShortPages: true)
        } catch {
            guard error.status == 402 || error.status == 403 else { throw error }
            // A token that may write but not read is enough for deliveries, and must not pause them.
            var failure = error
            failure.failure.remedy = .giveUp
            throw failure
        }
        guard let list else { return nil }
        let events = list.messages.compactMap { message in
            var message = message
            // Listed in it, it is of it, whichever of its two ids stands there (freshchat.md §1.6).
            message.conversation = conversation
            return HelpdeskEvent(message)
        }
        return ConversationHistory(messages: events, calls: list.calls)
    }
}
