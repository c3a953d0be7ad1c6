extension Schema {
    /// For the reconciliation poll.
    static let watch = """
        -- When something last happened in it.
        ALTER TABLE conversations ADD COLUMN active_at INTEGER;
        -- A look into it is due one poll interval after this; NULL: none is. An interval before the look, and not its own
        -- time, because who notes that something happened doesn't know how long the interval is.
        ALTER TABLE conversations ADD COLUMN look_base INTEGER;
        ALTER TABLE conversations ADD COLUMN looks_in_vain INTEGER NOT NULL DEFAULT 0;
        -- What is older is none of ours: by our clock before the first look, by Freshchat's after it.
        ALTER TABLE conversations ADD COLUMN begins_at INTEGER;
        -- How far it was looked into, by Freshchat's clock; NULL: never.
        ALTER TABLE conversations ADD COLUMN seen_until INTEGER;
        CREATE INDEX conversations_to_look_into ON conversations (installation, look_base)
            WHERE look_base IS NOT NULL;

        -- No conversation of the installation is looked into before this time.
        CREATE TABLE poll_pace (
            installation TEXT PRIMARY KEY NOT NULL,
            ready_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
