import RelayTesting
import Testing

@Suite("The store in memory keeps the port's promises")
struct MemoryStoreTests {
    @Test("Each promise", arguments: StoreConformance.checks)
    func conforms(check: StoreConformance.Check) async throws {
        try await check.run { MemoryStore(bootClock: $0) }
    }
}
