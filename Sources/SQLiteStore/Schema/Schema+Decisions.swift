extension Schema {
    /// For telling people what really happened to a delivery.
    static let decisions = """
        -- How a reply came; NULL: not a reply, or accepted by an earlier version.
        ALTER TABLE outbox ADD COLUMN source TEXT;
        -- Why it is dead; NULL: it isn't, or died under an earlier version.
        ALTER TABLE outbox ADD COLUMN cause TEXT;
        -- What the last note about its death was for; NULL: none was left.
        ALTER TABLE outbox ADD COLUMN noted TEXT;

        -- What persons have decided about a delivery.
        CREATE TABLE decisions (
            id INTEGER PRIMARY KEY,
            delivery INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
            kind TEXT NOT NULL,
            piece INTEGER NOT NULL,
            at INTEGER NOT NULL,
            -- 'command' or 'pages'.
            origin TEXT NOT NULL,
            -- Where the browser was; NULL: not on the pages, or unknown.
            address TEXT
        ) STRICT;
        CREATE INDEX decisions_by_delivery ON decisions (delivery);

        -- The last delivery that was accepted before Freshchat was last heard: the posts behind it have had no echo.
        -- Nobody has noted when the installations that are there already were heard, so it begins here.
        INSERT INTO counters (installation, direction, name, value)
            SELECT id, 'outbound', 'heard_up_to', coalesce((SELECT max(id) FROM outbox), 0) FROM installations;
        """
}
