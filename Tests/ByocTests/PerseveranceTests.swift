import Testing

@testable import byoc

@Suite("Trying until it is done")
struct PerseveranceTests {
    private struct Failure: Error, Equatable {
        var word: String
    }

    @Test("Neither a look nor an attempt that fails ends it, and failures in a row are waited for longer")
    func failures() async {
        var looks: [Result<Bool, Failure>] = [
            .failure(Failure(word: "read")), .success(false), .success(false), .failure(Failure(word: "again")),
            .success(true),
        ]
        var attempts = 0
        var reports: [Failure] = []
        var waits: [Duration] = []
        await Perseverance(
            isDone: { try looks.removeFirst().get() },
            attempt: {
                attempts += 1
                if attempts == 1 { throw Failure(word: "attempt") }
            },
            report: { error in (error as? Failure).map { reports.append($0) } },
            sleep: { waits.append($0) }
        ).run()
        #expect(looks.isEmpty)
        #expect(attempts == 2)
        #expect(reports.map(\.word) == ["read", "attempt", "again"])
        #expect(waits == [.seconds(2), .seconds(4), .seconds(1), .seconds(2)])
    }
}
