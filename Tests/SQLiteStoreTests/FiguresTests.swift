import FoundationEssentials
import GRDB
import RelayCore
import SQLiteStore
import Testing

@Suite("Figures in the file")
struct FiguresTests {
    private let flow = Flow("viber-1", .inbound)

    @Test("Whoever opens the file tells the same, while others use it and after")
    func shared() async throws {
        let directory = try Directory()
        let first = try open(directory)
        try await first.save(sample(), now: start)
        _ = try first.accept(message("one"))
        let second = try open(directory)
        _ = try second.accept(message("two"))
        for store in [first, second] { #expect(try store.metrics().counters[flow] == [.accepted: 2]) }
        first.close()
        second.close()
        let third = try open(directory)
        #expect(try third.metrics().counters[flow] == [.accepted: 2])
        third.close()
    }

    @Test("Removing old rows takes nothing away from what was counted")
    func retention() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        _ = try store.accept(message("one"))
        for claim in try await store.claim(by: "worker", limit: 1, lease: .seconds(60), now: start) {
            _ = try await store.complete(claim, delivered: PieceOutcome(nil), lease: .seconds(60), now: start)
        }
        store.close()
        try inFile(of: directory) { db in
            try db.execute(sql: "DELETE FROM outbox; DELETE FROM attempts; DELETE FROM dedupe")
        }
        let again = try open(directory)
        let metrics = try again.metrics()
        #expect(metrics.counters[flow] == [.accepted: 1, .delivered: 1])
        #expect(metrics.histograms[.delivery]?[flow]?.count == 1)
        again.close()
    }

    @Test("What another version counted or raised is passed over, and a bucket that is no more goes into the next one")
    func otherVersions() async throws {
        let directory = try Directory()
        try open(directory).close()
        try inFile(of: directory) { db in
            try db.execute(
                sql: """
                    INSERT INTO counters VALUES ('viber-1', 'inbound', 'dreamt', 7), ('viber-1', 'inbound', 'a/b/c', 7),
                        ('viber-1', 'inbound', 'delivery/12345', 3), ('viber-1', 'inbound', 'delivery/sum', 30000);
                    INSERT INTO alarms VALUES ('sky.falling', '', '', '', 0), ('store.pressure', '', 'disk', 'full', 0);
                    """)
        }
        let store = try open(directory)
        let metrics = try store.metrics()
        #expect(metrics.counters.isEmpty)
        let histogram = try #require(metrics.histograms[.delivery]?[flow])
        #expect(histogram.counts.filter { $0.count > 0 }.map(\.bound) == [25_000])
        #expect(histogram.count == 3 && histogram.sum == 30_000)
        #expect(metrics.alarms.map(\.alarm) == [Alarm(.storePressure, subject: "disk")])
        store.close()
    }

    @Test("The sizes of the files are told, and what is free beside them")
    func size() async throws {
        let directory = try Directory()
        let store = try open(directory)
        try await store.save(sample(), now: start)
        let size = try store.metrics().size
        #expect(size.database >= 4096 && size.log > 0)
        let free = try #require(size.free)
        let load = try await store.load(waitingUpTo: 10)
        #expect(free > 0 && load.free != nil && load.waiting == 0)
        store.close()
    }
}
