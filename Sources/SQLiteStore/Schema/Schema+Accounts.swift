import FoundationEssentials
import GRDB
import RelayCore

/// The accounts that installations share.
///
/// What an earlier version stored becomes one account of each side for each installation. This runs without the key: the
/// sealed secrets are copied into both accounts as they are, with the context that they were sealed for, and are sealed
/// anew when the account is next written.
extension Schema {
    static let accountsMigration = "accounts, routes"

    static func makeAccounts(_ db: Database) throws {
        try db.execute(sql: accounts)
        let ids = try giveOutAccounts(db)
        for (installation, channel, helpdesk) in ids {
            try db.execute(
                sql: "INSERT INTO new_accounts (installation, channel, helpdesk) VALUES (?, ?, ?)",
                arguments: [installation, channel, helpdesk])
        }
        try db.execute(sql: filledAccounts)
        try db.execute(sql: installations)
        try db.execute(sql: peopleOfAccounts)
        try db.execute(sql: keysOfAccounts)
        try db.execute(sql: "DROP TABLE new_accounts")
    }

    private static func giveOutAccounts(_ db: Database) throws -> [(String, String, String)] {
        var taken: Set<String> = []
        func unused(_ make: () -> String) -> String {
            while true {
                let id = make()
                if taken.insert(id).inserted { return id }
            }
        }
        return try Row.fetchAll(db, sql: "SELECT id, channel FROM installations ORDER BY number").map { row in
            let installation: String = row[0]
            let kind = ChannelKind(row[1])
            return (
                installation, unused { ChannelAccountID.fresh(kind).rawValue },
                unused { HelpdeskAccountID.fresh().rawValue }
            )
        }
    }

    private static let accounts = """
        CREATE TABLE channel_accounts (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            -- What the channel calls it; NULL: nobody has asked.
            identity TEXT,
            settings TEXT NOT NULL,
            -- 'active' or 'paused'.
            state TEXT NOT NULL,
            paused_reason TEXT,
            paused_since INTEGER,
            -- Credentials and URLs, encrypted together.
            secrets BLOB,
            key_id TEXT,
            -- What they are sealed for: this account; of one that an earlier version stored, its installation.
            seal_context TEXT NOT NULL
        ) STRICT;
        CREATE TABLE helpdesk_accounts (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            identity TEXT,
            base_url TEXT NOT NULL,
            webhook_public_key TEXT NOT NULL,
            -- JSON: those of merged accounts.
            spare_public_keys TEXT NOT NULL DEFAULT '[]',
            text_limit INTEGER NOT NULL,
            -- 'active', 'paused', or 'removed': then the row stands for what there is to read of replies without an owner.
            state TEXT NOT NULL,
            paused_reason TEXT,
            paused_since INTEGER,
            secrets BLOB,
            key_id TEXT,
            seal_context TEXT NOT NULL
        ) STRICT;

        -- The addresses that ever had an installation.
        CREATE TABLE addresses (
            account TEXT NOT NULL,
            address TEXT NOT NULL,
            PRIMARY KEY (account, address)
        ) STRICT, WITHOUT ROWID;

        -- Events for one of these that has no installation now.
        CREATE TABLE parked (
            id INTEGER PRIMARY KEY,
            account TEXT NOT NULL,
            address TEXT NOT NULL,
            key TEXT NOT NULL,
            content BLOB NOT NULL,
            at INTEGER NOT NULL,
            UNIQUE (account, key)
        ) STRICT;

        -- Who creates a user in Freshchat now. It counts as long as the lane's lease has this number and makes this delivery.
        CREATE TABLE user_locks (
            account TEXT NOT NULL,
            reference TEXT NOT NULL,
            ordering_key TEXT NOT NULL,
            fence INTEGER NOT NULL,
            delivery INTEGER NOT NULL,
            PRIMARY KEY (account, reference)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE new_accounts (
            installation TEXT PRIMARY KEY NOT NULL,
            channel TEXT NOT NULL,
            helpdesk TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        """

