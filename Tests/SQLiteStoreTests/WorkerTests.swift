import Foundation
import GRDB
import Glibc
import RelayCore
import SQLiteStore
import Testing

@Suite("Workers by kernel lock")
struct WorkerTests {
    @Test("What a worker held is free as soon as its lock is, and its file and row are gone")
    func death() async throws {
        let directory = try Directory()
        let living = try open(directory)
        let dying = try open(directory)
        try await living.save(sample(), now: start)
        let survivor = try await living.enlist(now: start)
        let victim = try await dying.enlist(now: start)
        _ = try living.accept(message("one"))
        let lost = try #require(
            try await dying.claim(by: victim, limit: 1, lease: .seconds(3600), now: start).first)
        #expect(try await living.reap(now: start) == 0)
        #expect(try await living.claim(by: survivor, limit: 1, lease: .seconds(60), now: start).isEmpty)

        // Closing lets go of the locks and says no goodbye: as the kernel does for a process that is killed.
        dying.close()
        #expect(try await living.reap(now: start) == 1)
        let claim = try #require(
            try await living.claim(by: survivor, limit: 1, lease: .seconds(60), now: start).first)
        #expect(claim.delivery.id == lost.delivery.id && claim.doubt?.since == start && claim.fence > lost.fence)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path + "/workers") == ["\(survivor).lock"])
        #expect(try await living.reap(now: start) == 0)
        living.close()
    }

    @Test("A worker whose lock file is gone, as in a copy of the directory, counts as dead")
    func copiedDirectory() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        let worker = try await store.enlist(now: start)
        _ = try store.accept(message("one"))
        _ = try await store.claim(by: worker, limit: 1, lease: .seconds(3600), now: start)
        store.close()
        try FileManager.default.removeItem(atPath: directory.path + "/workers")
        let again = try open(directory)
        #expect(try await again.reap(now: start) == 1)
        #expect(try await again.claim(by: "w", limit: 1, lease: .seconds(60), now: start).count == 1)
        again.close()
    }

    @Test("Retiring takes row and file away")
    func retiring() async throws {
        let directory = try Directory()
        let store = try open(directory)
        let worker = try await store.enlist(now: start)
        #expect(try directory.modes()["workers/\(worker).lock"] == 0o600)
        try await store.retire(worker, now: start)
        #expect(try directory.modes().keys.filter { $0.hasPrefix("workers/") }.isEmpty)
        store.close()
        let workers = try inFile(of: directory) {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM workers")
        }
        #expect(workers == 0)
    }

    @Test("A lock file that a crash left without a row is removed when it is old and free")
    func orphans() async throws {
        let directory = try Directory()
        let store = try open(directory)
        let workers = directory.path + "/workers/"
        for name in ["old.lock", "old-but-held.lock", "young.lock"] {
            try Data().write(to: URL(fileURLWithPath: workers + name))
        }
        for name in ["old.lock", "old-but-held.lock"] {
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -7200)], ofItemAtPath: workers + name)
        }
        let held = try ForeignLock(workers + "old-but-held.lock")
        #expect(try await store.reap(now: start) == 0)
        let left = try FileManager.default.contentsOfDirectory(atPath: workers).sorted()
        #expect(left == ["old-but-held.lock", "young.lock"])
        held.release()
        store.close()
    }
}
