package import RelayCore

/// Where the data store is and how patient it is.
package struct SQLiteStoreConfiguration: Sendable {
    /// How SQLite makes a commit durable.
    package enum Journal: String, Sendable, CaseIterable {
        /// WAL, unless the file system can't share memory between processes.
        case automatic
        case wal
        /// A rollback journal: works everywhere, and readers and the writer wait for each other.
        case rollback
    }

    /// The data directory: one of its own, for this store only.
    package var directory: String
    package var journal: Journal
    /// How long a request thread waits for its commit to begin, before it tells the sender to try again. Below the three
    /// seconds after which the quickest senders hang up.
    package var patience: Duration
    /// How long opening waits for another process that opens, migrates or writes.
    package var openPatience: Duration
    /// How long closing waits for what is queued, when another process keeps the lock.
    package var closePatience: Duration
    /// How long one commit may wait for a program that writes to the file without our lock.
    package var busyTimeout: Duration
    /// The most changes that share one commit.
    package var batchLimit: Int
    /// Connections for reading.
    package var readers: Int
    /// The database file never grows beyond this many bytes; what would need more is refused as on a full disk.
    package var maximumSize: Int64?
    /// Whether a store that isn't there is an error: it was there a moment ago.
    package var mustExist = false
    /// What leases are measured by.
    package var bootClock = BootClock.system

    package init(
        directory: String, journal: Journal = .automatic, patience: Duration = .milliseconds(2500),
        openPatience: Duration = .seconds(30), closePatience: Duration = .seconds(5),
        busyTimeout: Duration = .seconds(2), batchLimit: Int = 256, readers: Int = 8, maximumSize: Int64? = nil
    ) {
        self.directory = directory
        self.journal = journal
        self.patience = patience
        self.openPatience = openPatience
        self.closePatience = closePatience
        self.busyTimeout = busyTimeout
        self.batchLimit = batchLimit
        self.readers = readers
        self.maximumSize = maximumSize
    }
}
