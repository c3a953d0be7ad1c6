import RelayCore

extension Posting {
    /// A customer's known conversation has refused his message: the ladder of freshchat.md §1.11, from mending the old
    /// conversation to opening a new one.
    ///
    /// - Parameters:
    ///   - mapped: the conversation that refused.
    ///   - present: his conversations on our topic, where they were looked at already.
    func moveOn(
        from mapped: HelpdeskConversationID, after refusal: APIFailure, user: HelpdeskUserID,
        present: [ConversationObject]?
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        // A conversation on another topic is not used, whatever the mapping says.
        if let current = try await client.conversation(mapped), current.topic == client.account.topic,
            !refusal.saysNotLatest
        {
            do {
                if current.isResolved {
                    if client.account.resolvedPolicy == .reopen, try await client.reopen(mapped) {
                        return try await post(as: user, to: mapped)
                    }
                } else if refusal.status == 404, let number = current.internalID, number != mapped {
                    // Some accounts take a number in this path (freshchat.md §1.6). The mapping keeps the id that events
                    // have.
                    return try await post(as: user, to: number)
                }
            } catch {
                guard error.maySayMoved, !error.refusesContent else { throw error }
            }
        }
        let others: [ConversationObject]
        if let present { others = present } else { others = try await client.conversations(of: user) }
        return try await post(as: user, toNewestOf: others.filter { $0.id != mapped })
    }
}
