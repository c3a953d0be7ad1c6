import RelayCore
import RelayTesting
import SQLiteStore
import Testing

@Suite("Both stores keep the port's promises")
struct StoreConformanceTests {
    @Test("The store in memory", arguments: StoreConformance.checks)
    func memory(check: StoreConformance.Check) async throws {
        try await check.run(on: MemoryStore())
    }

    @Test("The store in SQLite", arguments: StoreConformance.checks)
    func sqlite(check: StoreConformance.Check) async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await check.run(on: store)
        store.close()
    }

    @Test("The store in SQLite where WAL can't be used", arguments: StoreConformance.checks)
    func rollbackJournal(check: StoreConformance.Check) async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.journal = .rollback }
        try await check.run(on: store)
        store.close()
    }
}
