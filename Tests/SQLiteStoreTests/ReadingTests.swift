import Foundation
import RelayCore
import SQLiteStore
import Testing

@Suite("Reading")
struct ReadingTests {
    @Test("Tasks that read with and without blocking don't wait for each other for ever", .timeLimit(.minutes(2)))
    func noStarvation() async throws {
        let directory = try Directory()
        let store = try open(directory) { $0.readers = 1 }
        try await store.save(sample(), now: start)
        // More than there are threads for tasks, so that a connection held by a task without one is waited for by all.
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<ProcessInfo.processInfo.activeProcessorCount * 8 {
                group.addTask {
                    var count = 0
                    for _ in 0..<100 {
                        count += try store.directory()[InstallationID("viber-1")] == nil ? 0 : 1
                        count += try await store.installations().count
                    }
                    return count
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts.allSatisfy { $0 == 200 })
        store.close()
    }

    @Test("A closed store refuses to be read, and says so")
    func closed() async throws {
        let directory = try Directory()
        let store = try open(directory)
        store.close()
        await #expect(throws: StoreFailure.self) { try await store.installations() }
    }
}
