import Foundation
import GRDB
import Glibc
package import RelayCore

/// What an operator does with the file of a data store, also one that can't be opened for work any more. Safe while
/// workers run; to be used in a process that has the same store not open otherwise.
package struct StoreMaintenance: Sendable {
    let directory: String
    var database: String { directory + "/byoc.sqlite" }
    var writeLock: String { directory + "/write.lock" }

    /// - Throws: when there is no store in this directory.
    package init(directory: String) throws(StoreFailure) {
        var directory = directory
        while directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
        self.directory = directory
        var status = stat()
        guard stat(database, &status) == 0 else {
            throw .system("there is no data store \(database) to be looked after", .notFound)
        }
    }

    /// A connection that changes nothing.
    func openForReading() throws(StoreFailure) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "byoc-store-maintenance"
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA temp_store = MEMORY") }
        do {
            return try DatabaseQueue(path: database, configuration: configuration)
        } catch {
            throw StoreFailure(error, path: database)
        }
    }

    func size(of path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
