package import FoundationEssentials
import GRDB
package import RelayCore
import Synchronization

/// The sweep through what is over. It looks through the tables by their primary keys, a bounded number of rows at a time
/// and on a reading connection, and then removes what it found in one small change. No index by age is kept for it: that
/// would cost each accept a page.
extension SQLiteStore {
    package func sweep(_ ages: RetentionAges, now: Date) async throws(StoreFailure) -> SweepResult {
        guard try beginsSweeping() else { return SweepResult() }
        let sweep = Sweep(ages, now: now)
        guard let position = try await read({ db in try SweepPosition.current(in: db, sweep) }) else {
            endSweeping()
            return SweepResult()
        }
        let look = try await read { db in try sweep.look(from: position, in: db) }
        let result = try await change { db in
            var result = try sweep.remove(look, in: db)
            result.hasMore = try SweepPosition.keep(look.next, sweep, in: db)
            return result
        }
        if !result.hasMore { endSweeping() }
        return result
    }

    /// - Returns: false when another worker does it. A worker that dies lets go of it by that.
    private func beginsSweeping() throws(StoreFailure) -> Bool {
        let path = files.sweepLock
        let result: Result<Bool, StoreFailure> = sweepLock.withLock { held in
            do throws(StoreFailure) {
                let lock = if let held { held } else { try KernelLock(path: path) }
                held = lock
                return .success(try lock.tryAcquire())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func endSweeping() { sweepLock.withLock { $0?.release() } }
}

/// Where the sweep stands: what it looked at last. Kept in `meta`, so that a later process goes on from there.
struct SweepPosition: Codable, Hashable, Sendable {
    /// In this order.
    enum Stage: String, Codable, CaseIterable, Sendable {
        case attempts, deliveries, receipts, messageIDs, dedupeKeys
        /// Gives free pages back to the file system.
        case space
    }

    var stage: Stage = .attempts
    var number: Int64 = 0
    var installation = ""
    var name = ""

    init(_ stage: Stage = .attempts) { self.stage = stage }

    /// The beginning of the next stage; `nil` behind the last.
    var nextStage: SweepPosition? {
        guard let index = Stage.allCases.firstIndex(of: stage), index + 1 < Stage.allCases.count else { return nil }
        return SweepPosition(Stage.allCases[index + 1])
    }

    /// - Returns: `nil` while the sweep rests.
    static func current(in db: Database, _ sweep: Sweep) throws -> SweepPosition? {
        guard let row = try db.row("SELECT number, content FROM meta WHERE name = 'sweep'") else {
            return SweepPosition()
        }
        let end = try row.integer(0)
        // A rest longer than any is from a clock that was ahead.
        if sweep.now < end, end <= sweep.now + 2 * sweep.rest { return nil }
        // What can't be read is from another version: begin again.
        return try row.blobIfAny(1).flatMap { try? JSONDecoder().decode(SweepPosition.self, from: $0) }
            ?? SweepPosition()
    }

    /// Notes where to go on, or that the sweep rests when that is `nil`.
    ///
    /// - Returns: whether it goes on.
    static func keep(_ position: SweepPosition?, _ sweep: Sweep, in db: Database) throws -> Bool {
        try db.run(
            """
            INSERT INTO meta (name, number, content) VALUES ('sweep', ?, ?)
            ON CONFLICT (name) DO UPDATE SET number = excluded.number, content = excluded.content
            """,
            [position == nil ? sweep.now + sweep.rest : 0, try position.map { try JSONEncoder().encode($0) }])
        return position != nil
    }
}
