import FoundationEssentials
import GRDB
import Logging
import RelayCore

/// How connections to the file are made.
enum Connection {
    /// Opens the file in the journal mode that the configuration and the file system allow.
    static func open(
        _ directory: DataDirectory, _ settings: SQLiteStoreConfiguration, logger: Logger
    ) throws(StoreFailure) -> any DatabaseWriter {
        let obstacle: String? =
            switch settings.journal {
            case .automatic: directory.obstacleToSharedMemory()
            case .wal: nil
            case .rollback: "the configuration says so"
            }
        let configuration = configuration(settings)
        do {
            guard let obstacle else {
                return try DatabasePool(path: directory.database, configuration: configuration)
            }
            logger.warning(
                "The data store uses a rollback journal: slower, and readers wait for writers",
                metadata: ["store.reason": "\(obstacle)"])
            let queue = try DatabaseQueue(path: directory.database, configuration: configuration)
            try queue.writeWithoutTransaction { db in
                _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
            }
            return queue
        } catch {
            throw StoreFailure(error, path: directory.database)
        }
    }

    /// One more connection to a file that exists, in write-ahead mode.
    static func openForReading(
        _ directory: DataDirectory, _ settings: SQLiteStoreConfiguration
    ) throws -> any DatabaseReader {
        var configuration = configuration(settings)
        configuration.readonly = true
        return try DatabaseQueue(path: directory.database, configuration: configuration)
    }

    /// One more connection for a ``Checkpointer``.
    static func openForCheckpoints(
        _ directory: DataDirectory, _ settings: SQLiteStoreConfiguration
    ) throws -> any DatabaseWriter {
        let queue = try DatabaseQueue(path: directory.database, configuration: configuration(settings))
        try queue.writeWithoutTransaction { db in try makeDurable(db) }
        return queue
    }

    private static func configuration(_ settings: SQLiteStoreConfiguration) -> Configuration {
        var configuration = Configuration()
        configuration.label = "byoc-store"
        configuration.foreignKeysEnabled = true
        // The fair lock keeps our own processes apart; this is for programs that don't know it.
        configuration.busyMode = .timeout(settings.busyTimeout.seconds)
        configuration.maximumReaderCount = max(1, settings.readers)
        let maximumSize = settings.maximumSize
        configuration.prepareDatabase { db in
            // What doesn't fit into memory never goes to a temporary directory that others can read.
            try db.execute(sql: "PRAGMA temp_store = MEMORY")
            guard !db.configuration.readonly else { return }
            // Has to stand in the file before its first table; setting it again would be a write at each opening.
            if try Int.fetchOne(db, sql: "PRAGMA page_count") == 0 {
                try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
            }
            // What is removed is overwritten where that costs no further page.
            try db.execute(sql: "PRAGMA secure_delete = FAST")
            // After a large transaction the write-ahead log's file shrinks again.
            try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
            if let maximumSize {
                let pageSize = try Int64.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
                try db.execute(sql: "PRAGMA max_page_count = \(max(1, maximumSize / pageSize))")
            }
        }
        return configuration
    }

    /// Sets what a commit waits for, on the writing connection, and makes sure that it is so: GRDB chooses NORMAL in WAL
    /// mode, with which a power cut takes the last commits away.
    ///
    /// With a rollback journal the name of the deleted journal has to be durable as well: EXTRA
    /// (https://www.sqlite.org/pragma.html#pragma_synchronous).
    static func makeDurable(_ db: Database) throws {
        let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
        let wanted = journal == "wal" ? 2 : 3
        try db.execute(sql: "PRAGMA synchronous = \(wanted)")
        guard try Int.fetchOne(db, sql: "PRAGMA synchronous") == wanted else {
            throw StoreFailure(.unavailable, "SQLite doesn't take the setting that makes commits durable")
        }
    }
}
