extension Schema {
    /// What is counted, and what is wrong. Kept apart from what it is about, so that removing old rows loses none of it.
    static let figures = """
        -- Counters, buckets of histograms and the lengths of rows of failures, each by its name.
        CREATE TABLE counters (
            installation TEXT NOT NULL,
            direction TEXT NOT NULL,
            name TEXT NOT NULL,
            value INTEGER NOT NULL,
            PRIMARY KEY (installation, direction, name)
        ) STRICT, WITHOUT ROWID;

        -- The alarms that are raised; no installation is ''.
        CREATE TABLE alarms (
            name TEXT NOT NULL,
            installation TEXT NOT NULL,
            subject TEXT NOT NULL,
            reason TEXT NOT NULL,
            raised_at INTEGER NOT NULL,
            PRIMARY KEY (name, installation, subject)
        ) STRICT, WITHOUT ROWID;

        -- What isn't finished, for counting it without looking at the rows.
        CREATE INDEX outbox_unfinished ON outbox (installation, direction, state, accepted_at)
            WHERE state IN ('waiting', 'held', 'dead');
        """
}
