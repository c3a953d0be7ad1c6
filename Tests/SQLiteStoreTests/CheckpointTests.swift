import Foundation
import RelayCore
import SQLiteStore
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    @Test("Beside steady writing the log is moved into the file and begun anew, by one process as by two")
    func steady() async throws {
        let directory = try Directory()
        let stores = [try open(directory), try open(directory)]
        try await stores[0].save(sample(), now: start)
        let log = directory.path + "/byoc.sqlite-wal"
        var longest = 0
        var written = 0
        // A log that nobody moved would have all of it: more than the limit at which the writer does it by himself.
        while written < 160 << 20 {
            for store in stores {
                let text = String(repeating: "x", count: 200_000)
                _ = try store.accept(message("\(written) \(text)"))
                written += text.utf8.count
            }
            longest = max(longest, try size(of: log))
        }
        #expect(longest < 100 << 20)
        for store in stores { store.close() }
        #expect(try size(of: directory.path + "/byoc.sqlite") > 160 << 20)
    }

    private func size(of path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
    }
}
