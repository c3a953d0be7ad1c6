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
            // No user with our reference: no earlier attempt reached a conversation.
            try requireSettled()
            let made = try await makeUser()
            return try await open(for: made)
        }

        guard let conversation = piece.conversation else {
            let present = try await client.conversations(of: user, on: piece.topic)
            if let doubt = piece.doubt, let found = try await trace(of: user, in: present, since: doubt.since) {
                return found
            }
            try requireSettled()
            return try await post(as: user, toNewestOf: present)
        }

        var present: [ConversationObject]?
        if let doubt = piece.doubt {
            if let message = try await trace(of: user, in: conversation, since: doubt.since) { return message }
            // The earlier attempt may have moved to a conversation that it had no time to record.
            let others = try await client.conversations(of: user, on: piece.topic)
            if let found = try await trace(
                of: user, in: others.filter { $0.id != conversation }, since: doubt.since)
            {
                return found
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

    /// Posts to the newest conversation that is open and no other installation's, or opens one.
    ///
    /// - Parameter present: the conversations on our topic, newest first.
    func post(
        as user: HelpdeskUserID, toNewestOf present: [ConversationObject]
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        var newest: ConversationObject?
        for conversation in present where !conversation.isResolved && newest == nil {
            // Recorded before the post: if the outcome is in doubt, byoc looks here.
            if try await keep(conversation: conversation.id) { newest = conversation }
        }
        guard let newest else { return try await open(for: user) }
        do {
            return try await post(as: user, to: newest.id)
        } catch {
            // Any other refusal is about the message, not the conversation (freshchat.md §1.11).
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
            // A known user may have been deleted or merged into another.
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

    /// Adopts a conversation as the customer's, if it is the requested one.
    ///
    /// - Returns: the id of the message in it; `nil` if Freshchat doesn't report it.
    private func adopt(
        _ made: ConversationObject, with message: NewMessage, of user: HelpdeskUserID, since start: Date
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        let isOnTopic = made.topic == nil || made.topic == piece.topic
        let isSure = isOnTopic && (made.user == nil || made.user == user)
        if let words = made.failure(of: message) {
            // The conversation still serves the customer's next message.
            if isSure { _ = try await keep(conversation: made.id) }
            throw APIFailure(failed: words, call: Self.creation, token: client.account.token)
        }
        do {
            if isSure { _ = try await keep(conversation: made.id) }
            let id = try await identify(message, in: made, isSure: isSure, since: start)
            // Never another topic's, even if Freshchat answers with one.
            if isOnTopic, !isSure { _ = try await keep(conversation: made.id) }
            return id
        } catch {
            // The message may have arrived, whatever failed afterwards.
            var failure = error
            failure.failure.isCertain = false
            throw failure
        }
    }

    /// Finds the message in the conversation that was created with it.
    ///
    /// - Parameter isSure: whether the conversation is on our topic and this customer's.
    /// - Throws: also if this isn't the requested conversation.
    private func identify(
        _ message: NewMessage, in made: ConversationObject, isSure: Bool, since start: Date
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        if let same = made.messages.last(where: { message.isOfKind($0) && message.says($0.text) })?.id { return same }
        // Freshchat may have changed it, or left out its content.
        let only = made.messages.count == 1 ? made.messages.first : nil
        if isSure, let other = (made.messages.last(where: message.isOfKind) ?? only)?.id,
            try await !client.known(other, piece.isKnown)
        {
            return other
        }
        // The response may lack the messages (freshchat.md §1.9). The id is worth a call: it identifies the echo, and tells a
        // later message with the same text apart. The message has arrived, so a failure here doesn't count.
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

    /// Creates the user, or finds the one that another worker just created.
    private func makeUser() async throws(APIFailure) -> HelpdeskUserID {
        let (user, written) = try await findOrCreateUser()
        reach(.createUser, piece.reference.text)
        try await keep(user: user, written: written)
        return user
    }

    /// - Returns: also the profile that the user was created with; `nil` for an existing user.
    private func findOrCreateUser() async throws(APIFailure) -> (HelpdeskUserID, written: ContactProfile?) {
        let new = NewUser(piece)
        do {
            return (try await client.create(new), piece.profile)
        } catch {
            guard error.status == 400 || error.status == 409 else { throw error }
        }
        if let found = try await client.user(reference: piece.reference.text) { return (found.id, nil) }
        // The reason may be a picture's address, a property's name, or another user's phone number.
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

    /// The user that our reference leads to after `user` was refused; `nil` if it is still the same.
    private func replacement(for user: HelpdeskUserID) async throws(APIFailure) -> HelpdeskUserID? {
        guard let found = try await findUser() else {
            // If the user still exists, the refusal was about the conversation, which couldn't be read.
            guard try await client.user(user) == nil else { return nil }
            return try await makeUser()
        }
        guard found.id != user else { return nil }
        try await keep(user: found.id, written: nil)
        return found.id
    }

    // MARK: - Doubts

    /// Waits if an earlier attempt's result wasn't found but may still arrive.
    private func requireSettled() throws(APIFailure) {
        if let doubt = piece.doubt { try client.requireSettled(doubt) }
    }

    private func trace(
        of user: HelpdeskUserID, in conversation: HelpdeskConversationID, since: Date
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        try await client.trace(
            of: .fromCustomer(text, user: user), in: conversation, since: since, isKnown: piece.isKnown)
    }

    /// Finds the message, and records the conversation that it is in.
    ///
    /// - Parameter conversations: the candidates. byoc searches those that the attempt in doubt can have written to, which
    ///   excludes conversations resolved before it, and those of other installations.
    private func trace(
        of user: HelpdeskUserID, in conversations: [ConversationObject], since: Date
    ) async throws(APIFailure) -> HelpdeskMessageID? {
        let start = client.lookupStart(since)
        for conversation in conversations {
            let lastChange = conversation.updatedAt ?? conversation.createdAt ?? .distantFuture
            guard !conversation.isResolved || lastChange >= start else { continue }
            if let message = try await trace(of: user, in: conversation.id, since: since),
                try await keep(conversation: conversation.id)
            {
                return message
            }
        }
        return nil
    }

    // MARK: - Records

    func keep(user: HelpdeskUserID, written: ContactProfile?) async throws(APIFailure) {
        do { try await keeper.found(user: user, written: written) } catch { throw APIFailure(failure: error) }
    }

    /// - Returns: whether it may be used; `false` if it is another installation's.
    private func keep(conversation: HelpdeskConversationID) async throws(APIFailure) -> Bool {
        do { return try await keeper.found(conversation: conversation) } catch { throw APIFailure(failure: error) }
    }
}
