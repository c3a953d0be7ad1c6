import FoundationEssentials
import GRDB
import RelayCore

/// Looks up what tells whose a conversation of a helpdesk account is.
struct OwnerSearch {
    /// A conversation that an installation has.
    struct Known {
        var installation: InstallationID
        var contact: Int64
        var account: HelpdeskAccountID
        /// Whether that account is the installation's present one.
        var isPresent: Bool
    }

    /// What the event, or Freshchat, says of it.
    struct Subject {
        var conversation: HelpdeskConversationID
        var topic: TopicID?
        var user: HelpdeskUserID?
        var reference: Reference?
        var isLookedUp = false
    }

    /// The one that was heard.
    let account: HelpdeskAccountID
    let routes: [Route]
    let db: Database

    func route(of installation: InstallationID) -> Route? { routes.first { $0.installation == installation } }

    func owner(of subject: Subject) throws -> (owner: ReplyOwner, known: Known?) {
        if let known = try known(subject.conversation) { return (.one(known.installation), known) }
        var facts = ReplyOwner.Facts(
            topic: subject.topic, reference: subject.reference, hasUser: subject.user != nil,
            isLookedUp: subject.isLookedUp)
        let candidates = subject.topic.map { topic in routes.filter { $0.accepts && $0.has(topic) } } ?? []
        if candidates.count > 1 {
            if let user = subject.user {
                facts.knowingUser = try installations(
                    among: candidates, "SELECT 1 FROM contacts WHERE installation = ? AND helpdesk_user = ?",
                    user.rawValue)
            }
            if let reference = subject.reference {
                facts.knowingReference = try installations(
                    among: candidates, "SELECT 1 FROM contacts WHERE installation = ? AND reference = ?", reference.text
                )
            }
        }
        let owner = ReplyOwner(facts, among: routes)
        // Earlier ones of this conversation may wait for an installation whose contact isn't known yet.
        if owner == .unknown, let installation = try waiting(subject.conversation) { return (.one(installation), nil) }
        return (owner, nil)
    }

    /// The account in whose scope messages of a conversation are recognized.
    func account(of known: Known?, owner: InstallationID) throws -> HelpdeskAccountID {
        if let known { return known.account }
        let present = try db.row("SELECT helpdesk_account FROM installations WHERE id = ?", [owner.rawValue])
        return try present?.id(0) ?? account
    }

    /// Finds an owner's contact by conversation, else by user, else by reference, and remembers the conversation.
    ///
    /// - Parameter scope: the account that the conversation is in.
    func contact(
        of subject: Subject, owner: InstallationID, known: Known?, scope: HelpdeskAccountID, now: Date
    ) throws -> Int64? {
        if let known {
            if known.isPresent, let user = subject.user {
                try SQLiteStore.keepUser(user, of: known.contact, replacing: false, in: db)
            }
            return known.contact
        }
        var contact: Int64?
        if let user = subject.user {
            contact = try db.row(
                "SELECT id FROM contacts WHERE installation = ? AND helpdesk_user = ?", [owner.rawValue, user.rawValue])?
                .integer(0)
        }
        if contact == nil, let reference = subject.reference {
            contact = try db.row(
                "SELECT id FROM contacts WHERE installation = ? AND reference = ?", [owner.rawValue, reference.text])?
                .integer(0)
            if contact == nil, let customer = route(of: owner)?.user(of: reference) {
                contact = try SQLiteStore.keepContact(
                    ContactProfile(userID: customer), of: owner, reference: reference, now: now, in: db)
            }
            if let contact, let user = subject.user {
                try SQLiteStore.keepUser(user, of: contact, replacing: false, in: db)
            }
        }
        guard let contact else { return nil }
        try SQLiteStore.keepConversation(
            subject.conversation, of: contact, installation: owner, account: scope,
            topic: subject.topic ?? route(of: owner)?.topic ?? "", in: db)
        return contact
    }

    // MARK: Parts of these

    /// A conversation's id is looked for in the account that was heard, and in those of the installations that it vouches for.
    private func known(_ conversation: HelpdeskConversationID) throws -> Known? {
        let rows = try db.rows(
            """
            SELECT conversations.installation, contact, conversations.helpdesk_account,
                conversations.helpdesk_account = installations.helpdesk_account
            FROM conversations
            JOIN installations ON installations.id = conversations.installation AND state <> 'removed'
            WHERE conversations.id = ?
            """, [conversation.rawValue])
        let known = try rows.map { row in
            Known(
                installation: try row.id(0), contact: try row.integer(1), account: try row.id(2),
                isPresent: try row.flag(3))
        }
        return known.first { $0.account == account } ?? known.first { route(of: $0.installation) != nil }
    }

    private func installations(
        among candidates: [Route], _ statement: String, _ value: String
    ) throws -> Set<InstallationID> {
        Set(try candidates.map(\.installation).filter { try db.exists(statement, [$0.rawValue, value]) })
    }

    private func waiting(_ conversation: HelpdeskConversationID) throws -> InstallationID? {
        try routes.map(\.installation).first { installation in
            try db.exists(
                "SELECT 1 FROM lanes WHERE ordering_key = ?",
                [OrderingKey.outbound(installation, conversation).rawValue])
        }
    }
}
