extension Schema {
    /// For telling a person's pause from the one after a refused credential.
    static let pauses = """
        -- A word of Installation.PauseCause; NULL: it isn't paused.
        ALTER TABLE installations ADD COLUMN paused_by TEXT;
        -- Earlier versions kept only the reason. These are the ones that they wrote for a person's pause and for the
        -- environment's; with any other reason, a credential was most likely refused.
        UPDATE installations SET paused_by = CASE
                WHEN paused_reason IN ('Paused on the settings pages', 'Paused by an operator') THEN 'person'
                WHEN paused_reason = 'BYOC_CHANNEL is no longer set' THEN 'environment'
                ELSE 'credential'
            END
            WHERE state = 'paused';
        """
}
