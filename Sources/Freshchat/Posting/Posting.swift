import FoundationEssentials
import RelayCore

/// One piece of a customer's message on its way into their conversation.
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

    /// - Returns: the message's id; `nil` if Freshchat has it in a new conversation and doesn't say by which id.
    func run() async throws(APIFailure) -> HelpdeskMessageID? {
        var user = piece.user
        if user == nil {
            user = try await findUser()?.id
            if let user { try await keep(user: user, written: nil) }
        }
        guard let user else {
            // Nobody by our reference: no earlier attempt came as far as a conversation.
            try requireSettled()
            let made = try await makeUser()
            return try await open(for: made)
        }

        guard let conversation = piece.conversation else {
            let present = try await client.conversations(of: user, on: piece.topic)
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
            let others = try await client.conversations(of: user, on: piece.topic)
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
        try await client.post(.fromCustomer(text, user: user), to: conversation, isKnown: piece.isKnown)
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
            // With other words it refuses the message, and not the conversation (freshchat.md §1.11).
            guard error.saysNotLatest || error.saysGone else { throw error }
            return try await open(for: user)
        }
    }

    /// Opens a conversation with the message in it.
    func open(for user: HelpdeskUserID) async throws(APIFailure) -> HelpdeskMessageID? {
        let message = NewMessage.fromCustomer(text, user: user)
        let start = client.now()
        let made: ConversationObject
        do {
            made = try await client.createConversation(user: user, topic: piece.topic, message: message)
            reach(.createConversation, piece.reference.text)
        } catch {
            // A user that was known may have been deleted or merged into another.
            guard error.maySayMoved, error.failure.isCertain, !error.refusesContent, user == piece.user,
                let other = try await replacement(for: user)
            else { throw error }
            let message = NewMessage.fromCustomer(text, user: other)
            return try await adopt(
                try await client.createConversation(user: other, topic: piece.topic, message: message), with: message,
                of: other,
                since: start)
        }
        return try await adopt(made, with: message, of: user, since: start)
    }

    /// Takes a conversation on as the customer's, if it is the one that was asked for.
    ///
    /// - Returns: the id of the message in it; `nil` if Freshchat doesn't tell it.
    private func adopt(
        _ made: ConversationObject, with message: NewMessage, of user: HelpdeskUserID, since start: Date
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        let isOnTopic = made.topic == nil || made.topic == piece.topic
        let isSure = isOnTopic && (made.user == nil || made.user == user)
        if let words = made.failure(of: message) {
            // The conversation is there all the same, for the customer's next message.
            if isSure { try await keep(conversation: made.id) }
            throw APIFailure(failed: words, call: Self.creation, token: client.account.token)
        }
        do {
            if isSure { try await keep(conversation: made.id) }
            let id = try await identify(message, in: made, isSure: isSure, since: start)
            // Never another topic's, even if Freshchat itself should answer with one.
            if isOnTopic, !isSure { try await keep(conversation: made.id) }
            return id
        } catch {
            // The message may be there by now, whatever went wrong since.
            var failure = error
            failure.failure.isCertain = false
            throw failure
        }
    }

    /// Finds the message in the conversation that was made with it.
    ///
    /// - Parameter isSure: whether the conversation is of our topic and of this customer.
    /// - Throws: also if this isn't the conversation that was asked for.
    private func identify(
        _ message: NewMessage, in made: ConversationObject, isSure: Bool, since start: Date
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        if let same = made.messages.last(where: { message.isOfKind($0) && message.says($0.text) })?.id { return same }
        // As Freshchat has changed it, or without its content.
        let only = made.messages.count == 1 ? made.messages.first : nil
        if isSure, let other = (made.messages.last(where: message.isOfKind) ?? only)?.id,
            try await !client.known(other, piece.isKnown)
        {
            return other
        }
        // The answer may come without the messages (freshchat.md §1.9). Knowing the id is worth a call: by it the echo is
        // recognised, and a later message that says the same. But the message is there, so a failure is none.
        if isSure, made.messages.isEmpty {
            return try? await client.trace(of: message, in: made.id, since: start, isKnown: piece.isKnown)
        }
        if let found = try await client.trace(of: message, in: made.id, since: start, isKnown: piece.isKnown) {
            return found
        }
        throw APIFailure(
            failure: DeliveryFailure(
                .retry(after: nil), isCertain: false, reason: "Freshchat's response doesn't confirm the message",
                detail: "\(Self.creation): another conversation, \(made.id)"))
    }

    private static let creation = "POST /conversations"

    // MARK: - Users

    /// The user by our reference. One who isn't found is created next, so that nobody else may do so from before the search on.
    private func findUser() async throws(APIFailure) -> UserObject? {
        do { try await keeper.aboutToCreateUser(piece.reference) } catch { throw APIFailure(failure: error) }
        return try await client.user(reference: piece.reference.text)
    }

    /// Creates the user, or finds the one that another worker has just created.
    private func makeUser() async throws(APIFailure) -> HelpdeskUserID {
        let (user, written) = try await findOrCreateUser()
        reach(.createUser, piece.reference.text)
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
        if let found = try await client.user(reference: piece.reference.text) { return (found.id, nil) }
        // A picture's address, a property's name or a phone number that belongs to another user may be the reason.
        do {
            return (
                try await client.create(new.bare),
                ContactProfile(userID: piece.profile.userID, name: piece.profile.name)
            )
        } catch {
            guard error.status == 409 else { throw error }
            // The user exists, but the search doesn't show them yet.
            var failure = error.failure
            failure.remedy = .retry(after: nil)
            throw APIFailure(status: error.status, words: error.words, failure: failure)
        }
    }

    /// The user that our reference means now that `user` is refused; `nil` if it is still the same one.
    private func replacement(for user: HelpdeskUserID) async throws(APIFailure) -> HelpdeskUserID? {
        guard let found = try await findUser() else {
            // If the user still exists, the conversation was refused because it couldn't be read.
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
        try await client.trace(
            of: .fromCustomer(text, user: user), in: conversation, since: since, isKnown: piece.isKnown)
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
