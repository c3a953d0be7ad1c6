package import Foundation
import GRDB
package import RelayCore

/// What waits for an instant waits by the wall clock. When that is set, by a person or at last by NTP, everything that
/// waits is moved along with it: set back by an hour it would stand still for that hour.
extension SQLiteStore {
    /// What NTP may correct at once without anything being moved.
    private static let tolerance: Int64 = 2000

    package func noticeClock(now: Date) async throws(StoreFailure) -> Duration? {
        // Measured together, before anything can wait.
        let lead = now.milliseconds - configuration.bootClock.now().milliseconds
        let boot = Self.bootID
        let known = try await read { db in try Self.knownLead(boot, in: db) }
        // A clock that is only trimmed needs no commit each second.
        if let known, abs(lead - known) < 100 { return nil }
        return try await change { db in
            // Another worker may have noticed it meanwhile.
            let known = try Self.knownLead(boot, in: db)
            try db.run("UPDATE meta SET number = ?, content = ? WHERE name = 'clock'", [lead, Data(boot.utf8)])
            guard let known, abs(lead - known) > Self.tolerance else { return nil }
            try Self.move(by: lead - known, in: db)
            return .milliseconds(lead - known)
        }
    }

    /// How far the wall clock was ahead of the boot clock when it was last looked at; `nil`: not since the machine started.
    private static func knownLead(_ boot: String, in db: Database) throws -> Int64? {
        guard let row = try db.row("SELECT number, content FROM meta WHERE name = 'clock'"),
            try row.blobIfAny(1) == Data(boot.utf8)
        else { return nil }
        return try row.integer(0)
    }

    private static func move(by step: Int64, in db: Database) throws {
        try db.run(
            """
            UPDATE outbox SET next_attempt_at = next_attempt_at + ?1, doubt_since = doubt_since + ?1
            WHERE state = 'waiting'
            """, [step])
        try db.run("UPDATE lanes SET ready_at = ready_at + ?", [step])
        try db.run("UPDATE gates SET until = until + ?1, opened_at = opened_at + ?1", [step])
        try db.run("UPDATE conversations SET look_base = look_base + ? WHERE look_base IS NOT NULL", [step])
        try db.run("UPDATE poll_pace SET ready_at = ready_at + ?", [step])
        try db.run(
            "UPDATE contacts SET profile_due_at = profile_due_at + ? WHERE profile_due_at IS NOT NULL", [step])
        try db.run("UPDATE profile_pace SET ready_at = ready_at + ?", [step])
        try db.run(
            """
            UPDATE attempts SET finished_at = finished_at + ?
            WHERE outcome = 'in_doubt' AND delivery IN
                (SELECT id FROM outbox INDEXED BY outbox_in_doubt WHERE doubt_since IS NOT NULL AND +state = 'waiting')
            """, [step])
        // Should the worker die, the doubt begins with these.
        try db.run(
            """
            UPDATE attempts SET started_at = started_at + ?
            WHERE outcome IS NULL AND delivery IN (SELECT delivery FROM lanes WHERE owner IS NOT NULL)
            """, [step])
    }

    /// The kernel's name for the time since the machine was started (random(4)); empty when it can't be read.
    private static let bootID: String = {
        guard let handle = FileHandle(forReadingAtPath: "/proc/sys/kernel/random/boot_id"),
            let data = try? handle.readToEnd()
        else { return "" }
        return String(decoding: data, as: UTF8.self).trimmingWhiteSpace()
    }()
}
