import RelayCore

extension FreshchatClient {
    /// Posts a private note, unless an earlier attempt did.
    ///
    /// The author is a bot, which needs no id; where the account refuses that, the system (freshchat.md §1.10, §8 Q13).
    func leaveNote(
        _ text: String, in conversation: HelpdeskConversationID, doubt: Doubt?, isKnown: KnownMessages
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        let text = text.withoutControlCharacters().truncated(to: max(1, account.textLimit))
        if let doubt {
            let found = try await trace(
                of: .note(text, from: "bot"), in: conversation, since: doubt.since, isKnown: isKnown)
            if let found { return found }
            try requireSettled(doubt)
        }
        do {
            return try await post(.note(text, from: "bot"), to: conversation, isKnown: isKnown)
        } catch {
            guard error.status == 400 else { throw error }
        }
        return try await post(.note(text, from: "system"), to: conversation, isKnown: isKnown)
    }
}
