import RelayCore
import RelayTesting
import SQLiteStore
import Testing

@Suite("Both stores keep the port's promises")
struct StoreConformanceTests {
    @Test("The store in memory", arguments: StoreConformance.checks)
    func memory(check: StoreConformance.Check) async throws {
        try await check.run { MemoryStore(bootClock: $0) }
    }

    @Test("The store in SQLite", arguments: StoreConformance.checks)
    func sqlite(check: StoreConformance.Check) async throws {
        let directory = try Directory()
        try await check.run { clock in try open(directory) { $0.bootClock = clock } }
    }

    @Test("The store in SQLite where WAL can't be used", arguments: StoreConformance.checks)
    func rollbackJournal(check: StoreConformance.Check) async throws {
        let directory = try Directory()
        try await check.run { clock in
            try open(directory) {
                $0.journal = .rollback
                $0.bootClock = clock
            }
        }
    }
}
