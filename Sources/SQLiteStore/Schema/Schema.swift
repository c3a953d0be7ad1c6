import FoundationEssentials
import GRDB
import Logging
import RelayCore

/// The tables. Migrations are only ever added at the end, and never changed once released.
///
/// Times are milliseconds since 1970. Enumerations are stored as the words of the design. `STRICT` keeps each column to its
/// type, so that reading can rely on it as long as the file is sound.
enum Schema {
    /// Says in the file's header whose it is: "byoc".
    private static let applicationID: Int64 = 0x6279_6F63

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 installations, contacts, outbox") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(sql: common)
            try db.execute(sql: people)
            try db.execute(sql: outbox)
            try db.execute(sql: reports)
        }
        migrator.registerMigration("2 breakers, late deliveries, clock") { db in
            try db.execute(sql: breakers)
        }
        migrator.registerMigration("conversations to look into") { db in
            try db.execute(sql: watch)
        }
        migrator.registerMigration("ids of messages whose deliveries are gone") { db in
            try db.execute(sql: pastMessages)
        }
        migrator.registerMigration("counters, alarms") { db in
            try db.execute(sql: figures)
        }
        migrator.registerMigration("messages by contact, minutes") { db in
            try db.execute(sql: browsing)
        }
        migrator.registerMigration("profiles as last written") { db in
            try db.execute(sql: profiles)
        }
        migrator.registerMigration("decisions, sources, causes") { db in
            try db.execute(sql: decisions)
        }
        migrator.registerMigration("causes of pauses") { db in
            try db.execute(sql: pauses)
        }
        migrator.registerMigration(accountsMigration) { db in try makeAccounts(db) }
        return migrator
    }

    /// Brings the file to this version. The caller holds the lock between processes.
    ///
    /// - Throws: `damaged` for a newer version's file, and for one that is none of ours.
    static func migrate(_ database: any DatabaseWriter, logger: Logger) throws {
        let migrator = migrator
        let state = try database.writeWithoutTransaction { db in
            if try !db.tableExists("grdb_migrations"), try Bool.fetchOne(db, sql: "SELECT 1 FROM sqlite_master") != nil
            {
                throw StoreFailure(
                    .damaged,
                    "\(database.path) is a database of another program, or damaged. Choose a data folder of byoc's own, or "
                        + "see what is wrong with `byoc store check`.")
            }
            if try migrator.hasBeenSuperseded(db) {
                throw StoreFailure(
                    .damaged,
                    "the data store \(database.path) was written by a newer version of byoc, which this one can't read "
                        + "(`byoc store check` looks through it all the same). Run that version, or put a backup "
                        + "from before in its place\(backupsBeside(database.path)).")
            }
            return (
                isNew: try !db.tableExists("meta"), isCurrent: try migrator.hasCompletedMigrations(db),
                applied: try migrator.appliedIdentifiers(db)
            )
        }
        if state.isCurrent { return }
        let start = ContinuousClock.now
        if !state.isNew {
            logger.notice(
                "updating the data store to this version; a large one takes minutes, and others wait for it",
                metadata: ["store.path": "\(database.path)"])
        }
        if !state.isNew, !state.applied.contains(accountsMigration) {
            let backup = try keepBackup(of: database, named: "before-accounts")
            logger.notice(
                "The data store was copied before its tables change",
                metadata: ["store.path": "\(database.path)", "store.backup": "\(backup)"])
        }
        for migration in migrator.migrations where !state.applied.contains(migration) {
            try migrator.migrate(database, upTo: migration)
            reach(.migration, migration)
        }
        if state.isNew { return logger.info("data store created", metadata: ["store.path": "\(database.path)"]) }
        logger.notice(
            "data store updated to this version",
            metadata: [
                "store.path": "\(database.path)", "seconds": "\((ContinuousClock.now - start).components.seconds)",
            ])
    }

    /// Whether a file is one of an earlier version. While another process updates it, it still is.
    static func isEarlier(_ database: any DatabaseReader) throws -> Bool {
        try database.read { db in
            guard try db.tableExists("grdb_migrations") else { return false }
            return try !migrator.hasCompletedMigrations(db) && !migrator.hasBeenSuperseded(db)
        }
    }

    private static let common = """
        -- Counters and marks, each by its name.
        CREATE TABLE meta (
            name TEXT PRIMARY KEY NOT NULL,
            number INTEGER NOT NULL DEFAULT 0,
            content BLOB
        ) STRICT, WITHOUT ROWID;
        INSERT INTO meta (name) VALUES ('fence'), ('installations_version'), ('heartbeat');

        CREATE TABLE installations (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            channel TEXT NOT NULL,
            channel_settings TEXT NOT NULL,
            base_url TEXT NOT NULL,
            topic TEXT NOT NULL,
            webhook_public_key TEXT NOT NULL,
            resolved_policy TEXT NOT NULL,
            forwards_system_lines INTEGER NOT NULL,
            text_limit INTEGER NOT NULL,
            name TEXT NOT NULL,
            state TEXT NOT NULL,
            paused_reason TEXT,
            paused_since INTEGER,
            doubt_policy TEXT NOT NULL,
            origin TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            -- Credentials and URLs, encrypted together; NULL once the installation is removed.
            secrets BLOB,
            key_id TEXT
        ) STRICT;

        -- Nothing goes to this side before this time.
        CREATE TABLE gates (
            installation TEXT NOT NULL,
            side TEXT NOT NULL,
            until INTEGER NOT NULL,
            PRIMARY KEY (installation, side)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE workers (
            id TEXT PRIMARY KEY NOT NULL,
            process INTEGER NOT NULL,
            started_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        -- First names of agents, as Freshchat told them; NULL: it has none by that id.
        CREATE TABLE agents (
            installation TEXT NOT NULL,
            id TEXT NOT NULL,
            name TEXT,
            learned_at INTEGER NOT NULL,
            PRIMARY KEY (installation, id)
        ) STRICT, WITHOUT ROWID;
        """

    private static let people = """
        CREATE TABLE contacts (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            installation TEXT NOT NULL,
            channel_user TEXT NOT NULL,
            name TEXT,
            avatar_url TEXT,
            language TEXT,
            country TEXT,
            phone_number TEXT,
            subscription TEXT,
            subscription_at INTEGER,
            helpdesk_user TEXT,
            UNIQUE (installation, channel_user)
        ) STRICT;
        CREATE INDEX contacts_by_helpdesk_user ON contacts (installation, helpdesk_user)
            WHERE helpdesk_user IS NOT NULL;

        CREATE TABLE conversations (
            installation TEXT NOT NULL,
            id TEXT NOT NULL,
            contact INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
            topic TEXT NOT NULL,
            is_resolved INTEGER NOT NULL DEFAULT 0,
            is_current INTEGER NOT NULL,
            PRIMARY KEY (installation, id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX conversations_by_contact ON conversations (contact);
        CREATE UNIQUE INDEX conversations_current ON conversations (contact, topic) WHERE is_current = 1;
        """

    private static let outbox = """
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            installation TEXT NOT NULL,
            direction TEXT NOT NULL,
            ordering_key TEXT NOT NULL,
            contact INTEGER,
            payload BLOB NOT NULL,
            state TEXT NOT NULL DEFAULT 'waiting',
            progress INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0,
            accepted_at INTEGER NOT NULL,
            next_attempt_at INTEGER NOT NULL,
            finished_at INTEGER,
            doubt_since INTEGER,
            reason TEXT NOT NULL DEFAULT '',
            detail TEXT NOT NULL DEFAULT ''
        ) STRICT;
        -- The head of a lane is the first of its key in here.
        CREATE INDEX outbox_waiting ON outbox (ordering_key, id) WHERE state = 'waiting';
        CREATE INDEX outbox_by_state ON outbox (installation, state, id);
        CREATE INDEX outbox_in_doubt ON outbox (installation, id) WHERE doubt_since IS NOT NULL;

        -- An ordering key with something that waits, or that a worker has a lease of.
        CREATE TABLE lanes (
            ordering_key TEXT PRIMARY KEY NOT NULL,
            installation TEXT NOT NULL,
            side TEXT NOT NULL,
            -- When its head becomes due.
            ready_at INTEGER NOT NULL,
            -- The contact whose writing makes the head due at once.
            wakes_on_contact INTEGER,
            owner TEXT,
            fence INTEGER NOT NULL DEFAULT 0,
            leased_until INTEGER,
            -- The delivery that the owner makes.
            delivery INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX lanes_ready ON lanes (installation, side, ready_at) WHERE owner IS NULL;
        CREATE INDEX lanes_leased ON lanes (leased_until) WHERE owner IS NOT NULL;
        CREATE INDEX lanes_by_owner ON lanes (owner) WHERE owner IS NOT NULL;
        CREATE INDEX lanes_waking ON lanes (wakes_on_contact) WHERE wakes_on_contact IS NOT NULL;

        CREATE TABLE attempts (
            id INTEGER PRIMARY KEY,
            delivery INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
            piece INTEGER NOT NULL,
            worker TEXT NOT NULL,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            -- NULL: under way.
            outcome TEXT,
            detail TEXT NOT NULL DEFAULT ''
        ) STRICT;
        CREATE INDEX attempts_by_delivery ON attempts (delivery);
        """

    private static let breakers = """
        ALTER TABLE gates ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE gates ADD COLUMN last_key TEXT;
        ALTER TABLE gates ADD COLUMN openings INTEGER NOT NULL DEFAULT 0;
        -- NULL: the breaker is closed.
        ALTER TABLE gates ADD COLUMN opened_at INTEGER;

        -- Whether one of its key that was accepted later went out before it, while it was dead or held.
        ALTER TABLE outbox ADD COLUMN is_late INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX outbox_given_up ON outbox (ordering_key) WHERE state IN ('dead', 'held');

        -- How far the wall clock was ahead of the boot clock, in milliseconds, and in which boot that was.
        INSERT INTO meta (name) VALUES ('clock');

        -- Leases are measured by the boot clock from now on; one from before ends at once.
        UPDATE lanes SET leased_until = 0 WHERE owner IS NOT NULL;
        """

    private static let reports = """
        -- What each side calls a message, and which delivery it belongs to.
        CREATE TABLE message_ids (
            installation TEXT NOT NULL,
            side TEXT NOT NULL,
            message_id TEXT NOT NULL,
            delivery INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
            PRIMARY KEY (installation, side, message_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX message_ids_by_delivery ON message_ids (delivery);

        -- The highest state that the channel reported; also of messages whose id isn't known yet.
        CREATE TABLE receipts (
            installation TEXT NOT NULL,
            message_id TEXT NOT NULL,
            state TEXT NOT NULL,
            at INTEGER NOT NULL,
            reason TEXT,
            -- For the agents, when it says "failed"; NULL when there is none to leave, or it was left.
            note TEXT,
            was_noted INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (installation, message_id)
        ) STRICT, WITHOUT ROWID;

        -- The events that were taken in.
        CREATE TABLE dedupe (
            installation TEXT NOT NULL,
            key TEXT NOT NULL,
            accepted_at INTEGER NOT NULL,
            PRIMARY KEY (installation, key)
        ) STRICT, WITHOUT ROWID;
        """

    private static let pastMessages = """
        -- What Freshchat calls messages whose deliveries are removed: they are still recognised.
        CREATE TABLE past_message_ids (
            installation TEXT NOT NULL,
            message_id TEXT NOT NULL,
            delivery INTEGER NOT NULL,
            direction TEXT NOT NULL,
            -- When the delivery was over.
            at INTEGER NOT NULL,
            PRIMARY KEY (installation, message_id)
        ) STRICT, WITHOUT ROWID;
        """
}
