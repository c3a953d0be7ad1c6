package import FoundationEssentials

/// What the reconciliation poll needs: which conversations to look into, and where what is found goes.
///
/// The store notes by itself when something happens in a conversation: a reply is accepted, a customer's message is
/// delivered, Freshchat tells of its being resolved or opened again.
package protocol ReconciliationStore: Sendable {
    /// When the next look is due, gates and pace considered; `nil`: nothing is to be looked into.
    func nextPoll(_ pace: PollPace, now: Date) async throws(StoreFailure) -> Date?

    /// Takes one conversation of each installation that has one due: active, its gate towards Freshchat open, and as often
    /// as the pace allows.
    ///
    /// Each one's next look is put off by an interval in the same transaction. So no other worker looks at the same time,
    /// and a worker that dies costs one interval.
    func takeConversations(_ pace: PollPace, now: Date) async throws(StoreFailure) -> [WatchedConversation]

    /// Writes down what came of a look. When something has happened in the conversation meanwhile, the time of its next
    /// look stays as that made it.
    func record(
        _ outcome: PollOutcome, of conversation: WatchedConversation, _ pace: PollPace, now: Date
    ) async throws(StoreFailure)

    /// Those of these messages that the store knows: taken in before, or made by us.
    func knownMessages(
        among messages: [HelpdeskMessageID], of installation: InstallationID
    ) async throws(StoreFailure) -> Set<HelpdeskMessageID>

    /// ``IntakeStore/accept(_:)`` for what nobody waits for: without blocking a thread.
    func acceptFound(_ acceptance: Acceptance) async throws(StoreFailure) -> AcceptanceResult
}

/// How often conversations are looked into.
package struct PollPace: Hashable, Sendable {
    /// From the last thing that happened to the first look.
    package var interval: Duration
    /// The most calls a minute for one installation, over all workers.
    package var callsPerMinute: Int
    /// For how long after the last thing that happened a conversation is looked into.
    package var watchTime: Duration = .seconds(24 * 60 * 60)

    package init(interval: Duration, callsPerMinute: Int) {
        self.interval = interval
        self.callsPerMinute = callsPerMinute
    }

    /// From one call of an installation to the next.
    package var spacing: Duration { .seconds(60) / max(1, callsPerMinute) }
}

/// A conversation that is this worker's to look into.
package struct WatchedConversation: Hashable, Sendable {
    package var installation: InstallationID
    /// The account that the conversation is in; `nil` if it is the installation's present one.
    package var account: HelpdeskAccountID?
    package var id: HelpdeskConversationID
    package var isResolved: Bool
    /// When something last happened in it, by our clock.
    package var activeAt: Date
    /// Looks since then that brought nothing.
    package var emptyPolls: Int
    /// What is older is none of ours. Until the first look it is the time at which the conversation became known, by our
    /// clock; from then on that of its first message which is ours, by Freshchat's.
    package var beginsAt: Date
    /// How far it was looked into, by Freshchat's clock; `nil`: it never was.
    package var seenUntil: Date?

    package init(
        installation: InstallationID, account: HelpdeskAccountID? = nil, id: HelpdeskConversationID, isResolved: Bool,
        activeAt: Date, emptyPolls: Int, beginsAt: Date, seenUntil: Date?
    ) {
        self.installation = installation
        self.account = account
        self.id = id
        self.isResolved = isResolved
        self.activeAt = activeAt
        self.emptyPolls = emptyPolls
        self.beginsAt = beginsAt
        self.seenUntil = seenUntil
    }
}

/// What is kept of a look into a conversation.
package struct PollOutcome: Hashable, Sendable {
    package var beginsAt: Date
    package var seenUntil: Date?
    package var emptyPolls: Int
    /// Until the next look; `nil`: none before something happens.
    package var nextPoll: Duration?
    /// Calls that it took.
    package var calls: Int
    /// For so long no conversation of the installation is looked into.
    package var rest: Duration

    package init(
        beginsAt: Date, seenUntil: Date?, emptyPolls: Int, nextPoll: Duration?, calls: Int, rest: Duration = .zero
    ) {
        self.beginsAt = beginsAt
        self.seenUntil = seenUntil
        self.emptyPolls = emptyPolls
        self.nextPoll = nextPoll
        self.calls = calls
        self.rest = rest
    }
}
