import FoundationEssentials
import RelayCore

/// One piece of a customer's message on its way into his conversation.
struct Posting {
    let client: FreshchatClient
    let piece: InboundPiece
    let keeper: any MappingKeeper
    let text: String

    init(client: FreshchatClient, piece: InboundPiece, keeper: any MappingKeeper) {
        self.client = client
        self.piece = piece
        self.keeper = keeper
        text = piece.message.plainText
    }

    /// - Returns: the message's id; `nil` when Freshchat doesn't tell it.
    func run() async throws(APIFailure) -> HelpdeskMessageID? {
        var user = piece.user
        if user == nil {
            user = try await client.user(reference: piece.reference)?.id
            if let user { try await keep(user: user, written: nil) }
        }
        guard let user else {
            // Nobody by our reference: no earlier attempt came as far as a conversation.
            try requireSettled()
            let made = try await makeUser()
            return try await open(for: made)
        }

        guard let conversation = piece.conversation else {
            let present = try await client.conversations(of: user)
            if let doubt = piece.doubt, let found = try await trace(of: user, in: present, since: doubt.since) {
                try await keep(conversation: found.conversation)
                return found.message
            }
            try requireSettled()
            return try await post(as: user, toNewestOf: present)
        }

        var present: [ConversationObject]?
        if let doubt = piece.doubt {
            if let message = try await trace(of: user, in: conversation, since: doubt.since) { return message }
            // The earlier attempt may have moved on to a conversation that it had no time to tell of.
            let others = try await client.conversations(of: user)
            if let found = try await trace(
                of: user, in: others.filter { $0.id != conversation }, since: doubt.since)
            {
                try await keep(conversation: found.conversation)
                return found.message
            }
            present = others
            try requireSettled()
        }
        do {
            return try await post(as: user, to: conversation)
        } catch {
            guard error.maySayMoved, !error.refusesContent else { throw error }
            return try await moveOn(from: conversation, after: error, user: user, present: present)
        }
    }

    // MARK: - Single steps

    func post(
        as user: HelpdeskUserID, to conversation: HelpdeskConversationID
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        try await client.post(.fromCustomer(text, user: user), to: conversation)
    }

    /// Posts to the newest conversation that is open, or opens one.
    ///
    /// - Parameter present: those on our topic, newest first.
    func post(
        as user: HelpdeskUserID, toNewestOf present: [ConversationObject]
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        guard let newest = present.first(where: { !$0.isResolved }) else { return try await open(for: user) }
        // Told before the post: should its outcome be in doubt, this is where to look.
        try await keep(conversation: newest.id)
        do {
            return try await post(as: user, to: newest.id)
        } catch {
            guard error.maySayMoved, !error.refusesContent else { throw error }
            return try await open(for: user)
        }
    }

    /// Opens a conversation with the message in it.
    func open(for user: HelpdeskUserID) async throws(APIFailure) -> HelpdeskMessageID? {
        let message = NewMessage.fromCustomer(text, user: user)
        let made: ConversationObject
        do {
            made = try await client.createConversation(user: user, message: message)
            reach(.createConversation, piece.reference)
        } catch {
            // A user that was known may have been deleted or merged into another.
            guard error.maySayMoved, !error.refusesContent, user == piece.user,
                let other = try await replacement(for: user)
            else { throw error }
            made = try await client.createConversation(user: other, message: .fromCustomer(text, user: other))
            return try await adopt(made, of: other)
        }
        return try await adopt(made, of: user)
    }

    private func adopt(
        _ made: ConversationObject, of user: HelpdeskUserID
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        // Never another topic's, even if Freshchat itself should answer with one.
        if made.topic == nil || made.topic == client.account.topic {
            do {
                try await keeper.found(conversation: made.id)
            } catch {
                // The message is there by now.
                var failure = error
                failure.isCertain = false
                throw APIFailure(failure: failure)
            }
        }
        let sent = SentText(text)
        if let message = made.messages.last(where: { $0.actor == .user && sent.isSame(as: $0.text) })
            ?? made.messages.first,
            made.messages.count == 1 || sent.isSame(as: message.text), let id = message.id
        {
            return id
        }
        // The answer may come without the messages (freshchat.md §1.9). Knowing the id is worth a call: by it the echo is
        // recognised, and a later message that says the same. But the message is there, so a failure is none.
        return try? await trace(of: user, in: made.id, since: client.now().addingTimeInterval(-30))
    }

