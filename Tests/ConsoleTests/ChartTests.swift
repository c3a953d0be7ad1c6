import Testing

@testable import Console

@Suite struct ChartTests {
    private func chart(_ values: [Int64?]) -> BarChart { BarChart(values: values, title: "A <title> & more", id: "x") }

    @Test func `The height is a round number, five at least, that the highest value fits under`() {
        for (highest, ceiling) in [
            (0, 5), (1, 5), (5, 5), (6, 10), (11, 20), (21, 50), (51, 100), (1001, 2000), (2001, 5000),
        ] as [(Int64, Int64)] {
            #expect(chart([highest]).ceiling == ceiling, "\(highest)")
        }
        #expect(chart([]).ceiling == 5 && chart([nil]).ceiling == 5)
        #expect(chart([.max]).ceiling == .max)
    }

    @Test func `Each minute with something in it has a bar, however little, and none rises above the chart`() {
        for (values, heights) in [
            ([], []), ([0, 0, 0], []), ([5], ["64"]), ([1, 1000], ["2", "64"]), ([0, 10, 5], ["64", "32"]),
            ([.max, 1, .max / 2], ["64", "2", "32"]),
        ] as [([Int64?], [String])] {
            #expect(chart(values).bars == heights, "\(values)")
        }
    }

    @Test func `Minutes that nobody noted are marked as such, and are no zeros`() {
        let svg = chart([nil, 0, nil]).svg
        #expect(svg.split(separator: "class=\"unknown\"").count == 3)
        #expect(chart([0, 0]).svg.split(separator: "class=\"unknown\"").count == 1)
    }

    @Test func `It can be read out: a title in words, without markup of its own`() {
        let svg = chart([1]).svg
        #expect(svg.contains("role=\"img\"") && svg.contains("aria-labelledby=\"x-title\""))
        #expect(svg.contains("<title id=\"x-title\">A &lt;title&gt; &amp; more</title>"))
    }

    @Test func `Durations are said in the unit that suits them`() {
        for (seconds, text) in [
            (-1, "0 ms"), (0, "0 ms"), (0.0124, "12 ms"), (0.9996, "1 s"), (1, "1 s"), (3.44, "3.4 s"), (9.96, "10 s"),
            (59, "59 s"), (119.4, "119 s"), (120, "2 min"), (7200, "2 h"), (172_800, "2 d"), (.infinity, "?"),
            (1e300, "11574074 d"),
        ] as [(Double, String)] {
            #expect(words(for: seconds) == text)
        }
    }
}

extension BarChart {
    /// The heights of the bars.
    fileprivate var bars: [String] {
        svg.split(separator: "<rect x=").dropFirst().map { part in
            String(part.split(separator: "height=\"")[1].prefix { $0 != "\"" })
        }
    }
}
