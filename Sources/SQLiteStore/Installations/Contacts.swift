import FoundationEssentials
import GRDB
import RelayCore

/// Customers and their conversations.
extension SQLiteStore {
    /// What is known of a contact's subscription, and since when by the channel's clock.
    struct Subscription {
        var kind: SubscriptionChange.Kind
        var at: Int64
    }

    /// Finds the contact by their id on the channel, or creates it; takes over what is new in the profile. A value that is
    /// missing there doesn't erase one that is known.
    ///
    /// - Parameter reference: what Freshchat will know a new one by.
    static func keepContact(
        _ profile: ContactProfile, of installation: InstallationID, reference: @autoclosure () -> Reference,
        subscription: Subscription? = nil, now: Date, in db: Database
    ) throws -> Int64 {
        let found = try db.row(
            """
            SELECT id, name, avatar_url, language, country, phone_number, subscription, subscription_at,
                helpdesk_user IS NOT NULL AND is_written = 0
            FROM contacts WHERE installation = ? AND channel_user = ?
            """, [installation.rawValue, profile.userID.rawValue])
        guard let found else {
            let new = ContactProfile(userID: profile.userID).updated(by: profile)
            try db.run(
                """
                INSERT INTO contacts (installation, channel_user, name, avatar_url, language, country, phone_number,
                    subscription, subscription_at, reference)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    installation.rawValue, new.userID.rawValue, new.name, new.avatarURL, new.language, new.country,
                    new.phoneNumber, subscription?.kind.rawValue, subscription?.at, reference().text,
                ])
            return db.lastInsertedRowID
        }
        let id = try found.integer(0)
        let known = try ContactProfile(found, of: profile.userID, from: 1)
        let present = known.updated(by: profile)
        if present != known {
            try db.run(
                """
                UPDATE contacts SET name = ?, avatar_url = ?, language = ?, country = ?, phone_number = ? WHERE id = ?
                """,
                [present.name, present.avatarURL, present.language, present.country, present.phoneNumber, id])
        }
        if try present != known || found.flag(8) { try noteProfile(ofContact: id, now: now, in: db) }
        if let subscription {
            let known = try found.textIfAny(6).flatMap(SubscriptionChange.Kind.init(rawValue:))
            let since = try found.integerIfAny(7) ?? .min
            // To open the chat says less than either answer to it; and a late event doesn't undo a newer one.
            let isNews = known == nil || (subscription.kind != .opened && subscription.at >= since)
            // To the minute: who writes a lot isn't written down with each message.
            if isNews, known != subscription.kind || subscription.at - 60_000 >= since {
                try db.run(
                    "UPDATE contacts SET subscription = ?, subscription_at = ? WHERE id = ?",
                    [subscription.kind.rawValue, subscription.at, id])
            }
        }
        return id
    }

    /// Makes a conversation the contact's current one on a topic. One that another installation owns stays that one's, as
    /// long as that isn't removed.
    ///
    /// - Parameter account: the one that the conversation is in; `nil`: the installation's present one.
    /// - Returns: the installation that owns it, if it is another.
    @discardableResult
    static func keepConversation(
        _ conversation: HelpdeskConversationID, of contact: Int64, installation: InstallationID,
        account: HelpdeskAccountID? = nil, topic: TopicID, in db: Database
    ) throws -> InstallationID? {
        let account =
            try account?.rawValue
            ?? db.row("SELECT helpdesk_account FROM installations WHERE id = ?", [installation.rawValue])?.text(0) ?? ""
        let owner = try db.row(
            """
            SELECT conversations.installation FROM conversations
            JOIN installations ON installations.id = conversations.installation AND state <> 'removed'
            WHERE conversations.id = ? AND conversations.helpdesk_account = ?
            """, [conversation.rawValue, account])
        if let owner: InstallationID = try owner?.id(0), owner != installation { return owner }
        try db.run(
            """
            UPDATE conversations SET is_current = 0
            WHERE contact = ? AND helpdesk_account = ? AND topic = ? AND is_current = 1 AND id <> ?
            """, [contact, account, topic.rawValue, conversation.rawValue])
        try db.run(
            """
            INSERT INTO conversations (id, helpdesk_account, installation, contact, topic, is_current) VALUES (?, ?, ?, ?, ?, 1)
            ON CONFLICT (id, helpdesk_account) DO UPDATE SET installation = excluded.installation, contact = excluded.contact,
                topic = excluded.topic, is_current = 1, is_resolved = 0
            """, [conversation.rawValue, account, installation.rawValue, contact, topic.rawValue])
        return nil
    }

    /// Remembers whom a contact is in Freshchat.
    ///
    /// - Parameter replacing: whether another one that is known is forgotten.
    static func keepUser(_ user: HelpdeskUserID, of contact: Int64, replacing: Bool, in db: Database) throws {
        try db.run(
            """
            UPDATE contacts SET helpdesk_user = ?1
            WHERE id = ?2 AND (helpdesk_user IS NULL OR (?3 AND helpdesk_user <> ?1))
            """, [user.rawValue, contact, replacing])
    }

    /// The contact with their current conversation on the topic that the installation has now.
    static func contact(_ id: Int64, in db: Database) throws -> Contact? {
        let row = try db.row(
            """
            SELECT contacts.id, contacts.installation, channel_user, contacts.name, avatar_url, language, country,
                phone_number, subscription, helpdesk_user, conversations.id, conversations.is_resolved, reference
            FROM contacts
            LEFT JOIN installations ON installations.id = contacts.installation
            LEFT JOIN conversations ON conversations.contact = contacts.id
                AND conversations.helpdesk_account = installations.helpdesk_account
                AND conversations.topic = installations.topic AND conversations.is_current = 1
            WHERE contacts.id = ?
            """, [id])
        guard let row else { return nil }
        return Contact(
            id: ContactID(rawValue: try row.integer(0)), installation: try row.id(1),
            profile: try ContactProfile(row, of: try row.id(2), from: 3),
            subscription: try row.textIfAny(8).flatMap(SubscriptionChange.Kind.init(rawValue:)),
            user: try row.textIfAny(9).map(HelpdeskUserID.init(rawValue:)), reference: Reference(try row.text(12)),
            conversation: try row.textIfAny(10).map(HelpdeskConversationID.init(rawValue:)),
            isResolved: try row.integerIfAny(11) == 1)
    }
}
