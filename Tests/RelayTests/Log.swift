import Synchronization

/// What was handed over, in order.
final class Log<Entry: Sendable>: Sendable {
    private let entries = Mutex<[Entry]>([])

    /// - Returns: the entry's number, from 1.
    func add(_ entry: Entry) -> Int {
        entries.withLock { entries in
            entries.append(entry)
            return entries.count
        }
    }

    var all: [Entry] { entries.withLock { $0 } }
    var count: Int { all.count }
}
