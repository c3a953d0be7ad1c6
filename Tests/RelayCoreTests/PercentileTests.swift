import RelayCore
import Testing

@Suite("Percentiles")
struct PercentileTests {
    private func histogram(_ counts: [(microseconds: Int64, count: Int)]) -> Histogram {
        var histogram = Histogram(.acknowledgement)
        for entry in counts {
            for _ in 0..<entry.count { histogram.record(microseconds: entry.microseconds) }
        }
        return histogram
    }

    @Test("Of nothing there is none")
    func empty() {
        #expect(histogram([]).percentile(0.5) == nil)
    }

    @Test(
        "A bucket with few in it gives its bound, one with enough a place inside it",
        arguments: [(1, .atMost(2500)), (9, .atMost(2500)), (10, .about(1750)), (1000, .about(1750))]
            as [(Int, Percentile)])
    func interpolation(count: Int, expected: Percentile) {
        #expect(histogram([(2000, count)]).percentile(0.5) == expected)
    }

    @Test("The first bucket begins at nothing, and each share falls into the bucket that it reaches")
    func shares() {
        let histogram = histogram([(400, 90), (700, 9), (3000, 1)])
        #expect(histogram.percentile(0.45) == .about(250))
        #expect(histogram.percentile(0.9) == .about(500))
        #expect(histogram.percentile(0.99) == .atMost(1000))
        #expect(histogram.percentile(1) == .atMost(5000))
    }

    @Test("What is longer than all bounds is more than the last of them, and no bound")
    func beyond() {
        #expect(histogram([(60_000_000, 50)]).percentile(0.5) == .moreThan(5_000_000))
    }
}
