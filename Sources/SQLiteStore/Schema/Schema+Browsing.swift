extension Schema {
    /// For the pages that people look at.
    static let browsing = """
        -- What was said to and by a contact. What waits is found by its ordering key, so that an accept doesn't pay for
        -- this: it is written when the delivery leaves the queue.
        CREATE INDEX outbox_by_contact ON outbox (contact, id) WHERE state <> 'waiting';

        -- What the counters said when a minute began: the last hour of each flow, in a ring.
        CREATE TABLE minutes (
            installation TEXT NOT NULL,
            direction TEXT NOT NULL,
            slot INTEGER NOT NULL,
            minute INTEGER NOT NULL,
            accepted INTEGER NOT NULL,
            delivered INTEGER NOT NULL,
            dead INTEGER NOT NULL,
            waiting INTEGER NOT NULL,
            -- Pairs of a bucket's upper bound and its count, with spaces between.
            latency TEXT NOT NULL,
            latency_sum INTEGER NOT NULL,
            PRIMARY KEY (installation, direction, slot)
        ) STRICT, WITHOUT ROWID;
        """
}
