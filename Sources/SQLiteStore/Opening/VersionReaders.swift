import GRDB
import RelayCore
import Synchronization

/// Looks up the installations' version for each request, on a few connections of its own: what a pool does to hand out a
/// connection costs ten times as much as this look, and threads that wait for the same one more than that.
final class VersionReaders: Sendable {
    private struct Reader {
        var connection: (any DatabaseReader)?
        var isClosed = false
    }

    private final class Slot: Sendable {
        let reader = Mutex(Reader())
    }

    private let slots = (0..<4).map { _ in Slot() }
    private let open: @Sendable () throws -> any DatabaseReader

    /// - Parameter open: makes a connection, when the first is needed and when all others are in use.
    init(open: @escaping @Sendable () throws -> any DatabaseReader) { self.open = open }

    /// - Parameter body: reads by one statement.
    func read<Value: Sendable>(_ body: (Database) throws -> Value) throws -> Value {
        for slot in slots {
            if let value = try slot.reader.withLockIfAvailable({ reader in try read(&reader, body) }) { return value }
        }
        return try slots[0].reader.withLock { reader in try read(&reader, body) }
    }

    /// Later calls of ``read(_:)`` fail.
    func close() {
        for slot in slots {
            slot.reader.withLock { reader in
                try? reader.connection?.close()
                reader = Reader(isClosed: true)
            }
        }
    }

    private func read<Value>(_ reader: inout Reader, _ body: (Database) throws -> Value) throws -> Value {
        if reader.isClosed { throw StoreFailure.storeIsClosed }
        let connection = try reader.connection ?? open()
        reader.connection = connection
        return try connection.unsafeRead(body)
    }
}