    /// A pause for a refused credential is the account's. What waits tells which one: it does for the same reason. What is
    /// sent to customers may also wait for Freshchat, which names itself. If nothing tells, both are paused.
    private static let filledAccounts = """
        CREATE TEMP TABLE refusals AS
        SELECT id, coalesce((
            SELECT iif(direction = 'inbound' OR installations.paused_reason LIKE '%Freshchat%', 'helpdesk', 'channel')
            FROM outbox
            WHERE outbox.installation = installations.id AND outbox.state = 'waiting' AND reason <> ''
                AND iif(detail = '', reason, reason || ' (' || detail || ')') = installations.paused_reason
            LIMIT 1), 'both') AS side
        FROM installations WHERE state = 'paused' AND paused_by = 'credential';

        INSERT INTO channel_accounts (id, kind, settings, state, paused_reason, paused_since, secrets, key_id, seal_context)
            SELECT new_accounts.channel, installations.channel, channel_settings, iif(side IN ('channel', 'both'), 'paused', 'active'),
                iif(side IN ('channel', 'both'), paused_reason, NULL), iif(side IN ('channel', 'both'), paused_since, NULL), secrets, key_id,
                installations.id
            FROM installations JOIN new_accounts ON new_accounts.installation = installations.id
            LEFT JOIN refusals ON refusals.id = installations.id
            WHERE state <> 'removed' ORDER BY number;
        INSERT INTO helpdesk_accounts (id, base_url, webhook_public_key, text_limit, state, paused_reason, paused_since,
                secrets, key_id, seal_context)
            SELECT new_accounts.helpdesk, base_url, webhook_public_key, text_limit, iif(side IN ('helpdesk', 'both'), 'paused', 'active'),
                iif(side IN ('helpdesk', 'both'), paused_reason, NULL), iif(side IN ('helpdesk', 'both'), paused_since, NULL), secrets, key_id,
                installations.id
            FROM installations JOIN new_accounts ON new_accounts.installation = installations.id
            LEFT JOIN refusals ON refusals.id = installations.id
            WHERE state <> 'removed' ORDER BY number;
        UPDATE installations SET state = 'active', paused_reason = NULL, paused_since = NULL, paused_by = NULL
            WHERE id IN (SELECT id FROM refusals);
        DROP TABLE refusals;
        INSERT INTO addresses (account, address)
            SELECT new_accounts.channel, '' FROM new_accounts
            JOIN installations ON installations.id = new_accounts.installation WHERE state <> 'removed';
        """

    private static let installations = """
        CREATE TABLE installations_next (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            -- The account's kind, also when that is forgotten.
            channel TEXT NOT NULL,
            channel_account TEXT NOT NULL,
            address TEXT NOT NULL,
            reference_form TEXT NOT NULL,
            helpdesk_account TEXT NOT NULL,
            topic TEXT NOT NULL,
            -- NULL: it wasn't noted, or stands in the account's secrets as an earlier version sealed them.
            topic_name TEXT,
            -- JSON.
            former_topics TEXT NOT NULL DEFAULT '[]',
            former TEXT NOT NULL DEFAULT '[]',
            resolved_policy TEXT NOT NULL,
            forwards_system_lines INTEGER NOT NULL,
            name TEXT NOT NULL,
            -- Its own; what comes of the accounts' isn't stored.
            state TEXT NOT NULL,
            paused_reason TEXT,
            -- Or since when it is draining, or removed.
            paused_since INTEGER,
            -- A word of Installation.PauseCause; NULL: it isn't paused.
            paused_by TEXT,
            doubt_policy TEXT NOT NULL,
            origin TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        INSERT INTO installations_next (number, id, channel, channel_account, address, reference_form, helpdesk_account,
                topic, resolved_policy, forwards_system_lines, name, state, paused_reason, paused_since, paused_by, doubt_policy,
                origin, created_at)
            SELECT number, id, installations.channel, new_accounts.channel, '', 'user', helpdesk, topic, resolved_policy,
                forwards_system_lines, name, state, paused_reason, paused_since, paused_by, doubt_policy, origin, created_at
            FROM installations JOIN new_accounts ON new_accounts.installation = installations.id ORDER BY number;
        DROP TABLE installations;
        ALTER TABLE installations_next RENAME TO installations;
        CREATE UNIQUE INDEX installations_by_address ON installations (channel_account, address)
            WHERE state IN ('active', 'paused');

        CREATE TABLE gates_next (
            -- helpdesk/ACCOUNT, channel/ACCOUNT or address/ACCOUNT/ADDRESS.
            scope TEXT PRIMARY KEY NOT NULL,
            -- Nothing goes there before this time.
            until INTEGER NOT NULL,
            failures INTEGER NOT NULL DEFAULT 0,
            last_key TEXT,
            openings INTEGER NOT NULL DEFAULT 0,
            -- NULL: the breaker is closed.
            opened_at INTEGER
        ) STRICT, WITHOUT ROWID;
        INSERT INTO gates_next (scope, until, failures, last_key, openings, opened_at)
            SELECT side || '/' || iif(side = 'channel', channel_account, helpdesk_account), until, failures, last_key, openings,
                opened_at
            FROM gates JOIN installations ON installations.id = gates.installation WHERE state <> 'removed';
        DROP TABLE gates;
        ALTER TABLE gates_next RENAME TO gates;
        """

