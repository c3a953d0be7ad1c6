package import FoundationEssentials
import GRDB
import Glibc
package import RelayCore
import Synchronization

/// Kernel locks show who lives: a worker holds one on a file of its own, and a process that can take it knows that the
/// worker is no more.
extension SQLiteStore {
    package func enlist(now: Date) async throws(StoreFailure) -> WorkerID {
        let worker = WorkerID(Self.freshName())
        // The lock is there before anybody can hear of the worker, so that nobody takes it for dead.
        let lock = try KernelLock(path: lockFile(of: worker))
        guard try lock.tryAcquire() else {
            throw StoreFailure(.conflict, "the lock of the new worker \(worker) is taken already")
        }
        do {
            try await change { db in
                try db.run(
                    "INSERT INTO workers (id, process, started_at) VALUES (?, ?, ?)",
                    [worker.rawValue, Int64(getpid()), now.milliseconds])
            }
        } catch {
            unlink(lock.path)
            throw error
        }
        workerLocks.withLock { $0[worker] = lock }
        return worker
    }

    package func retire(_ worker: WorkerID, now: Date) async throws(StoreFailure) {
        try await change { db in _ = try Self.strikeOut(worker, now: now.milliseconds, in: db) }
        let lock = workerLocks.withLock { $0.removeValue(forKey: worker) }
        if let lock { unlink(lock.path) }
    }

    package func reap(now: Date) async throws(StoreFailure) -> Int {
        let clock = now.milliseconds
        let uptime = configuration.bootClock.now()
        // Most calls find nothing, and then need no commit.
        let (workers, hasExpired) = try await read { db in
            (
                try db.rows("SELECT id FROM workers").map { row -> WorkerID in try row.id(0) },
                try db.exists(
                    """
                    SELECT 1 FROM lanes INDEXED BY lanes_leased WHERE owner IS NOT NULL AND leased_until <= ? LIMIT 1
                    """, [uptime.milliseconds])
            )
        }
        let own = workerLocks.withLock { Set($0.keys) }
        var freed = 0
        for worker in workers where !own.contains(worker) {
            let lock = try KernelLock(path: lockFile(of: worker))
            guard try lock.tryAcquire() else { continue }
            freed += try await change { db in try Self.strikeOut(worker, now: clock, in: db) }
            unlink(lock.path)
        }
        if hasExpired {
            freed += try await change { db in try Self.freeExpiredLeases(now: clock, uptime: uptime, in: db) }
        }
        try removeOrphans(known: Set(workers))
        return freed
    }

    /// Frees what the worker holds and forgets it.
    private static func strikeOut(_ worker: WorkerID, now: Int64, in db: Database) throws -> Int {
        let rows = try db.rows("SELECT ordering_key, delivery FROM lanes WHERE owner = ?", [worker.rawValue])
        let freed = try freeLeases(rows, now: now, in: db)
        try db.run("DELETE FROM workers WHERE id = ?", [worker.rawValue])
        return freed
    }

    /// Removes lock files that a crash left behind between the file and the row: free, without a row, and an hour old.
    private func removeOrphans(known: Set<WorkerID>) throws(StoreFailure) {
        let suffix = ".lock"
        for name in try DataDirectory.names(in: files.workers) where name.hasSuffix(suffix) {
            let worker = WorkerID(String(name.dropLast(suffix.count)))
            let path = lockFile(of: worker)
            var status = stat()
            guard !known.contains(worker), lstat(path, &status) == 0 else { continue }
            // The file's age, so the system's clock.
            guard time(nil) - status.st_mtim.tv_sec > 3600 else { continue }
            let lock = try KernelLock(path: path)
            if try lock.tryAcquire() { unlink(path) }
        }
    }

    func lockFile(of worker: WorkerID) -> String { "\(files.workers)/\(worker).lock" }

    /// 128 random bits in hexadecimal digits: no name is ever given twice.
    private static func freshName() -> String {
        (0..<4).map { _ in
            let digits = String(UInt32.random(in: 0...UInt32.max), radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }
}
