import RelayCore

extension Posting {
    /// Handles the refusal of a message by the customer's known conversation, by the ladder of freshchat.md §1.11: from
    /// repairing the old conversation to opening a new one.
    ///
    /// The customer moves only after a refusal that says "not the latest", or if the conversation is gone, resolved or on
    /// another topic. Any other refusal by an open conversation is about the message itself.
    ///
    /// - Parameters:
    ///   - mapped: the conversation that refused.
    ///   - present: the user's conversations on our topic, if already read.
    func moveOn(
        from mapped: HelpdeskConversationID, after refusal: APIFailure, user: HelpdeskUserID,
        present: [ConversationObject]?
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        do {
            if let id = try await repair(mapped, after: refusal, user: user) { return id }
            let all: [ConversationObject]
            if let present { all = present } else { all = try await client.conversations(of: user, on: piece.topic) }
            return try await post(as: user, toNewestOf: all.filter { $0.id != mapped })
        } catch {
            // If the refusal leaves it unclear whether the message arrived, no later failure makes it clear.
            var failure = error
            if !refusal.failure.isCertain { failure.failure.isCertain = false }
            throw failure
        }
    }

    /// Posts to the mapped conversation after all, reopened or by its number.
    ///
    /// - Returns: `nil` if the customer has to move.
    /// - Throws: the refusal, if it is about the message.
    private func repair(
        _ mapped: HelpdeskConversationID, after refusal: APIFailure, user: HelpdeskUserID
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        // A conversation on another topic is never used, whatever the mapping says.
        guard !refusal.saysNotLatest, let current = try await client.conversation(mapped),
            current.topic == piece.topic
        else { return nil }
        do throws(APIFailure) {
            if current.isResolved {
                guard piece.resolvedPolicy == .reopen, try await client.reopen(mapped) else { return nil }
                return try await post(as: user, to: mapped)
            }
            guard refusal.saysGone else { throw refusal }
            // Some accounts take a number in this path (freshchat.md §1.6). The mapping keeps the id that events have.
            if let number = current.internalID, number != mapped {
                return try await client.post(
                    .fromCustomer(text, user: user), to: number, named: mapped, isKnown: piece.isKnown)
            }
        } catch {
            guard error.saysNotLatest || error.saysGone else { throw error }
            if current.isResolved || error.saysNotLatest { return nil }
        }
        throw contradiction(refusal, mapped)
    }

    /// The failure for a conversation that Freshchat reports as gone and as open. If byoc moved the customer for that, a
    /// temporary fault would split their conversation.
    private func contradiction(_ refusal: APIFailure, _ mapped: HelpdeskConversationID) -> APIFailure {
        APIFailure(
            failure: DeliveryFailure(
                .retry(after: nil), isCertain: false,
                reason: "Freshchat rejects messages to a conversation that it shows as open",
                detail: refusal.failure.detail))
    }
}
