import FaultyDisk
import Foundation
import Synchronization

/// A data directory on a disk of which the test decides what it does.
final class FaultyDirectory: Sendable {
    enum Operation: Int32, Sendable {
        case open, read, write, sync, synced, truncate
    }

    /// One step that SQLite makes with a file.
    struct Step: Sendable {
        /// `byoc.sqlite`, or that with `-wal` or `-journal`.
        var file: String
        var operation: Operation
        var bytes: Data
        /// The new length when it is a truncation.
        var offset: Int64
    }

    /// Gives SQLite's result code for a step; 0: it is made.
    typealias Judge = @Sendable (Step) -> Int32

    /// SQLite's result codes, each with what it means.
    static let noSpace: Int32 = 13
    static let readFails: Int32 = 10 | 1 << 8
    static let writeFails: Int32 = 10 | 3 << 8
    static let syncFails: Int32 = 10 | 4 << 8
    static let truncateFails: Int32 = 10 | 6 << 8
    static let cannotOpen: Int32 = 14

    let directory: Directory
    private static let judges = Mutex<[String: Judge]>([:])

    /// The directories' names tell whose a file is; those of other tests are left alone.
    private static let installed: Void = faulty_disk_install { path, operation, bytes, count, offset in
        guard let path, let operation = Operation(rawValue: operation) else { return 0 }
        let words = String(cString: path).split(separator: "/").suffix(2).map(String.init)
        guard words.count == 2, let judge = FaultyDirectory.judges.withLock({ $0[words[0]] }) else { return 0 }
        let data = bytes.map { Data(bytes: $0, count: Int(count)) } ?? Data()
        return judge(Step(file: words[1], operation: operation, bytes: data, offset: offset))
    }

    init() throws {
        Self.installed
        directory = try Directory()
    }

    deinit { judge(nil) }

    private var name: String { directory.path.split(separator: "/").last.map(String.init) ?? "" }

    /// From now on.
    func judge(_ judge: Judge?) { Self.judges.withLock { $0[name] = judge } }

    /// Each step that the condition holds for fails, when it is the n-th of these.
    func fail(every number: Int, with code: Int32, where condition: @escaping @Sendable (Step) -> Bool) {
        let count = Mutex(0)
        judge { step in
            guard condition(step) else { return 0 }
            let isTurn = count.withLock { count in
                count += 1
                return count.isMultiple(of: number)
            }
            return isTurn ? code : 0
        }
    }
}
