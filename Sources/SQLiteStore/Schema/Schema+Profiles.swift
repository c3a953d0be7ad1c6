extension Schema {
    /// For writing customers' profiles to the helpdesk when they change.
    static let profiles = """
        -- Whether the five columns behind it say what the helpdesk was last told. It isn't known of a user who was there
        -- before, and of those that earlier versions created.
        ALTER TABLE contacts ADD COLUMN is_written INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE contacts ADD COLUMN written_name TEXT;
        ALTER TABLE contacts ADD COLUMN written_avatar_url TEXT;
        ALTER TABLE contacts ADD COLUMN written_language TEXT;
        ALTER TABLE contacts ADD COLUMN written_country TEXT;
        ALTER TABLE contacts ADD COLUMN written_phone_number TEXT;
        -- When the helpdesk last answered an update; NULL: there was none.
        ALTER TABLE contacts ADD COLUMN profile_updated_at INTEGER;
        -- NULL: no update is due.
        ALTER TABLE contacts ADD COLUMN profile_due_at INTEGER;
        ALTER TABLE contacts ADD COLUMN profile_failures INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX contacts_with_profile_due ON contacts (installation, profile_due_at)
            WHERE profile_due_at IS NOT NULL;

        -- No profile of the installation is written before this time.
        CREATE TABLE profile_pace (
            installation TEXT PRIMARY KEY NOT NULL,
            ready_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