    // MARK: - Users

    /// Makes the user, or finds the one that somebody else has just made.
    private func makeUser() async throws(APIFailure) -> HelpdeskUserID {
        let (user, written) = try await findOrCreateUser()
        reach(.createUser, piece.reference)
        try await keep(user: user, written: written)
        return user
    }

    /// - Returns: also what the user was created with; `nil` for one that was there.
    private func findOrCreateUser() async throws(APIFailure) -> (HelpdeskUserID, written: ContactProfile?) {
        let new = NewUser(piece)
        do {
            return (try await client.create(new), piece.profile)
        } catch {
            guard error.status == 400 || error.status == 409 else { throw error }
        }
        if let found = try await client.user(reference: piece.reference) { return (found.id, nil) }
        // A picture's address, a property's name or a phone number that belongs to somebody else may be what was refused.
        do {
            return (
                try await client.create(new.bare),
                ContactProfile(userID: piece.profile.userID, name: piece.profile.name)
            )
        } catch {
            guard error.status == 409 else { throw error }
            // He is there, but the search doesn't show him yet.
            var failure = error.failure
            failure.remedy = .retry(after: nil)
            throw APIFailure(status: error.status, words: error.words, failure: failure)
        }
    }

    /// Whom our reference means now that `user` is refused; `nil`: still him.
    private func replacement(for user: HelpdeskUserID) async throws(APIFailure) -> HelpdeskUserID? {
        guard let found = try await client.user(reference: piece.reference) else {
            // His conversation was refused because it couldn't be read, not because he is gone, when he still answers.
            guard try await client.user(user) == nil else { return nil }
            return try await makeUser()
        }
        guard found.id != user else { return nil }
        try await keep(user: found.id, written: nil)
        return found.id
    }

    // MARK: - Doubts

    /// What an earlier attempt may have done was not found. Nothing is done again before it can't be coming any more.
    private func requireSettled() throws(APIFailure) {
        if let doubt = piece.doubt { try client.requireSettled(doubt) }
    }

    private func trace(
        of user: HelpdeskUserID, in conversation: HelpdeskConversationID, since: Date
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        try await client.trace(of: SentText(text), in: conversation, since: since, isKnown: piece.isKnown) { message in
            message.actor == .user && !message.isPrivate
                && (message.actorID == nil || message.actorID?.rawValue == user.rawValue)
        }
    }

    /// - Parameter conversations: those that the doubtful attempt can have written to are looked into. A conversation that
    ///   has been resolved since before it is none of them.
    private func trace(
        of user: HelpdeskUserID, in conversations: [ConversationObject], since: Date
    ) async throws(APIFailure) -> (conversation: HelpdeskConversationID, message: HelpdeskMessageID)? {
        let start = client.lookUpStart(since)
        for conversation in conversations {
            let lastChange = conversation.updatedAt ?? conversation.createdAt ?? .distantFuture
            guard !conversation.isResolved || lastChange >= start else { continue }
            if let message = try await trace(of: user, in: conversation.id, since: since) {
                return (conversation.id, message)
            }
        }
        return nil
    }

    // MARK: - What is kept

    func keep(user: HelpdeskUserID, written: ContactProfile?) async throws(APIFailure) {
        do { try await keeper.found(user: user, written: written) } catch { throw APIFailure(failure: error) }
    }

    func keep(conversation: HelpdeskConversationID) async throws(APIFailure) {
        do { try await keeper.found(conversation: conversation) } catch { throw APIFailure(failure: error) }
    }
}