    private static let peopleOfAccounts = """
        -- What Freshchat knows them by; never changed.
        ALTER TABLE contacts ADD COLUMN reference TEXT NOT NULL DEFAULT '';
        UPDATE contacts SET reference = coalesce(
            (SELECT channel FROM installations WHERE installations.id = contacts.installation), '') || ':' || channel_user;
        CREATE INDEX contacts_by_reference ON contacts (installation, reference);

        CREATE TABLE conversations_next (
            id TEXT NOT NULL,
            helpdesk_account TEXT NOT NULL,
            installation TEXT NOT NULL,
            contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
            topic TEXT NOT NULL,
            is_resolved INTEGER NOT NULL DEFAULT 0,
            is_current INTEGER NOT NULL,
            -- When something last happened in it.
            active_at INTEGER,
            -- A look into it is due one poll interval after this; NULL: none is. An interval before the look, and not its own
            -- time, because who notes that something happened doesn't know how long the interval is.
            look_base INTEGER,
            looks_in_vain INTEGER NOT NULL DEFAULT 0,
            -- What is older is none of ours: by our clock before the first look, by Freshchat's after it.
            begins_at INTEGER,
            -- How far it was looked into, by Freshchat's clock; NULL: never.
            seen_until INTEGER,
            PRIMARY KEY (id, helpdesk_account)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO conversations_next (id, helpdesk_account, installation, contact, topic, is_resolved, is_current, active_at,
                look_base, looks_in_vain, begins_at, seen_until)
            SELECT conversations.id, coalesce(helpdesk_account, ''), installation, contact, conversations.topic, is_resolved,
                is_current, active_at, look_base, looks_in_vain, begins_at, seen_until
            FROM conversations LEFT JOIN installations ON installations.id = conversations.installation
            -- One of an installation that is gone without a trace.
            WHERE helpdesk_account IS NOT NULL
            ORDER BY 1, 2;
        DROP TABLE conversations;
        ALTER TABLE conversations_next RENAME TO conversations;
        CREATE INDEX conversations_by_contact ON conversations (contact);
        CREATE UNIQUE INDEX conversations_current ON conversations (contact, helpdesk_account, topic) WHERE is_current = 1;
        CREATE INDEX conversations_to_look_into ON conversations (installation, look_base) WHERE look_base IS NOT NULL;
        """

    /// Freshchat's keys have a slash before any colon.
    private static let keysOfAccounts = """
        CREATE TABLE dedupe_next (
            -- The account that the event came by.
            account TEXT NOT NULL,
            key TEXT NOT NULL,
            accepted_at INTEGER NOT NULL,
            PRIMARY KEY (account, key)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO dedupe_next (account, key, accepted_at)
            SELECT iif(instr(key, '/') > 0 AND (instr(key, ':') = 0 OR instr(key, '/') < instr(key, ':')), helpdesk, channel),
                key, accepted_at
            FROM dedupe JOIN new_accounts ON new_accounts.installation = dedupe.installation ORDER BY 1, 2;
        DROP TABLE dedupe;
        ALTER TABLE dedupe_next RENAME TO dedupe;

        CREATE TABLE message_ids_next (
            -- Freshchat's: the account that the conversation is in. The channel's: the installation.
            scope TEXT NOT NULL,
            side TEXT NOT NULL,
            message_id TEXT NOT NULL,
            delivery INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
            PRIMARY KEY (scope, side, message_id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO message_ids_next (scope, side, message_id, delivery)
            SELECT iif(side = 'helpdesk', helpdesk, message_ids.installation), side, message_id, delivery
            FROM message_ids JOIN new_accounts ON new_accounts.installation = message_ids.installation ORDER BY 1, 2, 3;
        DROP TABLE message_ids;
        ALTER TABLE message_ids_next RENAME TO message_ids;
        CREATE INDEX message_ids_by_delivery ON message_ids (delivery);

        CREATE TABLE past_message_ids_next (
            account TEXT NOT NULL,
            message_id TEXT NOT NULL,
            delivery INTEGER NOT NULL,
            direction TEXT NOT NULL,
            -- When the delivery was over.
            at INTEGER NOT NULL,
            PRIMARY KEY (account, message_id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO past_message_ids_next (account, message_id, delivery, direction, at)
            SELECT helpdesk, message_id, delivery, direction, at
            FROM past_message_ids JOIN new_accounts ON new_accounts.installation = past_message_ids.installation
            ORDER BY 1, 2;
        DROP TABLE past_message_ids;
        ALTER TABLE past_message_ids_next RENAME TO past_message_ids;
        """
}
